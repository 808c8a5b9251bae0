"""Thresholds a class: best F1, lower for what must not be missed, and never judged where chosen."""

from dataclasses import replace

import numpy as np
import pytest
from made_answers import answers, frame, graded, square

from lmsfa.card import ClassSpec, ModelCard
from lmsfa.evaluation.calibrated_card import calibrate
from lmsfa.evaluation.matching import ClassMatches
from lmsfa.evaluation.thresholds import choose, cross_chosen

STRUCTURE = ClassSpec("vein", (1, 2, 3))
PROTECTED = ClassSpec("vein", (1, 2, 3), "protected")


def _found(scores: list[float], right: list[bool], truths: int) -> ClassMatches:
    order = np.argsort(-np.array(scores), kind="stable")
    hits = np.tile(np.array(right)[order], (10, 1))
    return ClassMatches(
        np.array(scores)[order], np.zeros(len(scores), int), hits, np.array([truths])
    )


# From 0.8: 3 right of 3. From 0.5: 4 of 6. From 0.2: 5 of 10. From 0.1: 5 of 14.
SCORES = [0.9, 0.85, 0.8, 0.5, 0.5, 0.5, *[0.2] * 4, *[0.1] * 4]
RIGHT = [True] * 3 + [True, False, False] + [True, False, False, False] + [False] * 4


def test_a_structure_is_cut_at_the_best_f1_at_its_lowest_score() -> None:
    found = _found(SCORES, RIGHT, 5)
    # F1 is 6 / 8 from 0.8, 8 / 11 from 0.5: three sure ones win; 0.51 lets no more in than 0.8.
    assert choose([found], [STRUCTURE]) == {"vein": 0.51}


def test_a_protected_class_is_cut_lower_as_long_as_half_is_right() -> None:
    found = _found(SCORES, RIGHT, 5)
    chosen = choose([found], [PROTECTED])["vein"]
    assert chosen == 0.11
    assert found.at(chosen).precision == 0.5
    assert found.at(chosen).recall == 1


def test_a_protected_class_never_misses_more_than_at_the_best_f1() -> None:
    # Half is right nowhere but at the very top, where most is missed.
    found = _found([0.9, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4], [True] + [False, False, True] * 2, 3)
    assert found.at(0.4).precision < 0.5
    assert choose([found], [PROTECTED])["vein"] <= choose([found], [STRUCTURE])["vein"]


def test_a_class_without_instances_gets_no_threshold() -> None:
    assert choose([_found([0.9], [False], 0)], [STRUCTURE]) == {}


def _sequence(group: str, sure: float, noise: float, frames: int = 6) -> list:
    """The vein is found with `sure`; beside it stands a wrong answer with `noise`."""
    return [
        frame(
            f"{group}/{n}.png",
            group,
            [(0, square(2, 2))],
            [(0, square(2, 2), sure), (0, square(40, 40), noise)],
        )
        for n in range(frames)
    ]


def test_a_half_is_counted_at_the_other_halfs_threshold() -> None:
    made = answers([*_sequence("a", 0.8, 0.3), *_sequence("b", 0.5, 0.1)], ("vein",), (0,))
    row = cross_chosen(made, [STRUCTURE], {"vein": 0.6})["vein"]
    assert row.chosen == (0.31, 0.11)
    # Before, at 0.6: only "a" is found, and nothing wrong.
    assert (row.before.right, row.before.answers, row.before.truths) == (6, 6, 12)
    # After: "a" at 0.11 finds all and lets its noise in; "b" at 0.31 is clean.
    assert (row.after.right, row.after.answers, row.after.truths) == (12, 18, 12)


def test_a_half_that_cannot_choose_leaves_the_card_as_it_was() -> None:
    empty = [frame(f"b/{n}.png", "b", [], [(0, square(40, 40), 0.5)]) for n in range(3)]
    made = answers([*_sequence("a", 0.8, 0.3), *empty], ("vein",), (0,))
    row = cross_chosen(made, [STRUCTURE], {"vein": 0.6})["vein"]
    assert row.chosen == (0.31, None)
    # "a" stays at 0.6 and is clean; "b" has nothing to find, and one wrong answer a frame at 0.31.
    assert (row.after.right, row.after.answers) == (6, 9)


@pytest.fixture
def vein_card(card: ModelCard) -> ModelCard:
    return replace(card, classes=(STRUCTURE,), draw_priority=("vein",))


def test_a_temperature_that_does_not_help_frames_held_out_is_not_taken(
    vein_card: ModelCard,
) -> None:
    # What is fitted on one sequence is wrong on the other.
    made = answers([*graded("a", 2.0), *graded("b", 0.5)], ("vein",), (0,))
    chosen, said = calibrate(vein_card, made)
    evidence = said["temperature"]
    assert evidence["held_out_error_after"] >= evidence["held_out_error_before"]
    assert chosen.temperature == 1
    assert chosen.score_threshold == vein_card.score_threshold


def test_temperature_and_thresholds_go_into_the_card_together(vein_card: ModelCard) -> None:
    # Always right with 0.7 and always wrong with 0.3: the scores are too shy on both sequences.
    made = answers([*_sequence("a", 0.7, 0.3), *_sequence("b", 0.7, 0.3)], ("vein",), (0,))
    wrong = frame("a/x.png", "a", [(0, square(2, 2))], [(0, square(40, 2), 0.7)])
    other = frame("b/x.png", "b", [(0, square(2, 2))], [(0, square(40, 2), 0.7)])
    made = made.of_frames((*made.frames, wrong, other))
    chosen, said = calibrate(vein_card, made)
    assert chosen.temperature < 0.8
    # A threshold of 0.3 said of raw scores is less of the sharper ones.
    assert chosen.score_threshold < 0.3
    assert said["per_class"]["vein"]["after"]["f1"] >= said["per_class"]["vein"]["before"]["f1"]
    softened = made.with_temperature(chosen.temperature)
    kept = softened.shown(chosen.class_thresholds, 1.0)
    assert [len(entry.answers) for entry in kept.frames] == [1] * 14


def test_calibrating_twice_changes_nothing(vein_card: ModelCard) -> None:
    made = answers([*_sequence("a", 0.7, 0.3), *_sequence("b", 0.8, 0.3)], ("vein",), (0,))
    once, _ = calibrate(vein_card, made)
    # The second time the engine answers with the temperature of the first.
    twice, _ = calibrate(once, made.with_temperature(once.temperature))
    assert twice.temperature == pytest.approx(once.temperature, abs=1e-3)
    assert twice.score_thresholds == pytest.approx(once.score_thresholds, abs=0.011)
