"""The control: the parts of YOLOv8n-seg, as papers describe them, under our training and decoding.

The paper's baseline (Tables III and V, first row). Sources: C2f and decoupled head as in the YOLOv8
surveys (Terven et al. 2023, arXiv:2304.00501), cross-stage bottlenecks (CSPNet, arXiv:1911.11929),
the two-way pyramid (PANet, arXiv:1803.01534), distance distributions (arXiv:2006.04388) and
prototypes (YOLACT, arXiv:1904.02689).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from lmsfa.models.blocks import ConvNorm, Sppf
from lmsfa.models.detection import (
    BOX_BINS,
    HeadLogits,
    InstanceNetwork,
    Levels,
    cell_centres,
    rows_of_cells,
    start_unsure,
)
from lmsfa.models.neck import upsample


@dataclass(frozen=True, slots=True)
class YoloBaselineConfig:
    """The shape; the defaults are width 0.25 and depth 0.33: 3.26 M parameters, 11.34 GFLOPs.

    Attributes:
        classes: structures to tell apart.
        widths: channels of the stem and of the four stages, strides 2 to 32.
        depths: bottlenecks in the C2f of each stage.
        prototype_hidden: width of the prototype branch.
        prototypes: mask prototypes.
    """

    classes: int = 4
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 2, 2, 1)
    prototype_hidden: int = 64
    prototypes: int = 32


class Bottleneck(nn.Module):
    """Two 3x3 convolutions, with a residual where asked."""

    def __init__(self, channels: int, *, residual: bool) -> None:
        super().__init__()
        self.convs = nn.Sequential(ConvNorm(channels, channels, 3), ConvNorm(channels, channels, 3))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        answer: Tensor = self.convs(x)
        return x + answer if self.residual else answer


class C2f(nn.Module):
    """1x1, split, bottlenecks in sequence on one half, everything joined by a 1x1."""

    def __init__(self, in_channels: int, out_channels: int, depth: int, *, residual: bool) -> None:
        super().__init__()
        hidden = out_channels // 2
        self.enter = ConvNorm(in_channels, 2 * hidden)
        self.units = nn.ModuleList(Bottleneck(hidden, residual=residual) for _ in range(depth))
        self.leave = ConvNorm((2 + depth) * hidden, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        answers = list(self.enter(x).chunk(2, 1))
        for unit in self.units:
            answers.append(unit(answers[-1]))
        answer: Tensor = self.leave(torch.cat(answers, 1))
        return answer


class CspBackbone(nn.Module):
    """Stem and four stages of stride-2 convolution and C2f, SPPF behind the last."""

    def __init__(self, config: YoloBaselineConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stem = ConvNorm(3, widths[0], 3, 2)
        self.downs = nn.ModuleList(ConvNorm(a, b, 3, 2) for a, b in pairwise(widths))
        self.stages = nn.ModuleList(
            C2f(width, width, depth, residual=True)
            for width, depth in zip(widths[1:], config.depths, strict=True)
        )
        self.pool = Sppf(widths[4], widths[4] // 2)

    def forward(self, rgb: Tensor) -> Levels:
        """(B, 3, H, W) in 0..1 -> levels of the last three widths."""
        x = self.stem(rgb)
        maps = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = stage(down(x))
            maps.append(x)
        return maps[1], maps[2], self.pool(maps[3])


class TwoWayNeck(nn.Module):
    """Path aggregation: down from the deepest level to stride 8, and up again."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, deep = widths
        self.down_16 = C2f(deep + middle, middle, 1, residual=False)
        self.down_8 = C2f(middle + fine, fine, 1, residual=False)
        self.shrink_8 = ConvNorm(fine, fine, 3, 2)
        self.up_16 = C2f(fine + middle, middle, 1, residual=False)
        self.shrink_16 = ConvNorm(middle, middle, 3, 2)
        self.up_32 = C2f(middle + deep, deep, 1, residual=False)

    def forward(self, levels: Levels) -> Levels:
        """Levels -> levels of the same shapes."""
        f3, f4, f5 = levels
        d4 = self.down_16(torch.cat([upsample(f5, 2), f4], 1))
        h3 = self.down_8(torch.cat([upsample(d4, 2), f3], 1))
        h4 = self.up_16(torch.cat([self.shrink_8(h3), d4], 1))
        return h3, h4, self.up_32(torch.cat([self.shrink_16(h4), f5], 1))


class Branch(nn.Sequential):
    """Two 3x3 convolutions and a 1x1 predictor: (B, in, H, W) -> (B, out, H, W)."""

    def __init__(self, in_channels: int, hidden: int, out_channels: int) -> None:
        super().__init__(
            ConvNorm(in_channels, hidden, 3),
            ConvNorm(hidden, hidden, 3),
            nn.Conv2d(hidden, out_channels, 1),
        )


class DecoupledHead(nn.Module):
    """Boxes, classes and mask coefficients by branches of their own at every level."""

    def __init__(self, config: YoloBaselineConfig) -> None:
        super().__init__()
        levels = config.widths[2:]
        fine = levels[0]
        class_hidden = max(fine, min(config.classes, 100))
        coefficient_hidden = max(fine // 4, config.prototypes)
        self.boxes = nn.ModuleList(
            Branch(width, max(16, fine // 4, 4 * BOX_BINS), 4 * BOX_BINS) for width in levels
        )
        self.classes = nn.ModuleList(
            Branch(width, class_hidden, config.classes) for width in levels
        )
        self.coefficients = nn.ModuleList(
            Branch(width, coefficient_hidden, config.prototypes) for width in levels
        )
        hidden = config.prototype_hidden
        self.prototypes = nn.Sequential(
            ConvNorm(fine, hidden, 3),
            nn.ConvTranspose2d(hidden, hidden, 2, 2),
            ConvNorm(hidden, hidden, 3),
            ConvNorm(hidden, config.prototypes),
        )
        for box, class_ in zip(self.boxes, self.classes, strict=True):
            start_unsure(box[2], class_[2])  # type: ignore[index]  # a Branch is a Sequential

    def forward(self, levels: Levels) -> HeadLogits:
        """Levels -> raw answers."""
        boxes = [branch(x).flatten(2) for branch, x in zip(self.boxes, levels, strict=True)]
        classes, coefficients = (
            torch.cat([rows_of_cells(branch(x)) for branch, x in zip(kind, levels, strict=True)], 1)
            for kind in (self.classes, self.coefficients)
        )
        points, strides = cell_centres(levels)
        return HeadLogits(
            torch.cat(boxes, 2),
            classes,
            coefficients,
            self.prototypes(levels[0]),
            points,
            strides,
        )


class YoloBaseline(InstanceNetwork):
    """The whole control; it has no layers for training alone."""

    def __init__(self, config: YoloBaselineConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, deep = config.widths[2:]
        self.backbone = CspBackbone(config)
        self.neck = TwoWayNeck((fine, middle, deep))
        self.head = DecoupledHead(config)

    def head_logits(self, rgb: Tensor) -> HeadLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        logits: HeadLogits = self.head(self.neck(self.backbone(rgb)))
        return logits
