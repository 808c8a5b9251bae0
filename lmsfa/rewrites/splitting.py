"""One convolution whose answer is split at once is two that write where they are read."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lmsfa.models.blocks import C2fPro
from lmsfa.rewrites.convolution import convolution


class SplitC2fPro(nn.Module):
    """`C2fPro` whose first 1x1 is one for the shortcut and one for the units."""

    def __init__(self, plain: C2fPro) -> None:
        """Takes a folded one."""
        super().__init__()
        kernels, bias = plain.enter.conv.weight.chunk(2), plain.enter.conv.bias
        assert bias is not None
        halves = zip(kernels, bias.chunk(2), strict=True)
        self.shortcut, self.transformed = (convolution(*half) for half in halves)
        self.act, self.units, self.leave = plain.enter.act, plain.units, plain.leave

    def forward(self, x: Tensor) -> Tensor:
        """As `C2fPro`."""
        answers, transformed = [self.act(self.shortcut(x))], self.act(self.transformed(x))
        for unit in self.units:
            transformed = unit(transformed)
            answers.append(transformed)
        answer: Tensor = self.leave(torch.cat(answers, 1))
        return answer
