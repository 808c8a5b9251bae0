"""Overlap and outlines against what two squares give by hand."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from made_answers import answers, frame, square

from lmsfa.evaluation.boundary import judge_boundaries, tolerance_px


def _one(truths, found, void=None):
    return answers([frame("a/0.png", "a", truths, found, void)])


def test_two_squares_side_by_side_by_hand() -> None:
    # 16 x 16 squares, 4 apart: 12 x 16 in common of 20 x 16; a tolerance of 1 pixel.
    row = judge_boundaries(_one([(0, square(10, 10))], [(0, square(10, 14), 0.9)]))["vein"]
    assert row.dice == pytest.approx(2 * 12 * 16 / (2 * 256))
    assert row.iou == pytest.approx(12 * 16 / (20 * 16))
    # An outline is 60 pixels. Its top and bottom agree over the 12 common columns, and one more is
    # within a pixel; of the edge inside the other square only the ends are, beside its top and
    # bottom; the edge outside is 4 away.
    assert row.surface == pytest.approx((2 * (12 + 1) + 2) / 60)
    assert row.hausdorff95_px == pytest.approx(4)
    assert (row.pictures, row.without_distance) == (1, 0)


def test_an_outline_off_by_the_tolerance_is_right_and_off_by_more_is_not() -> None:
    made = _one([(0, square(10, 10))], [(0, square(10, 11), 0.9)])
    assert tolerance_px(64, 64) == 1
    assert judge_boundaries(made)["vein"].surface == pytest.approx(1)
    further = _one([(0, square(10, 10))], [(0, square(10, 12), 0.9)])
    assert judge_boundaries(further)["vein"].surface < 0.9


def test_the_tolerance_grows_with_the_picture() -> None:
    assert tolerance_px(512, 512) == 5
    assert tolerance_px(720, 1080) == 7


def test_a_class_in_truth_or_answer_alone_counts_as_nothing_right_and_has_no_distance() -> None:
    made = answers(
        [
            frame("a/0.png", "a", [(0, square(10, 10))], [(0, square(10, 10), 0.9)]),
            frame("a/1.png", "a", [(0, square(10, 10))], []),
            frame("a/2.png", "a", [], [(0, square(10, 10), 0.9)]),
            frame("a/3.png", "a", [], []),
        ]
    )
    found = judge_boundaries(made)
    row = found["vein"]
    assert (row.dice, row.iou, row.surface) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert row.hausdorff95_px == 0
    assert (row.pictures, row.without_distance) == (3, 2)
    told = [(each.picture, each.dice, each.hausdorff95_px) for each in row.per_picture]
    assert told == [("a/0.png", 1, 0), ("a/1.png", 0, None), ("a/2.png", 0, None)]
    nowhere = found["nerve"]
    assert (nowhere.dice, nowhere.surface, nowhere.hausdorff95_px) == (None, None, None)
    assert nowhere.pictures == 0
    assert "NaN" not in json.dumps({name: asdict(entry) for name, entry in found.items()})


def test_what_lies_on_void_is_not_looked_at() -> None:
    void = np.zeros((64, 64), bool)
    void[:, 40:] = True
    spilled = square(10, 30, 20)
    row = judge_boundaries(_one([(0, spilled & ~void)], [(0, spilled, 0.9)], void))["vein"]
    assert (row.dice, row.surface, row.hausdorff95_px) == (1, 1, 0)
