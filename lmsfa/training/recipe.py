"""How a training is run: everything that changes its result, in one frozen record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lmsfa.card import check_input_size
from lmsfa.errors import InputError
from lmsfa.models.families import family_of
from lmsfa.training.losses import LossWeights

SCHEDULES = ("cosine", "exponential")
LEARNS = ("all", "activity")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training recipe; an InputError names what cannot be trained with.

    Attributes:
        model: which network, a key of `models.families.FAMILIES`.
        size_px: side of the square input.
        epochs: passes over the training split.
        batch: pictures a step.
        optimizer: a key of `optimizer.WEIGHT_DECAYS`.
        learning_rate: peak, after the warm-up.
        warmup_epochs: linear warm-up.
        schedule: of the learning rate after the warm-up, one of `SCHEDULES`.
        final_share: the cosine ends at this share of the peak.
        mosaic_chance: of a picture being one of four in a mosaic.
        plain_epochs: last epochs without mosaic.
        spoil_chance: of a picture being spoilt by glare, blood, smoke, blur, noise or low light.
        average_decay: of the running average of the weights, which is what is judged and shipped.
        patience_epochs: stop when the validation loss has not fallen for so many epochs; 0: never.
        clip_norm: largest norm of the gradient.
        learns: "activity": only what tells it learns, from pictures of which every patient's every
            activity is drawn as often as any other.
        seed: of weights, order and augmentation.
        weights: of the losses.
    """

    model: str = "lmsfa"
    size_px: int = 320
    epochs: int = 40
    batch: int = 8
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    warmup_epochs: float = 2.0
    schedule: str = "cosine"
    final_share: float = 0.01
    mosaic_chance: float = 0.5
    plain_epochs: int = 10
    spoil_chance: float = 0.0
    average_decay: float = 0.998
    patience_epochs: int = 0
    clip_norm: float = 10.0
    learns: str = "all"
    seed: int = 0
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        """Checks what a person may have mistyped."""
        check_input_size(self.size_px, family_of(self.model).network.input_multiple_px)
        for name, said, known in (
            ("the schedule", self.schedule, SCHEDULES),
            ("what learns", self.learns, LEARNS),
        ):
            if said not in known:
                raise InputError(f"{name} must be one of {', '.join(known)}, got {said!r}")
        for name, value, least in (
            ("epochs", self.epochs, 1),
            ("batch", self.batch, 1),
            ("seed", self.seed, 0),
            ("patience", self.patience_epochs, 0),
        ):
            if value < least:
                raise InputError(f"{name} must be at least {least}, got {value}")
        if not 0 < self.learning_rate < math.inf:
            raise InputError(f"the learning rate must be over 0, got {self.learning_rate}")
        if not 0 <= self.spoil_chance <= 1:
            raise InputError(f"the chance to spoil must be 0 to 1, got {self.spoil_chance}")
