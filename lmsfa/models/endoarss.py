"""EndoARSS (arXiv:2506.06830): structures and activity from one adapted foundation model.

Known here from a summary only; where that is open, the parts say what was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, nn
from torch.nn import functional

from lmsfa.errors import InputError
from lmsfa.models.blocks import ConvNorm
from lmsfa.models.dinov2 import PATCH_PX, Dinov2, Dinov2Config
from lmsfa.models.dinov2_files import Dinov2File
from lmsfa.models.normalised import Normalised
from lmsfa.models.semantic import SemanticLogits, SemanticNetwork
from lmsfa.models.spatial_attention import SpatialAttention
from lmsfa.models.tesla import ACTIVITY, Tesla


@dataclass(frozen=True, slots=True)
class EndoarssConfig:
    """The shape of the network; the defaults have the stand-in, a small encoder of DINOv2's layout.

    Attributes:
        classes: structures to tell apart.
        activities: of which one is being done, two or more.
        encoder_width: channels of the encoder's tokens.
        encoder_layers: its blocks.
        encoder_heads: of its attention.
        encoder_grid: side of the square of its learned positions, in patches.
        rank: of every adapter; the paper's best is 4.
        spatial: width of SMA.
        decoder: width of the segmentation decoder.
    """

    classes: int = 4
    activities: int = 2
    encoder_width: int = 192
    encoder_layers: int = 6
    encoder_heads: int = 3
    encoder_grid: int = 32
    rank: int = 4
    spatial: int = 8
    decoder: int = 64

    def __post_init__(self) -> None:
        """Checks what a card or a data set brings along."""
        if self.activities < 2:
            raise InputError(
                f"EndoARSS tells two or more activities apart, got {self.activities}: "
                "name them in the data set, or take hrmedseg"
            )
        _ = self.encoder  # Checks the heads.

    @property
    def encoder(self) -> Dinov2Config:
        """The encoder's shape."""
        return Dinov2Config(
            self.encoder_width, self.encoder_layers, self.encoder_heads, self.encoder_grid
        )

    def with_encoder(self, encoder: Dinov2Config) -> EndoarssConfig:
        """The same network around another encoder."""
        return replace(
            self,
            encoder_width=encoder.width,
            encoder_layers=encoder.layers,
            encoder_heads=encoder.heads,
            encoder_grid=encoder.grid,
        )


class MapDecoder(nn.Module):
    """Patch tokens to maps at a quarter of the input: convolutions, made larger in two steps."""

    def __init__(self, width: int, channels: int, classes: int) -> None:
        super().__init__()
        self.enter = ConvNorm(width, channels, act=nn.Hardswish)
        self.middle = ConvNorm(channels, channels, 3, act=nn.Hardswish)
        self.fine = ConvNorm(channels, channels // 2, 3, act=nn.Hardswish)
        self.leave = nn.Conv2d(channels // 2, classes, 1)

    def forward(self, patches: Tensor, quarter: tuple[int, int]) -> Tensor:
        """(B, C, H / 14, W / 14) and the size asked for -> logits (B, classes, H / 4, W / 4)."""
        height, width = patches.shape[2:]
        x = self.middle(_enlarged(self.enter(patches), (2 * height, 2 * width)))
        answer: Tensor = self.leave(self.fine(_enlarged(x, quarter)))
        return answer


class ActivityDecoder(nn.Module):
    """The class token to a logit an activity."""

    def __init__(self, width: int, activities: int) -> None:
        super().__init__()
        self.enter = nn.Linear(width, width)
        self.leave = nn.Linear(width, activities)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, C) -> (B, activities)."""
        answer: Tensor = self.leave(functional.gelu(self.enter(picture)))
        return answer


class Endoarss(SemanticNetwork):
    """The whole network: SMA, encoder with TESLA, two decoders."""

    input_multiple_px = 28
    """Patches of 14 px, maps at a quarter of the input."""

    def __init__(self, config: EndoarssConfig) -> None:
        super().__init__()
        self.config = config
        self.normalise = Normalised()
        self.spatial = SpatialAttention(config.spatial)
        self.tesla = Tesla(Dinov2(config.encoder), config.rank)
        self.maps = MapDecoder(config.encoder_width, config.decoder, config.classes)
        self.activity = ActivityDecoder(config.encoder_width, config.activities)
        self._only_activity_learns = False

    def semantic_logits(self, rgb: Tensor) -> SemanticLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        height, width = rgb.shape[2:]
        tokens = self.tesla(self.spatial(self.normalise(rgb)))
        patches = tokens.patches.transpose(1, 2)
        patches = patches.reshape(*patches.shape[:2], height // PATCH_PX, width // PATCH_PX)
        maps = self.maps(patches, (height // 4, width // 4))
        return SemanticLogits(maps, self.activity(tokens.picture))

    def freeze_encoder(self) -> Self:
        """Leaves the encoder as it is from here on: only what stands around it learns.

        For an encoder that has learned elsewhere. The stand-in begins at random and learns with the
        rest.
        """
        self.tesla.encoder.requires_grad_(False)
        return self

    def leave_all_but_activity(self) -> Self:
        """Leaves everything but the activity's adapters and decoder as it is from here on."""
        self.requires_grad_(False)
        for part in (self.tesla.adapters[ACTIVITY], self.activity):
            part.requires_grad_(True)
        self._only_activity_learns = True
        return self.train(self.training)

    def train(self, mode: bool = True) -> Self:  # torch's signature
        """As every module; the norms of what is left as it is keep their statistics too."""
        super().train(mode)
        if self._only_activity_learns:
            for part in (self.spatial, self.maps):
                part.eval()
        return self


def take_encoder(network: Endoarss, file: Dinov2File) -> None:
    """Puts published weights into the encoder and freezes it.

    Args:
        network: unfused, made with `EndoarssConfig.with_encoder` of the file's shape.
        file: what `read_dinov2` answered.

    Raises:
        InputError: in one line: the file is of another width, depth or grid.
    """
    have = network.config.encoder
    if file.config != have:
        raise InputError(
            f"{file.path}: {_described(file.config)}; the network has {_described(have)}"
        )
    network.tesla.encoder.load_state_dict(dict(file.tensors))
    network.freeze_encoder()


def _described(encoder: Dinov2Config) -> str:
    return (
        f"an encoder of width {encoder.width} with {encoder.layers} layers and "
        f"{encoder.grid} x {encoder.grid} positions"
    )


def _enlarged(x: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(x, size, mode="bilinear")
