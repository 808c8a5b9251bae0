"""How unlike its model's training pictures a picture is, and what follows from it."""

from __future__ import annotations

from enum import Enum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lmsfa.familiarity.features import KIND, features
from lmsfa.familiarity.statistics import Familiarity

UNLIKE = 1.0
"""Unlikeness from which a picture is named: the card's bound."""
FAR = 1.1
"""Unlikeness from which no overlay is drawn. The made scene, which no model of real tissue knows,
has 1.17 and more."""
HELD = 0.92
"""What is said stays until unlikeness falls below this share of its bound."""


class Likeness(Enum):
    """What is said of a picture; the words for it."""

    LIKE = ""
    UNLIKE = "UNLIKE TRAINING"
    FAR = "OVERLAY OFF: UNLIKE TRAINING"


def likeness(unlikeness: float | None, before: Likeness = Likeness.LIKE) -> Likeness:
    """What an unlikeness says.

    Args:
        unlikeness: of a prediction; None where the model's card knows no training pictures.
        before: what was said of the pictures before it, which is held to a lower bound.
    """
    if unlikeness is None:
        return Likeness.LIKE
    if unlikeness >= FAR * (HELD if before is Likeness.FAR else 1):
        return Likeness.FAR
    if unlikeness >= UNLIKE * (HELD if before is not Likeness.LIKE else 1):
        return Likeness.UNLIKE
    return Likeness.LIKE


class Yardstick:
    """Measures pictures against a card's statistics.

    Args:
        familiarity: of the features that are measured here.
    """

    def __init__(self, familiarity: Familiarity) -> None:
        self._mean, self._whitening = familiarity.mean(), familiarity.whitening()
        self._bound = familiarity.bound

    @classmethod
    def of(cls, familiarity: Familiarity | None) -> Self | None:
        """The yardstick of a card; None without statistics, or with those of other features."""
        if familiarity is None or familiarity.kind != KIND:
            return None
        return cls(familiarity)

    def unlikeness(self, rgb: NDArray[np.uint8]) -> float:
        """A picture's distance from the training pictures, 0 or more; 1 is the bound.

        Args:
            rgb: (H, W, 3) uint8 RGB, at least 1 x 1.
        """
        away = self._whitening @ (features(rgb) - self._mean)
        return float(np.sqrt(away @ away)) / self._bound
