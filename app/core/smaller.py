"""The smaller model beside a weights file: the same structures in less time."""

from __future__ import annotations

from pathlib import Path

from lmsfa.card import CardError, ModelCard, card_path, read_card
from lmsfa.registry import SMALLER


def smaller_weights(weights: Path, card: ModelCard) -> Path | None:
    """Weights in the same folder that show the same structures and were trained on the same.

    Args:
        weights: of the model that is loaded.
        card: its card.

    Returns:
        A weights file of the smaller system, or None where there is none.
    """
    system = SMALLER.get(card.system)
    for path in sorted(weights.parent.glob("*.safetensors")) if system else ():
        try:
            other = read_card(card_path(path))
        except CardError:
            continue
        same = _names(other) == _names(card) and other.training_domain == card.training_domain
        if other.system == system and same:
            return path
    return None


def _names(card: ModelCard) -> list[str]:
    return [spec.name for spec in card.classes]
