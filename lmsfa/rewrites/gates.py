"""A convolution to a single map reads many channels for one: here it reads them as a 1x1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lmsfa.models.blocks import Ema
from lmsfa.rewrites.convolution import convolution


class TapMaps(nn.Module):
    """A 3x3 to one map: a map for each tap by a 1x1, then the nine maps, shifted, added up."""

    def __init__(self, plain: nn.Conv2d) -> None:
        """Takes a convolution with bias, of one answer, that keeps the size."""
        super().__init__()
        taps = plain.weight[0].flatten(1).T
        self.taps = convolution(taps[:, :, None, None], None)
        shifts = torch.eye(len(taps)).reshape(1, len(taps), *plain.weight.shape[2:])
        self.add_up = convolution(shifts.to(taps), plain.bias, padding=(1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W)."""
        answer: Tensor = self.add_up(self.taps(x))
        return answer


def with_tap_maps(plain: Ema) -> Ema:
    """The attention with its spatial gate read tap by tap."""
    assert isinstance(plain.spatial, nn.Conv2d)
    plain.spatial = TapMaps(plain.spatial)
    return plain
