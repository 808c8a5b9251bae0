"""Figures of told activities, and of the model's answers beside who knows better."""

from dataclasses import replace

import pytest
from made_answers import answers, frame, square

from lmsfa.errors import DatasetError
from lmsfa.evaluation.activity import check_activities, judge_activities
from lmsfa.evaluation.semantic import judge_semantics

NAMES = ("cut", "burn", "rest")


def _answers(*pairs: tuple[str | None, str | None]):
    return answers(
        [
            replace(frame(f"a/{n}.png", "a", [], []), true_activity=truth, activity=told)
            for n, (truth, told) in enumerate(pairs)
        ]
    )


def test_accuracy_and_macro_f1_are_of_the_frames_whose_activity_is_known() -> None:
    made = _answers(
        ("cut", "cut"), ("cut", "cut"), ("cut", "burn"), ("burn", "burn"), (None, "rest")
    )
    found = judge_activities(made, NAMES)
    assert found.accuracy == pytest.approx(3 / 4)
    assert found.per_activity["cut"] == pytest.approx(2 * 2 / (3 + 2))
    assert found.per_activity["burn"] == pytest.approx(2 * 1 / (1 + 2))
    # Nobody rested: no F1 of it, and none in the mean.
    assert found.per_activity["rest"] is None
    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.confusion == ((2, 1, 0), (0, 1, 0), (0, 0, 0))
    assert (found.frames, found.unknown) == (4, 1)


def test_without_a_known_activity_there_is_no_figure() -> None:
    found = judge_activities(_answers((None, "cut")), NAMES)
    assert found.accuracy is None
    assert found.macro_f1 is None


def test_labels_of_another_model_are_refused_in_one_line() -> None:
    check_activities(NAMES, ("burn",), "csv:a.csv")
    with pytest.raises(DatasetError, match="the labels say 'sew'"):
        check_activities(NAMES, ("burn", "sew"), "csv:a.csv")
    with pytest.raises(DatasetError, match="tell no activities"):
        check_activities((), ("burn",), "csv:a.csv")


def test_dice_of_a_split_follows_from_its_iou() -> None:

    made = answers([frame("a/0.png", "a", [(0, square(0, 0))], [(0, square(0, 8), 0.9)])])
    found = judge_semantics(made)
    assert found.per_class["vein"] == pytest.approx(1 / 3)
    assert found.dice_per_class["vein"] == pytest.approx(1 / 2)
    assert found.dice == pytest.approx(1 / 2)
