"""Better is a word for what holds on every sequence and is not noise."""

import re

import pytest
from made_answers import answers, frame, random_answers, square

from lmsfa.errors import InputError
from lmsfa.evaluation.compare import compare


def _model(right_on, frames=20):
    """Finds the vein where `right_on(sequence, frame)` says so, and always the nerve."""
    made = []
    for sequence in ("a", "b"):
        for n in range(frames):
            found = square(2, 2) if right_on(sequence, n) else square(40, 2)
            made.append(
                frame(
                    f"{sequence}/{n}.png",
                    sequence,
                    [(0, square(2, 2)), (1, square(30, 30))],
                    [(0, found, 0.9), (1, square(30, 30), 0.8)],
                )
            )
    return answers(made)


def test_two_equal_models_are_not_better() -> None:
    made = [random_answers(seed) for seed in (1, 1)]
    found, _ = compare([made[0]], [made[1]], ["bone"])
    assert len(found) == 4
    for entry in found:
        assert entry.overall.mean == 0
        assert entry.overall.interval == (0, 0)
        assert not entry.better
        assert "not above zero" in entry.objections[0]


def test_a_model_that_finds_more_everywhere_is_better() -> None:
    found, drawn = compare([_model(lambda *_: True)] * 2, [_model(lambda _, n: n % 2 == 0)] * 2)
    assert drawn.within_patient
    ap50 = found[0]
    assert ap50.metric == "ap50"
    # Half of the veins: precision and recall are one half, which makes AP just above a quarter.
    assert ap50.overall.second[0] == pytest.approx((1 + 0.5 * 51 / 101) / 2, abs=0.02)
    assert ap50.overall.mean > 0.3
    assert ap50.overall.interval[0] > 0
    assert ap50.by_sequence.keys() == {"a", "b"}
    assert all(entry.better for entry in found)


def test_worse_on_one_sequence_is_not_better_however_large_the_gain_on_the_other() -> None:
    first = _model(lambda sequence, n: sequence == "a" or n != 3)
    second = _model(lambda sequence, n: sequence == "b" or n % 2 == 0)
    found, _ = compare([first] * 2, [second] * 2)
    assert found[0].overall.mean > 0.05
    assert not found[0].better
    assert len(found[0].objections) == 1
    assert "on b" in found[0].objections[0]


def test_a_gain_that_could_be_a_loss_is_not_better() -> None:
    # One block of each sequence is lost, two others are won: above zero, and well within noise.
    first = _model(lambda _, n: n // 5 != 0)
    second = _model(lambda _, n: n // 5 in (0, 3) or (n // 5 == 2 and n % 5 < 4))
    found, _ = compare([first] * 2, [second] * 2)
    assert found[0].overall.mean > 0
    assert found[0].overall.interval[0] < -0.01
    assert not found[0].better
    assert "lower bound" in found[0].objections[-1]


@pytest.mark.parametrize(
    ("seeds", "frames", "sequences", "said"),
    [
        (1, 20, 2, "one pair of seeds is too few, at least 2 expected"),
        (2, 10, 2, "4 blocks of 5 consecutive frames.* are too few, at least 6 expected"),
        (2, 40, 1, "one sequence is too few, at least 2 expected"),
    ],
)
def test_a_clear_gain_on_too_little_is_not_called_better(seeds, frames, sequences, said) -> None:
    groups = ("a", "b")[:sequences]
    good = _model(lambda *_: True, frames).of_groups(*groups)
    half = _model(lambda _, n: n % 2 == 0, frames).of_groups(*groups)
    found, _ = compare([good] * seeds, [half] * seeds)
    assert found[0].overall.interval[0] > 0
    assert not found[0].better
    assert len(found[0].objections) == 1
    assert re.search(said, found[0].objections[0])


def test_seeds_are_paired_by_position() -> None:
    good, half = _model(lambda *_: True), _model(lambda _, n: n % 2 == 0)
    found, _ = compare([good, half], [half, half])
    assert found[0].overall.paired[1] == 0
    assert found[0].overall.paired[0] > 0.3
    assert found[0].overall.mean == pytest.approx(found[0].overall.paired[0] / 2)


def test_both_models_see_the_same_resamples() -> None:
    # The two differ by the same veins in every block: however blocks are drawn, so do they.
    found, _ = compare([_model(lambda *_: True)], [_model(lambda _, n: n % 5 != 0)])
    low, high = found[0].overall.interval
    assert high - low < 1e-9


def test_where_patients_are_drawn_no_sequence_has_a_veto() -> None:
    def model(right):
        return answers(
            [
                frame(
                    f"p{n}/0.png",
                    f"p{n}",
                    [(0, square(2, 2))],
                    [(0, square(2 if n in right else 40, 2), 0.9)],
                )
                for n in range(12)
            ]
        )

    found, drawn = compare([model(range(12))] * 2, [model(range(3))] * 2)
    assert drawn.unit.startswith("12 ")
    assert found[0].by_sequence == {}
    assert found[0].better


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([1], [1, 1], "as many weights"),
        ([], [], "as many weights"),
        ([1], [2], "other frames"),
    ],
)
def test_what_cannot_be_paired_is_refused(first, second, said) -> None:
    made = {1: random_answers(1), 2: random_answers(1, frames=5)}
    with pytest.raises(InputError, match=said):
        compare([made[n] for n in first], [made[n] for n in second])
