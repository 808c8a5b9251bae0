"""What is done on a nearest-neighbour copy can be done before copying."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.detection import Levels
from lmsfa.models.head import Aggregation
from lmsfa.models.neck import Tfe, upsample
from lmsfa.rewrites.convolution import convolution, meeting

TAPS = (((0, 1), (2, 3), (4,)), ((0,), (1, 2), (3, 4)))
"""At even and at odd places of the doubled grid: which of five taps meet in which of three cells.
"""


class HoistedTfe(nn.Module):
    """`Tfe` whose prior stays on the stride-16 grid, where all that it holds was made.

    The prior is a doubled map: its mean is the small map's, and a 5x5 over it is a 3x3 over the
    small map for each of the four places that a cell becomes.
    """

    def __init__(self, plain: Tfe) -> None:
        """Takes a folded `Tfe`."""
        super().__init__()
        from_16, from_32 = plain.prior.weight.chunk(2, 1)
        self.prior_16 = convolution(from_16, plain.prior.bias)
        self.prior_32 = convolution(from_32, None)
        self.squeeze, self.excite = plain.squeeze, plain.excite
        gate = plain.spatial_5x5
        assert gate.bias is not None
        places = [meeting(gate.weight, rows, columns) for rows in TAPS for columns in TAPS]
        self.spatial = convolution(torch.cat(places), gate.bias.expand(4), padding=(1, 1))

    def forward(self, levels: Levels) -> Tensor:
        """As `Tfe`."""
        h3, h4, h5 = levels
        prior = self.prior_16(h4) + upsample(self.prior_32(h5), 2)
        z = prior.mean((2, 3), keepdim=True)
        channel_gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(z))))
        spatial_gate = functional.pixel_shuffle(torch.sigmoid(self.spatial(prior)), 2)
        return h3 * channel_gate * spatial_gate + h3


class HoistedAggregation(nn.Module):
    """`Aggregation` with each 1x1 on the grid that its input comes from.

    Two 1x1 in a row are one: what a deeper level gives to context and gate is one product of
    kernels each.
    """

    def __init__(self, plain: Aggregation) -> None:
        """Takes the plain one, which has nothing to fold."""
        super().__init__()
        from_16, from_32 = plain.context.weight.chunk(2, 1)
        fine, middle, deep = plain.gate.weight.chunk(3, 1)
        self.gate_8 = convolution(fine, plain.gate.bias)
        self.gate_16 = _behind(plain.from_16, middle, None)
        self.gate_32 = _behind(plain.from_32, deep, None)
        self.context_16 = _behind(plain.from_16, from_16, plain.context.bias)
        self.context_32 = _behind(plain.from_32, from_32, None)

    def forward(self, phi: Levels) -> Tensor:
        """As `Aggregation`."""
        fine, middle, deep = phi
        context = upsample(self.context_16(middle) + upsample(self.context_32(deep), 2), 2)
        coarse_gate = upsample(self.gate_16(middle) + upsample(self.gate_32(deep), 2), 2)
        gate = torch.sigmoid(self.gate_8(fine) + coarse_gate)
        return context + gate * (fine - context)


def _behind(first: nn.Conv2d, kernel: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """One 1x1 that answers what `first`, and behind it a 1x1 of these weights, answer."""
    assert first.bias is not None
    matrix = kernel[:, :, 0, 0]
    joined_bias = matrix @ first.bias + (0 if bias is None else bias)
    return convolution((matrix @ first.weight[:, :, 0, 0])[:, :, None, None], joined_bias)
