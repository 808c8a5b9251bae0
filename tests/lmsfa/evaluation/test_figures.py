"""Evaluation: right answers get one, wrong ones less, void counts for nothing."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmsfa.card import ModelCard
from lmsfa.data.annotated import DatasetError
from lmsfa.data.opening import open_dataset
from lmsfa.evaluation.coco import evaluate
from lmsfa.prediction import Instance, MaskPlacement, Prediction


class KnowingEngine:
    """Answers the true masks of a data set, moved by some pixels, with void filled where asked."""

    runtime = device = "truth"

    def __init__(
        self, card: ModelCard, root: Path, shift_px: int = 0, *, spill: bool = False
    ) -> None:
        self.card = card
        self._dataset = open_dataset(root)
        self._waiting = iter(self._dataset.in_split("val"))
        self._shift_px, self._spill = shift_px, spill

    def predict(self, rgb: np.ndarray, frame_index: int = 0, captured_s: float = 0.0) -> Prediction:
        truth = self._dataset.truth(next(self._waiting))
        assert rgb.shape[:2] == truth.void.shape
        height, width = truth.void.shape
        found = []
        for number, class_id in enumerate(truth.classes, 1):
            mask = np.roll(truth.mask(number), self._shift_px, axis=1)
            if self._spill:
                mask = mask | truth.void
            place = MaskPlacement(0, 0, 1, 1)
            coarse = mask.astype(np.uint8) * 255
            found.append(
                Instance(class_id, 0.9 - 0.1 * number, (0, 0, width, height), coarse, place)
            )
        return Prediction(frame_index, captured_s, tuple(found), None, "truth")

    def close(self) -> None:
        pass


def test_the_truth_itself_scores_one(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    figures = evaluate(KnowingEngine(card, shapes_dataset), dataset, dataset.in_split("val"))
    assert figures.mask_ap50 == pytest.approx(1)
    assert figures.mask_ap == pytest.approx(1)
    assert figures.average_recall == pytest.approx(1)
    assert (figures.precision, figures.recall) == pytest.approx((1, 1))
    assert (figures.images, figures.instances) == (4, 8)
    assert {name: row.instances for name, row in figures.per_class.items()} == {
        "bright square": 4,
        "dark disc": 4,
    }


def test_moved_masks_score_less_at_strict_overlaps(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    figures = evaluate(KnowingEngine(card, shapes_dataset, 6), dataset, dataset.in_split("val"))
    assert figures.mask_ap50 == pytest.approx(1)
    assert figures.mask_ap < 0.6


def test_far_off_masks_score_nothing(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    figures = evaluate(KnowingEngine(card, shapes_dataset, 48), dataset, dataset.in_split("val"))
    assert figures.mask_ap50 == 0
    assert figures.recall == 0


def test_answers_on_void_neither_help_nor_harm(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    engine = KnowingEngine(card, shapes_dataset, spill=True)
    assert evaluate(engine, dataset, dataset.in_split("val")).mask_ap == pytest.approx(1)


class DoublingEngine(KnowingEngine):
    """Answers squares surely and once more in a wrong place, discs hesitantly and rightly."""

    def predict(self, rgb: np.ndarray, frame_index: int = 0, captured_s: float = 0.0) -> Prediction:
        square, disc = super().predict(rgb, frame_index, captured_s).instances
        wrong = replace(square, score=0.5, mask=np.roll(square.mask, 48, axis=1))
        found = (replace(square, score=0.9), wrong, replace(disc, score=0.3))
        return Prediction(frame_index, captured_s, found, None, "truth")


def test_precision_counts_every_wrong_answer_at_the_threshold(
    shapes_dataset: Path, card: ModelCard
) -> None:
    dataset = open_dataset(shapes_dataset)
    figures = evaluate(DoublingEngine(card, shapes_dataset), dataset, dataset.in_split("val"))
    # Reaching the discs at 0.3 lets every wrong square in: 4 of 8 squares, 4 of 4 discs are right.
    assert figures.score_threshold <= 0.3
    assert figures.precision == pytest.approx(0.75)
    assert figures.recall == pytest.approx(1)
    assert figures.mask_ap50 == pytest.approx(1)


def test_no_answer_at_all_is_zero_not_an_error(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    engine = KnowingEngine(card, shapes_dataset)
    engine.predict = lambda *_: Prediction(0, 0.0, (), None, "truth")
    figures = evaluate(engine, dataset, dataset.in_split("val"))
    assert (figures.mask_ap50, figures.precision, figures.recall) == (0, 0, 0)


def test_a_class_without_instances_is_left_out_not_nan(
    shapes_dataset: Path, card: ModelCard, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(shapes_dataset, tmp_path / "squares"))
    said = json.loads((root / "dataset.json").read_text())
    said["instances"]["min_area_px"] = 1000
    (root / "dataset.json").write_text(json.dumps(said))
    only_squares = open_dataset(root)
    engine = KnowingEngine(card, root)
    figures = evaluate(engine, only_squares, only_squares.in_split("val"))
    assert figures.per_class["dark disc"].ap50 is None
    assert figures.mask_ap50 == pytest.approx(1)
    assert set(figures.without(["bright square"]).values()) == {None}


def test_weights_for_other_classes_are_refused(shapes_dataset: Path, card: ModelCard) -> None:
    dataset = open_dataset(shapes_dataset)
    swapped = replace(card, classes=card.classes[::-1])
    with pytest.raises(DatasetError, match="data set"):
        evaluate(KnowingEngine(swapped, shapes_dataset), dataset, dataset.in_split("val"))
