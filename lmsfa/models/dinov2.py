"""DINOv2's vision transformer (Oquab et al. 2023, arXiv:2304.07193), without registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.errors import InputError

PATCH_PX = 14
HEAD_WIDTH = 64
"""Channels a head, in every published size."""
MLP_RATIO = 4
NORM_EPSILON = 1e-6
LAYER_SCALE = 0.1
"""Where training from nothing starts each residual branch: right below 18 layers (Touvron et al.
2021, arXiv:2103.17239). A file brings its own."""


@dataclass(frozen=True, slots=True)
class Dinov2Config:
    """The shape of a transformer.

    Attributes:
        width: channels of a token.
        layers: transformer blocks.
        heads: of the attention; `width` is a multiple of it.
        grid: side, in patches, of the square of learned positions. Other grids interpolate it.
    """

    width: int
    layers: int
    heads: int
    grid: int = 37

    def __post_init__(self) -> None:
        """Checks that heads share the width evenly."""
        if self.width % self.heads:
            raise InputError(
                f"a transformer's width must be a multiple of its {self.heads} heads, "
                f"got {self.width}"
            )


class TaskProjections(Protocol):
    """What a task puts in the place of a block's projections of queries and values."""

    def query(self, x: Tensor, shared: nn.Module) -> Tensor:
        """(B, N, C) -> (B, N, C); `shared` is the encoder's own projection."""

    def value(self, x: Tensor, shared: nn.Module) -> Tensor:
        """As `query`."""


class Attention(nn.Module):
    """Multi-head attention; queries, keys and values are projected apart."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query: nn.Module = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value: nn.Module = nn.Linear(width, width)
        self.leave = nn.Linear(width, width)

    def forward(self, asking: Tensor, tokens: Tensor, task: TaskProjections | None) -> Tensor:
        """(B, M, C) that ask and (B, N, C) that are asked -> (B, M, C)."""
        if task is None:
            query, value = self.query(asking), self.value(tokens)
        else:
            query, value = task.query(asking, self.query), task.value(tokens, self.value)
        mixed = functional.scaled_dot_product_attention(
            self._by_head(query), self._by_head(self.key(tokens)), self._by_head(value)
        )
        answer: Tensor = self.leave(mixed.transpose(1, 2).flatten(2))
        return answer

    def _by_head(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, heads, N, C / heads)."""
        batch, count, width = x.shape
        return x.reshape(batch, count, self.heads, width // self.heads).transpose(1, 2)


class Mlp(nn.Module):
    """Two linear layers with GELU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(width, MLP_RATIO * width)
        self.leave = nn.Linear(MLP_RATIO * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        answer: Tensor = self.leave(functional.gelu(self.enter(x)))
        return answer


class Block(nn.Module):
    """Attention and MLP, each behind a norm, scaled a channel and added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width, NORM_EPSILON)
        self.attention = Attention(width, heads)
        self.scale_1 = nn.Parameter(torch.full((width,), LAYER_SCALE))
        self.norm_2 = nn.LayerNorm(width, NORM_EPSILON)
        self.mlp = Mlp(width)
        self.scale_2 = nn.Parameter(torch.full((width,), LAYER_SCALE))

    def forward(self, x: Tensor, task: TaskProjections | None, asking: int | None = None) -> Tensor:
        """(B, N, C) -> (B, N, C), or only the first `asking` tokens of it."""
        normed = self.norm_1(x)
        x = x[:, :asking] + self.attention(normed[:, :asking], normed, task) * self.scale_1
        answer: Tensor = x + self.mlp(self.norm_2(x)) * self.scale_2
        return answer


class Dinov2(nn.Module):
    """The transformer, from a picture to tokens: the class token first, then a token a patch."""

    def __init__(self, config: Dinov2Config) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.patch = nn.Conv2d(3, width, PATCH_PX, PATCH_PX)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + config.grid**2, width))
        self.blocks = nn.ModuleList(Block(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width, NORM_EPSILON)
        self._start()

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W), normalised -> (B, 1 + H / 14 x W / 14, C)."""
        return self.encode(self.embed(rgb))

    def embed(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W), normalised -> tokens with their positions, (B, 1 + H / 14 x W / 14, C)."""
        patches = self.patch(rgb)
        class_token = self.class_token.expand(len(rgb), -1, -1)
        tokens = torch.cat([class_token, patches.flatten(2).transpose(1, 2)], 1)
        return tokens + self._positions_on(patches.shape[2], patches.shape[3])

    def encode(
        self,
        embedded: Tensor,
        tasks: Sequence[TaskProjections] | None = None,
        asking: int | None = None,
    ) -> Tensor:
        """Passes embedded tokens through all blocks and the last norm.

        Args:
            embedded: (B, N, C) of `embed`.
            tasks: a task's projections, one a block; the encoder's own unless given.
            asking: how many tokens, from the first on, are answered; all unless given. The last
                block then computes no others.

        Returns:
            (B, N or `asking`, C).
        """
        x = embedded
        last = len(self.blocks) - 1
        for number, block in enumerate(self.blocks):
            task = tasks[number] if tasks is not None else None
            x = block(x, task, asking if number == last else None)
        answer: Tensor = self.norm(x)
        return answer

    def _positions_on(self, rows: int, columns: int) -> Tensor:
        """(1, 1 + rows x columns, C), bicubic where the grid is not the learned one."""
        side = self.config.grid
        if (rows, columns) == (side, side):
            return self.positions
        square = self.positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        # Half precision would move positions by more than neighbours differ.
        resized = functional.interpolate(square.float(), (rows, columns), mode="bicubic")
        grid = resized.flatten(2).transpose(1, 2).to(square.dtype)
        return torch.cat([self.positions[:, :1], grid], 1)

    def _start(self) -> None:
        """Random weights as vision transformers start (Dosovitskiy et al. 2021)."""
        for tensor in (self.positions, self.class_token):
            nn.init.trunc_normal_(tensor, std=0.02)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.trunc_normal_(part.weight, std=0.02)
                nn.init.zeros_(part.bias)
