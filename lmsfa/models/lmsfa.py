"""LMSF-A (arXiv:2512.21984): backbone, neck and head joined, as in the paper's Figure 1."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from lmsfa.models.blocks import C2fPro, ConvNorm, Sppf
from lmsfa.models.head import HeadLogits, Lmsh, decode_boxes, sobel
from lmsfa.models.neck import Levels, Ssff, Tfe, upsample

INPUT_MULTIPLE_PX = 32


@dataclass(frozen=True, slots=True)
class LmsfaConfig:
    """The shape of the network; the defaults are the model of 1.8 M parameters and 8.8 GFLOPs.

    Attributes:
        classes: structures to tell apart.
        widths: channels of the stem and of the four stages, strides 2 to 32.
        hidden: width of the C2f-Pro units in each stage.
        units: RVB-EMA units in each C2f-Pro [7].
        expansion: of the channel mixers in the RVB blocks.
        pyramid_pooling: hidden width of SPPF.
        neck: C_f, channels of the aligned levels [3].
        mixer: width of SSFF's scale mixer [11].
        head: C_h, channels in the head [17].
        blocks: B, shared depthwise-separable blocks [18].
        shared: width of the two shared 3x3 convolutions before the predictors.
        prototype_hidden: width of the prototype branch.
        prototypes: mask prototypes.
    """

    classes: int = 4
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    hidden: tuple[int, ...] = (16, 32, 64, 160)
    units: int = 3
    expansion: float = 2.0
    pyramid_pooling: int = 128
    neck: int = 64
    mixer: int = 128
    head: int = 64
    blocks: int = 1
    shared: int = 104
    prototype_hidden: int = 64
    prototypes: int = 32


@dataclass(frozen=True, slots=True)
class TrainingLogits:
    """Raw answers with those of the layers that only training has.

    Attributes:
        head: the head's logits.
        semantic: L4 [21], (B, classes, H / 4, W / 4) logits.
        edge: E [22], (B, 1, H / 8, W / 8) logits.
        edge_feature: 1x1 projection of the refined stride-8 level [16], (B, 1, H / 8, W / 8).
    """

    head: HeadLogits
    semantic: Tensor
    edge: Tensor
    edge_feature: Tensor


class Backbone(nn.Module):
    """LMFE [1-3]: stem, four stages of stride-2 convolution and C2f-Pro, SPPF, alignment.

    EMA stands at strides 16 and 32 only, as in the paper. Our readings: dense stride-2
    convolutions, SiLU throughout, and in the alignment [3] `Norm` and SiLU for GroupNorm and ReLU.
    """

    def __init__(self, config: LmsfaConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stem = ConvNorm(3, widths[0], 3, 2)
        self.downs = nn.ModuleList(
            ConvNorm(narrow, wide, 3, 2) for narrow, wide in pairwise(widths)
        )
        self.stages = nn.ModuleList(
            C2fPro(width, hidden, config.units, config.expansion, attention=stage >= 2)
            for stage, (width, hidden) in enumerate(zip(widths[1:], config.hidden, strict=True))
        )
        self.pool = Sppf(widths[4], config.pyramid_pooling)
        self.align = nn.ModuleList(ConvNorm(width, config.neck) for width in widths[2:])

    def forward(self, rgb: Tensor) -> Levels:
        """(B, 3, H, W) in 0..1 -> levels of C_f channels at strides 8, 16, 32."""
        x = self.stem(rgb)
        maps = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = stage(down(x))
            maps.append(x)
        maps[-1] = self.pool(maps[-1])
        p3, p4, p5 = (align(x) for align, x in zip(self.align, maps[1:], strict=True))
        return p3, p4, p5


class TrainingLayers(nn.Module):
    """What only training needs: semantic logits [21], edge logits [22], edge projection [16]."""

    def __init__(self, config: LmsfaConfig) -> None:
        super().__init__()
        classes = config.classes
        self.semantic_8 = nn.Conv2d(config.head, classes, 1)
        self.depthwise = nn.Conv2d(classes, classes, 3, 1, 1, groups=classes)
        self.pointwise = nn.Conv2d(classes, classes, 1)
        self.edge = nn.Conv2d(config.head, 1, 1)
        self.edge_feature = nn.Conv2d(config.neck, 1, 1)

    def forward(self, head: HeadLogits, refined: Tensor) -> TrainingLogits:
        """Head answers and the refined stride-8 level -> everything that the losses read."""
        semantic = self.pointwise(self.depthwise(upsample(self.semantic_8(head.feature), 2)))
        edge = self.edge(sobel(head.feature.float()))
        return TrainingLogits(head, semantic, edge, self.edge_feature(refined))


class Lmsfa(nn.Module):
    """The whole network."""

    def __init__(self, config: LmsfaConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.ssff = Ssff(config.neck, config.mixer, config.expansion)
        self.tfe = Tfe(config.neck)
        self.head = Lmsh(
            neck_channels=config.neck,
            channels=config.head,
            blocks=config.blocks,
            shared_channels=config.shared,
            prototype_channels=config.prototype_hidden,
            prototypes=config.prototypes,
            classes=config.classes,
        )
        self.training_layers: TrainingLayers | None = TrainingLayers(config)

    def levels(self, rgb: Tensor) -> Levels:
        """(B, 3, H, W) in 0..1 -> what the head reads: refined stride 8, then 16 and 32."""
        h3, h4, h5 = self.ssff(self.backbone(rgb))
        return self.tfe((h3, h4, h5)), h4, h5

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Answers pictures.

        Args:
            rgb: (B, 3, H, W) float, RGB in 0..1, H and W multiples of 32.

        Returns:
            (B, N, 4 + classes + prototypes): box left, top, right, bottom in input pixels, class
            probabilities, mask coefficients; and (B, prototypes, H / 4, W / 4) prototypes. A mask's
            logit is the sum of the prototypes weighted by its coefficients.
        """
        logits: HeadLogits = self.head(self.levels(rgb))
        boxes = decode_boxes(logits.boxes, logits.points, logits.strides)
        per_cell = [
            boxes,
            logits.classes.sigmoid().transpose(1, 2),
            logits.coefficients.transpose(1, 2),
        ]
        return torch.cat(per_cell, 2), logits.prototypes

    def training_logits(self, rgb: Tensor) -> TrainingLogits:
        """(B, 3, H, W) in 0..1 -> what the losses read. Not after `fuse`."""
        if self.training_layers is None:
            raise RuntimeError("this network is fused: its training layers are gone")
        levels = self.levels(rgb)
        answer: TrainingLogits = self.training_layers(self.head(levels), levels[0])
        return answer

    def fuse(self) -> Lmsfa:
        """Collapses every block to its inference form, in place; drops the training layers."""
        for block in self.modules():
            fuse_block = getattr(block, "fuse", None)
            if block is not self and callable(fuse_block):
                fuse_block()
        self.training_layers = None
        return self.eval()
