"""LMSF-A (arXiv:2512.21984): backbone, neck and head joined, as in the paper's Figure 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Self

from torch import Tensor, nn

from lmsfa.errors import InputError
from lmsfa.mask_filters import filter_numbers
from lmsfa.models.blocks import ACTIVATIONS, C2fPro, ConvNorm, Sppf
from lmsfa.models.detection import (
    AuxiliaryLogits,
    HeadLogits,
    InstanceNetwork,
    Levels,
    TrainingLogits,
)
from lmsfa.models.head import Lmsh, sobel
from lmsfa.models.neck import Ssff, Tfe, upsample

MASKS: Mapping[str, Callable[[int], int]] = MappingProxyType(
    {"filters": filter_numbers, "sum": lambda prototypes: prototypes}
)
"""How a mask is made of the prototypes, and how many numbers a cell answers for that.

"filters" (`lmsfa.mask_filters`) is ours; "sum", the paper's prototype-coefficient scheme, does not
know where it is: masks are cut by their boxes, which is to be seen (docs/experiments.md).
"""


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
        prototypes: maps at stride 4 that masks are made from.
        masks: a key of `MASKS`: how they are made.
        activation: a key of `ACTIVATIONS`, wherever the paper does not ask for ReLU.
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
    prototypes: int = 16
    masks: str = "filters"
    activation: str = "hardswish"

    def __post_init__(self) -> None:
        """Checks the names, which a card brings along."""
        for name, given, known in (
            ("activation", self.activation, ACTIVATIONS),
            ("masks", self.masks, MASKS),
        ):
            if given not in known:
                raise InputError(f"{name} must be one of {', '.join(known)}, got {given!r}")

    @property
    def coefficients(self) -> int:
        """Numbers that a cell answers for its mask."""
        return MASKS[self.masks](self.prototypes)


SMALL = LmsfaConfig(
    hidden=(16, 24, 48, 128), neck=48, mixer=64, head=48, shared=48, prototype_hidden=32
)
"""Half the operations, 1.28 M parameters and 4.30 GFLOPs: for machines that the default holds up.
"""


class Backbone(nn.Module):
    """LMFE [1-3]: stem, four stages of stride-2 convolution and C2f-Pro, SPPF, alignment.

    EMA stands at strides 16 and 32 only, as in the paper. Our readings: dense stride-2
    convolutions, one activation throughout, and in the alignment [3] `Norm` and that activation for
    GroupNorm and ReLU.
    """

    def __init__(self, config: LmsfaConfig) -> None:
        super().__init__()
        widths, act = config.widths, ACTIVATIONS[config.activation]
        self.stem = ConvNorm(3, widths[0], 3, 2, act=act)
        self.downs = nn.ModuleList(
            ConvNorm(narrow, wide, 3, 2, act=act) for narrow, wide in pairwise(widths)
        )
        self.stages = nn.ModuleList(
            C2fPro(width, hidden, config.units, config.expansion, attention=stage >= 2, act=act)
            for stage, (width, hidden) in enumerate(zip(widths[1:], config.hidden, strict=True))
        )
        self.pool = Sppf(widths[4], config.pyramid_pooling, act=act)
        self.align = nn.ModuleList(ConvNorm(width, config.neck, act=act) for width in widths[2:])

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

    def forward(self, feature: Tensor, refined: Tensor) -> AuxiliaryLogits:
        """G (B, C_h, H / 8, W / 8) and the refined stride-8 level -> what only training answers."""
        semantic = self.pointwise(self.depthwise(upsample(self.semantic_8(feature), 2)))
        edge = self.edge(sobel(feature.float()))
        return AuxiliaryLogits(semantic, edge, self.edge_feature(refined))


class Lmsfa(InstanceNetwork):
    """The whole network."""

    def __init__(self, config: LmsfaConfig) -> None:
        super().__init__()
        self.config = config
        act = ACTIVATIONS[config.activation]
        self.backbone = Backbone(config)
        self.ssff = Ssff(config.neck, config.mixer, config.expansion, act=act)
        self.tfe = Tfe(config.neck)
        self.head = Lmsh(
            neck_channels=config.neck,
            channels=config.head,
            blocks=config.blocks,
            shared_channels=config.shared,
            prototype_channels=config.prototype_hidden,
            prototypes=config.prototypes,
            coefficients=config.coefficients,
            classes=config.classes,
            act=act,
        )
        self.training_layers: TrainingLayers | None = TrainingLayers(config)

    def levels(self, rgb: Tensor) -> Levels:
        """(B, 3, H, W) in 0..1 -> what the head reads: refined stride 8, then 16 and 32."""
        h3, h4, h5 = self.ssff(self.backbone(rgb))
        return self.tfe((h3, h4, h5)), h4, h5

    def head_logits(self, rgb: Tensor) -> HeadLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        logits: HeadLogits = self.head(self.levels(rgb))[0]
        return logits

    def training_logits(self, rgb: Tensor) -> TrainingLogits:
        """(B, 3, H, W) in 0..1 -> what the losses read. Not after `fuse`."""
        if self.training_layers is None:
            raise RuntimeError("this network is fused: its training layers are gone")
        levels = self.levels(rgb)
        logits, feature = self.head(levels)
        return TrainingLogits(logits, self.training_layers(feature, levels[0]))

    def fuse(self) -> Self:
        """Collapses every block to its inference form, in place; drops the training layers."""
        self.training_layers = None
        return super().fuse()
