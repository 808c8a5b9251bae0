"""The LMSF-A head (Section III-D): shared weights read every level, prototypes give masks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.blocks import Activation, ConvNorm, SharedConvNorm
from lmsfa.models.detection import (
    BOX_BINS,
    STRIDES,
    HeadLogits,
    Levels,
    cell_centres,
    rows_of_cells,
    start_unsure,
)
from lmsfa.models.neck import upsample


class SharedBlock(nn.Module):
    """Depthwise-separable block with residual [18], the same weights at every level."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels)
        self.pointwise = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_h, H, W) -> (B, C_h, H, W)."""
        answer: Tensor = x + self.pointwise(torch.relu(self.depthwise(x)))
        return answer


class SharedTower(nn.ModuleList):
    """The two shared 3x3 that only the predictors read."""

    def __init__(self, in_channels: int, channels: int, *, act: Activation) -> None:
        widths = (in_channels, channels)
        super().__init__(SharedConvNorm(width, channels, len(STRIDES), act=act) for width in widths)

    def forward(self, phi: Tensor, level: int) -> Tensor:
        """(B, C_h, H, W) of a level, counted from 0 -> (B, shared, H, W)."""
        first, second = self
        answer: Tensor = second(first(phi, level), level)
        return answer


class Aggregation(nn.Module):
    """Gathers the levels on the stride-8 grid under an attention gate [19, 20].

    Our reading: the gate A is one map for all channels; the paper does not give its width.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.from_16 = nn.Conv2d(channels, channels, 1)
        self.from_32 = nn.Conv2d(channels, channels, 1)
        self.gate = nn.Conv2d(3 * channels, 1, 1)
        self.context = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, phi: Levels) -> Tensor:
        """Levels of C_h channels -> G, (B, C_h, H / 8, W / 8)."""
        u3 = phi[0]
        u4 = upsample(self.from_16(phi[1]), 2)
        u5 = upsample(self.from_32(phi[2]), 4)
        gate = torch.sigmoid(self.gate(torch.cat([u3, u4, u5], 1)))
        answer: Tensor = gate * u3 + (1 - gate) * self.context(torch.cat([u4, u5], 1))
        return answer


class Prototypes(nn.Module):
    """Mask prototypes at stride 4 from G: dense 3x3, nearest x2, dense 3x3, 1x1.

    Our reading: the paper speaks of a "prototype-coefficient scheme" without its layers. Depthwise
    prototypes learned worse masks (docs/experiments.md).
    """

    def __init__(self, channels: int, hidden: int, prototypes: int, *, act: Activation) -> None:
        super().__init__()
        self.coarse = ConvNorm(channels, hidden, 3, act=act)
        self.fine = ConvNorm(hidden, hidden, 3, act=act)
        self.leave = nn.Conv2d(hidden, prototypes, 1)

    def forward(self, feature: Tensor) -> Tensor:
        """(B, C_h, H / 8, W / 8) -> (B, prototypes, H / 4, W / 4)."""
        answer: Tensor = self.leave(self.fine(upsample(self.coarse(feature), 2)))
        return answer


class Lmsh(nn.Module):
    """Lightweight shared-convolution head [17-20]: two shared 3x3, then the shared predictors.

    Our readings: each 3x3 is followed by the activation and, where the paper has GroupNorm, by a
    `Norm` a level, because boxes learn badly with GroupNorm here (docs/experiments.md); boxes are
    distributions over `BOX_BINS` distances with one learnable scale a level.
    """

    def __init__(
        self,
        *,
        neck_channels: int,
        channels: int,
        blocks: int,
        shared_channels: int,
        prototype_channels: int,
        prototypes: int,
        coefficients: int,
        classes: int,
        act: Activation,
    ) -> None:
        super().__init__()
        self.align = nn.Conv2d(neck_channels, channels, 1)
        self.blocks = nn.Sequential(*(SharedBlock(channels) for _ in range(blocks)))
        self.shared: nn.Module = SharedTower(channels, shared_channels, act=act)
        self.boxes = nn.Conv2d(shared_channels, 4 * BOX_BINS, 1)
        self.classes = nn.Conv2d(shared_channels, classes, 1)
        self.coefficients = nn.Conv2d(shared_channels, coefficients, 1)
        self.box_scale = nn.Parameter(torch.ones(len(STRIDES)))
        self.aggregation = Aggregation(channels)
        self.prototypes = Prototypes(channels, prototype_channels, prototypes, act=act)
        start_unsure(self.boxes, self.classes)

    def forward(self, levels: Levels) -> tuple[HeadLogits, Tensor]:
        """Levels of C_f channels -> raw answers, and G [20], (B, C_h, H / 8, W / 8)."""
        phi3, phi4, phi5 = (self.blocks(self.align(x)) for x in levels)
        boxes, classes, coefficients = [], [], []
        for level, phi in enumerate((phi3, phi4, phi5)):
            shared = self.shared(phi, level)
            boxes.append((self.boxes(shared) * self.box_scale[level]).flatten(2))
            classes.append(rows_of_cells(self.classes(shared)))
            coefficients.append(rows_of_cells(self.coefficients(shared)))
        feature = self.aggregation((phi3, phi4, phi5))
        points, strides = cell_centres((phi3, phi4, phi5))
        logits = HeadLogits(
            torch.cat(boxes, 2),
            torch.cat(classes, 1),
            torch.cat(coefficients, 1),
            self.prototypes(feature),
            points,
            strides,
        )
        return logits, feature


def sobel(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H, W): Sobel magnitude of every channel, edges repeated."""
    across = x.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    channels = x.shape[1]
    kernels = torch.stack([across, across.T])[:, None].repeat(channels, 1, 1, 1)
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    gradient = functional.conv2d(padded, kernels, groups=channels)
    dx, dy = gradient[:, 0::2], gradient[:, 1::2]
    # The small term keeps the root's slope finite where the picture is flat.
    return torch.sqrt(dx * dx + dy * dy + 1e-8)
