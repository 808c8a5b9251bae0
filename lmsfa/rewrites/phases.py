"""A 3x3 behind a nearest-neighbour doubling reads every cell up to four times: here once."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.head import Prototypes
from lmsfa.rewrites.convolution import convolution, meeting

TAPS = (((0,), (1, 2)), ((0, 1), (2,)))
"""At even and at odd places of the doubled grid: which of the three taps meet in the first, and
which in the second of the two cells that they read."""


class PhasePrototypes(nn.Module):
    """`Prototypes` with the fine 3x3 as four 2x2 on the grid before doubling: 16 taps for 36.

    The 1x1 behind runs on each of the four too, so that interleaving moves prototypes alone.
    """

    def __init__(self, plain: Prototypes) -> None:
        """Takes folded prototypes."""
        super().__init__()
        self.coarse, self.act = plain.coarse, plain.fine.act
        kernel, bias = plain.fine.conv.weight, plain.fine.conv.bias
        places = [(rows, columns) for rows in TAPS for columns in TAPS]
        self.fine = nn.ModuleList(convolution(meeting(kernel, *place), bias) for place in places)
        # One a place: OpenVINO fuses no constants that several nodes share.
        self.leave = nn.ModuleList(
            convolution(plain.leave.weight, plain.leave.bias) for _ in places
        )

    def forward(self, feature: Tensor) -> Tensor:
        """(B, C_h, H / 8, W / 8) -> (B, prototypes, H / 4, W / 4)."""
        coarse = self.coarse(feature)
        rows = torch.stack([self._row(coarse, below) for below in (0, 1)], 2)
        # (B, H / 8, 2, W / 4, prototypes): rows in turn.
        return rows.flatten(1, 2).permute(0, 3, 1, 2)

    def _row(self, coarse: Tensor, below: int) -> Tensor:
        """Every second row of the answer, (B, H / 8, W / 4, prototypes)."""
        places = [self._place(coarse, below, right) for right in (0, 1)]
        # With channels last, two places of channels one behind the other stand side by side.
        joined = torch.cat(places, 1).permute(0, 2, 3, 1)
        batch, height, width, channels = joined.shape
        return joined.reshape(batch, height, 2 * width, channels // 2)

    def _place(self, coarse: Tensor, below: int, right: int) -> Tensor:
        # A place reads its cell, and the one before or behind it.
        padded = functional.pad(coarse, (1 - right, right, 1 - below, below))
        place = 2 * below + right
        answer: Tensor = self.leave[place](self.act(self.fine[place](padded)))
        return answer
