"""Thresholds a class and the temperature: in the card, and in what the engine reports."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmsfa.card import SCHEMA_VERSION, CardError, ModelCard, card_path, read_card, write_card
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import RawAnswer, calibrated, to_instances
from lmsfa.registry import load_engine

PLACE = Letterbox.fit(96, 96, 96)


def _raw(scores: list[tuple[float, float]]) -> RawAnswer:
    """Cells side by side, each with the scores of two classes."""
    rows = [
        [number * 20.0, 4.0, number * 20.0 + 12, 16.0, *pair, 1.0]
        for number, pair in enumerate(scores)
    ]
    return RawAnswer(np.array(rows, np.float32), np.full((24, 24, 1), 9, np.float32))


def _write_schema_1(card: ModelCard, path: Path) -> None:
    write_card(card, path)
    fields = json.loads(path.read_text())
    del fields["score_thresholds"], fields["temperature"]
    path.write_text(json.dumps(fields | {"schema_version": 1}))


def test_a_card_of_schema_1_is_read_on(card: ModelCard, tmp_path: Path) -> None:
    _write_schema_1(card, tmp_path / "old.json")
    found = read_card(tmp_path / "old.json")
    assert found.schema_version == SCHEMA_VERSION == 5
    assert (found.temperature, found.class_thresholds) == (1, (0.3, 0.3))


def test_thresholds_and_temperature_survive_the_disk(card: ModelCard, tmp_path: Path) -> None:
    chosen = replace(card, score_thresholds={"dark disc": 0.15}, temperature=1.5)
    write_card(chosen, tmp_path / "new.json")
    found = read_card(tmp_path / "new.json")
    assert (found.temperature, found.class_thresholds) == (1.5, (0.3, 0.15))


@pytest.mark.parametrize(
    "changes",
    [
        {"score_thresholds": {"nobody": 0.5}},
        {"score_thresholds": {"dark disc": 1.5}},
        {"score_thresholds": {"dark disc": True}},
        {"score_thresholds": [0.5]},
        {"temperature": 0},
        {"temperature": float("nan")},
        {"temperature": "1"},
    ],
)
def test_scores_that_make_no_sense_are_refused(card: ModelCard, changes: dict[str, object]) -> None:
    with pytest.raises(CardError, match=next(iter(changes))):
        replace(card, **changes)


def test_each_class_is_cut_at_its_own_threshold() -> None:
    raw = _raw([(0.4, 0.0), (0.0, 0.4), (0.2, 0.0), (0.0, 0.2)])
    found = to_instances(raw, 2, (0.3, 0.1), 0.6, PLACE)
    assert [(entry.class_id, round(entry.score, 4)) for entry in found] == [
        (0, 0.4),
        (1, 0.4),
        (1, 0.2),
    ]


def test_temperature_changes_scores_and_what_a_threshold_means_but_not_the_order() -> None:
    raw = _raw([(0.9, 0.0), (0.7, 0.0), (0.1, 0.0)])
    found = to_instances(raw, 2, 0.3, 0.6, PLACE, temperature=2.0)
    # Odds of 9 and 7 / 3 become their square roots, 3 and 1.53; odds of 1 / 9 become 1 / 3.
    assert [entry.score for entry in found] == pytest.approx([0.75, 0.6044], abs=1e-4)
    third = to_instances(raw, 2, 0.24, 0.6, PLACE, temperature=2.0)[2]
    assert third.score == pytest.approx(0.25, abs=1e-6)


def test_calibration_can_be_taken_back_and_keeps_the_ends() -> None:
    scores = np.array([0, 0.01, 0.5, 0.99, 1])
    assert calibrated(calibrated(scores, 1.7), 1 / 1.7) == pytest.approx(scores)
    assert calibrated(scores, 1.7)[[0, 2, 4]] == pytest.approx([0, 0.5, 1])


def test_asking_for_the_whole_curve_sets_the_cards_thresholds_aside(
    weights: Path, card: ModelCard
) -> None:
    path = card_path(weights)
    write_card(replace(read_card(path), score_thresholds={"dark disc": 0.9}), path)
    assert load_engine(weights, "torch-cpu").card.class_thresholds == (0.3, 0.9)
    whole = load_engine(weights, "torch-cpu", score_threshold=0.001)
    assert whole.card.class_thresholds == (0.001, 0.001)
