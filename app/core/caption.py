"""Which model this is and what it has seen, in words for the screen and for recordings."""

from __future__ import annotations

from lmsfa.card import ModelCard
from lmsfa.registry import TITLES


def system_title(card: ModelCard) -> str:
    """Which of the systems the weights are for: "HRMedSeg"; of another, its name in the card."""
    return TITLES.get(card.system, card.system)


def marks(card: ModelCard | None) -> str:
    """What must stand at the picture itself; empty for a usual model.

    SYNTHETIC where a program made the training pictures, DEMONSTRATION where the weights only show
    how their system works.
    """
    if card is None:
        return ""
    words = ("SYNTHETIC", card.synthetic), ("DEMONSTRATION", bool(card.demonstration))
    return " · ".join(word for word, holds in words if holds)


def caption(card: ModelCard | None) -> str:
    """What the weights have seen, with their marks: "trained on: phantom · SYNTHETIC"."""
    domain = "-" if card is None else card.training_domain
    return " · ".join(part for part in (f"trained on: {domain}", marks(card)) if part)
