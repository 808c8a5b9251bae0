"""SMA, spatially-aware multi-scale attention: what the picture passes before the encoder.

The summary of the paper gives the order of the parts: convolution n x n, convolution 1 x 1, unfold
into patches, attention with parallel 1 x 1 and 3 x 3 branches over channel and space, fold,
convolution 1 x 1. It leaves open n, the widths, the side of a patch, and how the branches meet.
Chosen: n = 3; patches of 2 x 2 px, unfolded and folded as MobileViT does it (Mehta and Rastegari
2022, arXiv:2110.02178); branches that weigh each other's channels as in efficient multi-scale
attention (Ouyang et al. 2023, arXiv:2305.13563), but without its norm: behind it a channel's mean
would tell nothing of the picture. The answer is added to the picture and starts at zero: a frozen
encoder sees a picture from the first step on.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.blocks import ConvNorm

UNFOLDED_PX = 2


class MultiScaleAttention(nn.Module):
    """A gate a position, from two branches that each tell which of the other's channels matter."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.point = nn.Conv2d(channels, channels, 1)
        self.wide = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        height, width = x.shape[2:]
        # The 1x1 branch sees whole rows and whole columns, the 3x3 branch the neighbours.
        strips = torch.cat([x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)], 2)
        rows, columns = self.point(strips).sigmoid().split([height, width], 2)
        far, near = x * rows * columns.transpose(2, 3), self.wide(x)
        gate = _weighed(far, by=near) + _weighed(near, by=far)
        return x * gate.sigmoid()


def _weighed(x: Tensor, *, by: Tensor) -> Tensor:
    """(B, C, H, W) each -> (B, 1, H, W): channels of `x`, weighed by their strength in `by`."""
    weights = by.mean((2, 3)).softmax(1)
    weighed: Tensor = weights[:, None] @ x.flatten(2)
    return weighed.reshape(-1, 1, *x.shape[2:])


class SpatialAttention(nn.Module):
    """SMA as the module describes it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            ConvNorm(3, channels, 3, act=nn.Hardswish), ConvNorm(channels, channels)
        )
        self.attention = MultiScaleAttention(channels)
        self.leave = nn.Conv2d(channels, 3, 1)
        for parameter in self.leave.parameters():
            nn.init.zeros_(parameter)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W), normalised, sides multiples of `UNFOLDED_PX` -> (B, 3, H, W)."""
        answer: Tensor = rgb + self.leave(folded(self.attention(unfolded(self.enter(rgb)))))
        return answer


def unfolded(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B x P, C, H / p, W / p).

    Each of the P = p x p positions in a patch becomes a picture of its own: a pixel meets those at
    its place in every other patch, from one end of the picture to the other.
    """
    batch, channels = x.shape[:2]
    apart = functional.pixel_unshuffle(x, UNFOLDED_PX)
    positions = apart.reshape(batch, channels, UNFOLDED_PX**2, *apart.shape[2:])
    return positions.transpose(1, 2).flatten(0, 1)


def folded(x: Tensor) -> Tensor:
    """(B x P, C, H / p, W / p) -> (B, C, H, W)."""
    positions = x.reshape(-1, UNFOLDED_PX**2, *x.shape[1:])
    return functional.pixel_shuffle(positions.transpose(1, 2).flatten(1, 2), UNFOLDED_PX)
