"""Row-wise Winograd F(4, 3) for the head's two shared 3x3: half the multiplications.

Lavin and Gray, "Fast algorithms for convolutional neural networks" (arXiv:1509.09308), in one
dimension: four rows of the answer from six rows of the input by six products instead of twelve.
Columns stay as they are, so that every product is a 1x3 convolution of whole rows. The four rows of
a group stay apart from the first convolution to the second.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.blocks import SharedConvNorm
from lmsfa.models.head import SharedTower
from lmsfa.rewrites.convolution import convolution

GROUP = 4
"""Rows of the answer that are made together."""
LEVELS = 2
"""Strides 8 and 16; at 32 the maps are too small to gain."""
KERNEL_TRANSFORM = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
"""G of F(4, 3) for the points 0, 1, -1, 2, -2 and infinity."""

Rows = list[Tensor]
"""Every fourth row, or six such: (B, C, H / 4, W) each."""


class RowWinograd(nn.Module):
    """One 3x3 with bias and activation: from six rows of every group to its four."""

    def __init__(self, kernel: Tensor, bias: Tensor, act: nn.Module) -> None:
        super().__init__()
        kernels = torch.einsum("pk,oikw->poiw", kernel.new_tensor(KERNEL_TRANSFORM), kernel)
        self.products = nn.ModuleList(
            convolution(part[:, :, None], None, padding=(0, 1)) for part in kernels
        )
        self.act = act
        self.bias = nn.Parameter(bias.detach()[:, None, None].clone())

    def forward(self, rows: Rows) -> Rows:
        """Six rows of `in` channels, the first before the group, -> the four of the group."""
        r0, r1, r2, r3, r4, r5 = rows
        even, odd = r4 - 4 * r2, r3 - 4 * r1
        near, far = r4 - r2, 2 * (r3 - r1)
        transformed = (
            4 * r0 - 5 * r2 + r4,
            even + odd,
            even - odd,
            near + far,
            near - far,
            4 * r1 - 5 * r3 + r5,
        )
        m0, m1, m2, m3, m4, m5 = (
            product(x) for product, x in zip(self.products, transformed, strict=True)
        )
        sum_1, difference_1 = m1 + m2, m1 - m2
        sum_2, difference_2 = m3 + m4, m3 - m4
        answers = (
            m0 + sum_1 + sum_2,
            difference_1 + 2 * difference_2,
            sum_1 + 4 * sum_2,
            difference_1 + 8 * difference_2 + m5,
        )
        return [self.act(answer + self.bias) for answer in answers]


class WinogradTower(nn.Module):
    """A folded `SharedTower`, row-wise on the finest levels where rows come in fours."""

    def __init__(self, plain: SharedTower) -> None:
        """Takes a folded tower."""
        super().__init__()
        self.plain = plain
        first, second = (conv for conv in plain if isinstance(conv, SharedConvNorm))
        self.first = nn.ModuleList(
            RowWinograd(*first.folded(level), first.act) for level in range(LEVELS)
        )
        self.second = nn.ModuleList(
            RowWinograd(*second.folded(level), second.act) for level in range(LEVELS)
        )

    def forward(self, phi: Tensor, level: int) -> Tensor:
        """(B, C_h, H, W) of a level, counted from 0 -> (B, shared, H, W)."""
        if level >= LEVELS or phi.shape[2] % GROUP:
            answer: Tensor = self.plain(phi, level)
            return answer
        padded = functional.pad(phi, (0, 0, 1, 1))
        last = phi.shape[2] - GROUP
        inner = self.first[level](
            [padded[:, :, row : row + last + 1 : GROUP] for row in range(GROUP + 2)]
        )
        before = functional.pad(inner[-1], (0, 0, 1, 0))[:, :, :-1]
        behind = functional.pad(inner[0], (0, 0, 0, 1))[:, :, 1:]
        # Channels last, as convolutions on the processor have them: whole rows are moved.
        outer = [row.permute(0, 2, 3, 1) for row in self.second[level]([before, *inner, behind])]
        return torch.stack(outer, 2).flatten(1, 2).permute(0, 3, 1, 2)
