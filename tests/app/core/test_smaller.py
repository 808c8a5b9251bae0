"""The smaller model that lies beside a weights file is found, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_engines import CARD

from app.core.smaller import smaller_weights
from lmsfa.card import ModelCard, card_path, read_card, write_card
from lmsfa.shipped import WEIGHTS

BIG = replace(CARD, system="lmsfa")
SMALL = replace(CARD, system="lmsfa_small")


def _put(folder: Path, name: str, card: ModelCard) -> Path:
    path = folder / f"{name}.safetensors"
    path.touch()
    write_card(card, card_path(path))
    return path


def test_the_small_model_of_the_same_structures_is_found(tmp_path: Path) -> None:
    big, small = _put(tmp_path, "big", BIG), _put(tmp_path, "small", SMALL)
    assert smaller_weights(big, BIG) == small
    assert smaller_weights(small, SMALL) is None


def test_the_shipped_small_weights_are_found_beside_the_shipped_default() -> None:
    small = smaller_weights(WEIGHTS, read_card(card_path(WEIGHTS)))
    assert small == WEIGHTS.with_name("lmsfa-larynx-small.safetensors")
    assert read_card(card_path(small)).draw_order == read_card(card_path(WEIGHTS)).draw_order


@pytest.mark.parametrize(
    "other",
    [
        replace(SMALL, system="lmsfa"),
        replace(SMALL, training_domain="elsewhere"),
        replace(SMALL, classes=CARD.classes[:2], draw_priority=("tissue", "nerve")),
    ],
)
def test_a_model_of_something_else_is_not_proposed(tmp_path: Path, other: ModelCard) -> None:
    big = _put(tmp_path, "big", BIG)
    _put(tmp_path, "other", other)
    (tmp_path / "no-card.safetensors").touch()
    assert smaller_weights(big, BIG) is None
