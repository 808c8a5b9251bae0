"""One class a pixel: painted as the window paints it, judged over the whole split."""

import numpy as np
import pytest
from made_answers import answers, frame, square

from lmsfa.evaluation.semantic import class_map, judge_semantics


def test_iou_is_of_the_splits_pixels_not_the_mean_of_pictures() -> None:
    made = answers(
        [
            frame("a/0.png", "a", [(0, square(0, 0, 30))], [(0, square(0, 0, 30), 0.9)]),
            frame("a/1.png", "a", [(0, square(0, 0, 10))], []),
        ]
    )
    found = judge_semantics(made)
    assert found.per_class["vein"] == pytest.approx(900 / 1000)
    # The truth holds no nerve: it has no IoU, and takes no part in the mean.
    assert found.per_class["nerve"] is None
    assert found.miou == pytest.approx(0.9)
    background = (2 * 64 * 64 - 1000) / (2 * 64 * 64 - 900)
    assert found.void == pytest.approx(background)
    assert found.miou_with_void == pytest.approx((0.9 + background) / 2)


def test_void_is_left_out_and_is_a_class_where_it_counts() -> None:
    void = np.zeros((64, 64), bool)
    void[32:] = True
    # Half of the answer lies on void.
    whole = np.ones((64, 64), bool)
    made = answers([frame("a/0.png", "a", [(0, ~void)], [(0, whole, 0.9)], void)])
    found = judge_semantics(made)
    assert found.miou == 1
    assert found.pixels == 32 * 64
    assert found.void == 0
    assert found.miou_with_void == pytest.approx((0.5 + 0) / 2)


def test_the_important_class_ends_on_top_and_of_one_class_the_surer() -> None:
    made = frame("a/0.png", "a", [], [])
    both = [(0, square(0, 0), 0.9), (1, square(8, 0), 0.2)]
    entries = frame("a/0.png", "a", [], both).answers
    nerve_on_top = class_map(made, entries, (0, 1))
    assert (nerve_on_top[8:24, :16] == 1).all()
    assert (nerve_on_top[:8, :16] == 0).all()
    assert (nerve_on_top[30:] == 2).all()
    vein_on_top = class_map(made, entries, (1, 0))
    assert (vein_on_top[:16, :16] == 0).all()


def test_a_wrong_class_costs_both_classes() -> None:
    made = answers(
        [
            frame(
                "a/0.png",
                "a",
                [(0, square(0, 0)), (1, square(20, 20))],
                [(0, square(0, 0), 0.9), (0, square(20, 20), 0.8)],
            )
        ]
    )
    found = judge_semantics(made)
    assert found.per_class == pytest.approx({"vein": 0.5, "nerve": 0})
