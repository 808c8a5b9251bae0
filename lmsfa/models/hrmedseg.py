"""HRMedSeg (Xu et al., arXiv:2504.06205): classes of high-resolution pictures at a small cost."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from lmsfa.errors import InputError
from lmsfa.models.ecm_decoder import HEADS, EcmDecoder
from lmsfa.models.lgvit import PATCH_PX, Lgvit
from lmsfa.models.normalised import Normalised
from lmsfa.models.semantic import SemanticLogits, SemanticNetwork


@dataclass(frozen=True, slots=True)
class HrmedsegConfig:
    """Shape of the network; the defaults are the paper's: 3.54 M parameters, 9.49 GMACs at 1024.

    Attributes:
        classes: C2.
        width: C1 of LGViT.
        depth: L of LGViT, its token-interactive layers.
        features: channels between encoder and decoder; the teacher's, where one is distilled.
    """

    classes: int = 1
    width: int = 96
    depth: int = 10
    features: int = 256

    def __post_init__(self) -> None:
        """Checks what a card may bring along."""
        if self.features % HEADS:
            raise InputError(f"features must be a multiple of {HEADS}, got {self.features}")


class Hrmedseg(SemanticNetwork):
    """The whole network: normalisation, LGViT with neck, ECM-Decoder."""

    input_multiple_px = PATCH_PX

    def __init__(self, config: HrmedsegConfig) -> None:
        super().__init__()
        self.config = config
        self.normalised = Normalised()
        self.encoder = Lgvit(config.width, config.depth, config.features)
        self.decoder = EcmDecoder(config.classes, config.features)

    def features(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> what is distilled, (B, features, H / 16, W / 16)."""
        features: Tensor = self.encoder(self.normalised(rgb))
        return features

    def semantic_logits(self, rgb: Tensor) -> SemanticLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        return SemanticLogits(self.decoder(self.features(rgb)))
