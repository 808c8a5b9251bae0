"""A score of 0.8 should be right in 8 of 10 answers; a temperature mends what is softly wrong."""

import numpy as np
import pytest
from made_answers import answers, frame, graded, square

from lmsfa.evaluation.calibration import (
    cross_fitted,
    fitted_temperature,
    halves,
    reliability,
    reliability_of,
)
from lmsfa.evaluation.matching import match
from lmsfa.postprocess import calibrated


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.8, 3.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(4)
    honest = rng.uniform(0.02, 0.98, 20_000)
    right = rng.random(honest.size) < honest
    # Overconfident by the temperature: softening by it gives the honest scores back.
    scores = calibrated(honest, 1 / temperature)
    assert fitted_temperature(scores, right) == pytest.approx(temperature, rel=0.05)
    assert reliability_of(calibrated(scores, temperature), right).ece < 0.02


@pytest.mark.parametrize("right", [[], [True] * 4, [False] * 4, [True, True, False, False]])
def test_where_nothing_can_be_learned_the_temperature_is_one(right: list[bool]) -> None:
    scores = np.array([0.2, 0.3, 0.8, 0.9])[: len(right)]
    assert fitted_temperature(scores, np.array(right, dtype=bool)) == 1


def test_expected_calibration_error_by_hand() -> None:
    # Bins of a fifteenth: two answers in 0.93-1.00 of which one is right, one at 0.1, wrong.
    found = reliability_of(np.array([0.95, 0.97, 0.10]), np.array([True, False, False]))
    assert found.ece == pytest.approx((2 * abs(0.96 - 0.5) + 1 * 0.10) / 3)
    assert found.answers == 3
    assert len(found.bins) == 15
    assert (found.bins[14].answers, found.bins[14].right) == (2, 0.5)
    assert (found.bins[5].answers, found.bins[5].score) == (0, None)


def test_a_score_of_exactly_one_has_its_bin() -> None:
    assert reliability_of(np.array([1.0]), np.array([True])).ece == 0


def test_no_answers_have_no_error() -> None:
    found = reliability(match(answers([frame("a/0.png", "a", [(0, square(2, 2))], [])])))
    assert (found.ece, found.answers) == (None, 0)


def test_weak_answers_do_not_drown_the_rest() -> None:
    weak = [(0, square(40, 40), 0.01)] * 50
    made = answers([frame("a/0.png", "a", [(0, square(2, 2))], [(0, square(2, 2), 0.75), *weak])])
    found = reliability(match(made))
    assert found.answers == 1
    assert found.ece == pytest.approx(0.25)


def test_halves_never_share_a_sequence() -> None:
    made = answers([frame(f"{g}/{n}.png", g, [], []) for g in "abc" for n in range(3)])
    first, second = halves(made)
    assert (first.groups, second.groups) == (("a", "c"), ("b",))
    alone = made.of_groups("a")
    assert [len(part.frames) for part in halves(alone)] == [2, 1]


def test_what_is_fitted_on_one_half_is_judged_on_the_other() -> None:
    made = answers([*graded("over", 2.0), *graded("under", 0.5)])
    over, under = cross_fitted(made)
    assert over.fitted_on == "over"
    assert over.temperature == pytest.approx(2, rel=0.01)
    assert under.temperature == pytest.approx(0.5, rel=0.01)
    assert under.before.ece > 0.05
    # Each is wrong for the other: what was right on its own half makes the other half worse.
    assert over.after.ece > over.before.ece
