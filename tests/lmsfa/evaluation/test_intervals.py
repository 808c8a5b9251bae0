"""Intervals: the same figures on frames drawn again, and honest about what was drawn."""

import json

import numpy as np
import pytest
from made_answers import answers, frame, random_answers, square

from lmsfa.evaluation.coco import judge
from lmsfa.evaluation.intervals import METRICS, intervals, percentile_interval, refigure
from lmsfa.evaluation.matching import ClassMatches, match
from lmsfa.evaluation.resampling import resample


@pytest.mark.parametrize("seed", range(12))
def test_every_frame_drawn_once_gives_the_librarys_figures(seed: int) -> None:
    made = random_answers(seed)
    figures = judge(made, 0.5)
    again = refigure(match(made), np.ones((1, len(made.frames)), int), [0.5] * 3)
    for number, row in enumerate(figures.per_class.values()):
        for metric in METRICS:
            said = getattr(row, metric)
            if said is None:
                assert not again.present[0, number]
            else:
                # Sums of a thousand numbers in another order differ in the last digit.
                assert again.values[metric][0, number] == pytest.approx(said, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_frame_drawn_twice_counts_as_two_frames(seed: int) -> None:
    made = random_answers(seed)
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 3, len(made.frames))
    repeated = [entry for entry, n in zip(made.frames, times, strict=True) for _ in range(n)]
    said = judge(made.of_frames(tuple(repeated)), 0.5)
    again = refigure(match(made), times[None], [0.5] * 3)
    for number, row in enumerate(said.per_class.values()):
        if row.instances:
            assert again.values["ap50"][0, number] == pytest.approx(row.ap50, abs=0.02)
            assert again.values["recall"][0, number] == pytest.approx(row.recall, abs=1e-12)
            assert again.values["precision"][0, number] == pytest.approx(row.precision, abs=1e-12)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    # Forty patients with three instances each; every patient has its own recall, 0.7 in mean.
    patients, each, trials, covered = 40, 3, 120, 0
    frames = answers([frame(f"{n}/a.png", str(n), [], []) for n in range(patients)]).frames
    draws = resample(frames, resamples=200).draws
    for _ in range(trials):
        own = rng.beta(7, 3, patients)
        right = (rng.random((patients, each)) < own[:, None]).ravel()
        found = ClassMatches(
            np.full(right.size, 0.9),
            np.repeat(np.arange(patients), each),
            np.tile(right, (10, 1)),
            np.full(patients, each),
        )
        low, high = percentile_interval(refigure([found], draws, [0.5]).of_class("recall", 0))
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / trials <= 0.99


def test_ten_folders_are_drawn_as_patients_and_one_patient_as_blocks_of_frames() -> None:
    ten = [frame(f"p{n % 10}/{n}.png", f"p{n % 10}", [], []) for n in range(40)]
    drawn = resample(ten, resamples=20)
    assert drawn.unit.startswith("10 folders")
    assert not drawn.within_patient
    # Frames of one patient are always drawn together.
    for owner in range(10):
        columns = drawn.draws[:, owner::10]
        assert (columns == columns[:, :1]).all()
    named = resample(ten, {entry.name: "one" for entry in ten}, resamples=20)
    assert named.within_patient
    assert "10 sequences (within patient)" in named.unit
    by_patient = resample(ten, {e.name: f"x{n // 4}" for n, e in enumerate(ten)}, resamples=20)
    assert (by_patient.unit, by_patient.note) == ("10 patients", "")


def test_known_patients_are_drawn_though_they_are_few_and_that_is_said() -> None:
    # The paper's own test split.
    frames = [frame(f"p{n // 10}/{n}.png", f"p{n // 10}", [], []) for n in range(60)]
    drawn = resample(frames, {entry.name: entry.group for entry in frames}, resamples=20)
    assert (drawn.unit, drawn.units) == ("6 patients", 6)
    assert drawn.note == "only 6 patients: the intervals are rough"
    assert not drawn.within_patient
    for start in range(0, 60, 10):
        columns = drawn.draws[:, start : start + 10]
        assert (columns == columns[:, :1]).all()


@pytest.mark.parametrize(
    ("patient", "why"),
    [
        (None, "nobody said who the patients are"),
        ("", "grouped by sequence"),
        ("P1", "one patient"),
    ],
)
def test_an_interval_within_patient_says_why(patient: str | None, why: str) -> None:
    frames = [frame(f"a/{n}.png", "a", [], []) for n in range(6)]
    patients = None if patient is None else {entry.name: patient for entry in frames}
    drawn = resample(frames, patients, resamples=20)
    assert drawn.note.startswith(why)
    assert drawn.note.endswith("within patient and say nothing about another")


def test_sequences_below_patients_are_not_taken_for_patients() -> None:
    frames = [frame(f"p{n % 2}/s{n}/1.png", f"p{n % 2}/s{n}", [], []) for n in range(12)]
    drawn = resample(frames, resamples=20)
    assert drawn.within_patient
    assert "12 sequences (within patient)" in drawn.unit


def test_blocks_hold_five_frames_in_time_order_of_one_sequence() -> None:
    # Named so that the alphabet would put frame 10 before frame 2.
    frames = [frame(f"a/{n}.png", "a", [], []) for n in range(12)]
    frames += [frame(f"b/{n}.png", "b", [], []) for n in range(7)]
    drawn = resample(frames, resamples=50)
    assert drawn.unit.startswith("5 blocks of 5 consecutive frames")
    for start, end in ((0, 5), (5, 10), (10, 12), (12, 17), (17, 19)):
        block = drawn.draws[:, start:end]
        assert (block == block[:, :1]).all()
    # As many blocks of a sequence as it has, in every resample.
    assert (drawn.draws[:, [0, 5, 10]].sum(1) == 3).all()
    assert (drawn.draws[:, [12, 17]].sum(1) == 2).all()


def test_a_resample_without_a_class_leaves_it_out_and_nothing_is_nan() -> None:
    rare = [(1, square(30, 30))]
    frames = [
        frame(
            f"a/{n}.png",
            "a",
            [(0, square(2, 2)), *(rare if n == 0 else [])],
            [(0, square(2, 2), 0.9), *((1, square(30, 30), 0.8) for _ in range(n == 0))],
        )
        for n in range(25)
    ]
    made = answers(frames)
    drawn = resample(made.frames, resamples=400)
    again = refigure(match(made), drawn.draws, [0.5, 0.5])
    without = ~again.present[:, 1]
    assert without.any()
    means, there = again.mean("ap50", [0, 1])
    assert there.all()
    assert means == pytest.approx(1)
    found = intervals(match(made), made.classes, drawn, [0.5, 0.5], ["vein"])
    assert found["per_class"]["nerve"]["ap50"] == pytest.approx((1, 1))
    assert "NaN" not in json.dumps(found)


def test_a_class_that_is_nowhere_has_no_interval() -> None:
    made = answers([frame("a/0.png", "a", [(0, square(2, 2))], [(1, square(2, 2), 0.9)])])
    found = intervals(match(made), made.classes, resample(made.frames), [0.5, 0.5], ["vein"])
    assert set(found["per_class"]["nerve"].values()) == {None}
    assert set(found["without"].values()) == {None}
    assert found["all"]["recall"] == (0, 0)


def test_neighbouring_copies_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    blocks = rng.random(12) < 0.6
    frames = [
        frame(
            f"a/{n}.png",
            "a",
            [(0, square(2, 2))],
            [(0, square(2 if blocks[n // 5] else 40, 2), 0.9)],
        )
        for n in range(60)
    ]
    made = answers(frames)
    width = {}
    for name, patients in (("blocks", None), ("frames", {f.name: f.name for f in frames})):
        drawn = resample(made.frames, patients, resamples=500)
        again = refigure(match(made), drawn.draws, [0.5, 0.5])
        low, high = percentile_interval(again.of_class("recall", 0))
        width[name] = high - low
    assert width["blocks"] > 1.5 * width["frames"]
