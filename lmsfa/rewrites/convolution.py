"""Convolutions of given weights, and kernels whose taps meet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Taps = Sequence[Sequence[int]]
"""By cell that is read, the taps that read it."""


def convolution(
    kernel: Tensor, bias: Tensor | None, *, padding: tuple[int, int] = (0, 0)
) -> nn.Conv2d:
    """A convolution of stride 1 that holds a copy of these weights.

    Args:
        kernel: (out, in, height, width).
        bias: (out,), or None for none.
        padding: zeros above and below, and at the sides.
    """
    out_channels, in_channels, height, width = kernel.shape
    made = nn.Conv2d(
        in_channels, out_channels, (height, width), padding=padding, bias=bias is not None
    ).to(kernel)
    with torch.no_grad():
        made.weight.copy_(kernel)
        if made.bias is not None and bias is not None:
            made.bias.copy_(bias)
    return made


def meeting(kernel: Tensor, rows: Taps, columns: Taps) -> Tensor:
    """Adds up taps that read the same cell of the grid before a nearest-neighbour doubling.

    Args:
        kernel: (out, in, taps, taps).
        rows: from the upper cell to the lower.
        columns: from the left cell to the right.

    Returns:
        (out, in, cells down, cells to the right).
    """
    return torch.stack(
        [
            torch.stack(
                [kernel[:, :, list(down)][..., list(right)].sum((2, 3)) for right in columns], 2
            )
            for down in rows
        ],
        2,
    )
