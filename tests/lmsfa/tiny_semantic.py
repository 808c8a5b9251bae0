"""Semantic networks of a few thousand weights, so that whole trainings take seconds."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lmsfa.models.endoarss import EndoarssConfig
from lmsfa.models.semantic import SemanticLogits, SemanticNetwork

TINY_ENDOARSS = EndoarssConfig(
    classes=2,
    activities=2,
    encoder_width=32,
    encoder_layers=2,
    encoder_heads=2,
    encoder_grid=3,
    spatial=4,
    decoder=16,
)


@dataclass(frozen=True, slots=True)
class TinyConfig:
    """It tells no activities."""

    classes: int = 1


@dataclass(frozen=True, slots=True)
class TinyWatchingConfig:
    """It tells activities too."""

    classes: int = 1
    activities: int = 2


class TinySemantic(SemanticNetwork):
    """Three convolutions; the activity is read from the mean of what they see."""

    input_multiple_px = 16

    def __init__(self, config: TinyConfig | TinyWatchingConfig) -> None:
        super().__init__()
        self.config = config
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 4, 4),
            nn.SiLU(),
            nn.Conv2d(16, 16, 3, 1, 1),
            nn.SiLU(),
        )
        self.maps = nn.Conv2d(16, config.classes, 1)
        told = getattr(config, "activities", 0)
        self.activities = nn.Linear(16, told) if told else None

    def semantic_logits(self, rgb: Tensor) -> SemanticLogits:
        seen = self.body(rgb)
        told = None if self.activities is None else self.activities(torch.mean(seen, (2, 3)))
        return SemanticLogits(self.maps(seen), told)
