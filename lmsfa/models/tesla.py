"""TESLA: one encoder for several tasks, a low-rank adapter of its own for each of them.

h = (W' + sum_i alpha_i B_i A_i) x, for the queries and values of every block. Our reading: alpha_i
is one for the task that asks and zero for the others, so that a task's loss never reaches another
task's adapter, and a frame passes the encoder once a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from lmsfa.models.dinov2 import Attention, Dinov2, TaskProjections

SEGMENTATION = "segmentation"
ACTIVITY = "activity"
TASKS = (SEGMENTATION, ACTIVITY)


@dataclass(frozen=True, slots=True)
class TaskTokens:
    """What the encoder answers each task.

    Attributes:
        patches: for segmentation, (B, N, C), a token a patch, row by row.
        picture: for the activity, (B, C), the class token.
    """

    patches: Tensor
    picture: Tensor


class LowRank(nn.Module):
    """W' x + B A x: A starts at random, B at zero, so that training starts at W' (Hu et al. 2021).

    W' is lent: it stays the encoder's.
    """

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, rank, bias=False)
        self.up = nn.Linear(rank, width, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor, shared: nn.Module) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        answer: Tensor = shared(x) + self.up(self.down(x))
        return answer

    def merged(self, shared: nn.Linear) -> Merged:
        """One linear layer that answers the same."""
        whole = nn.Linear(shared.in_features, shared.out_features).to(shared.weight)
        with torch.no_grad():
            whole.weight.copy_(shared.weight + self.up.weight @ self.down.weight)
            whole.bias.copy_(shared.bias)
        return Merged(whole)


class Merged(nn.Module):
    """W' + B A as one layer, for inference."""

    def __init__(self, whole: nn.Linear) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, x: Tensor, _shared: nn.Module) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        answer: Tensor = self.whole(x)
        return answer


class Adapter(nn.Module):
    """A task's share of one block: its queries and values. A `TaskProjections`."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.query: LowRank | Merged = LowRank(width, rank)
        self.value: LowRank | Merged = LowRank(width, rank)

    def merge(self, attention: Attention) -> None:
        """Takes the encoder's projections in; the encoder is left as it is."""
        if isinstance(self.query, LowRank) and isinstance(self.value, LowRank):
            self.query = self.query.merged(cast(nn.Linear, attention.query))
            self.value = self.value.merged(cast(nn.Linear, attention.value))


class Tesla(nn.Module):
    """An encoder with an adapter a task and block."""

    def __init__(self, encoder: Dinov2, rank: int) -> None:
        super().__init__()
        self.encoder = encoder
        config = encoder.config
        self.adapters = nn.ModuleDict(
            {
                task: nn.ModuleList(Adapter(config.width, rank) for _ in range(config.layers))
                for task in TASKS
            }
        )

    def forward(self, rgb: Tensor) -> TaskTokens:
        """(B, 3, H, W), normalised -> each task's tokens. Patches are embedded once for both."""
        embedded = self.encoder.embed(rgb)
        patches = self.encoder.encode(embedded, self._projections(SEGMENTATION))[:, 1:]
        picture = self.encoder.encode(embedded, self._projections(ACTIVITY), asking=1)[:, 0]
        return TaskTokens(patches, picture)

    def fuse(self) -> None:
        """Merges adapters and encoder: each task keeps whole projections, the encoder none."""
        for task in TASKS:
            for adapter, block in zip(self._adapters(task), self.encoder.blocks, strict=True):
                adapter.merge(cast(Attention, block.attention))
        for block in self.encoder.blocks:
            attention = cast(Attention, block.attention)
            attention.query, attention.value = nn.Identity(), nn.Identity()

    def _adapters(self, task: str) -> list[Adapter]:
        return list(cast("nn.ModuleList", self.adapters[task]))  # type: ignore[arg-type]

    def _projections(self, task: str) -> list[TaskProjections]:
        return list(self._adapters(task))
