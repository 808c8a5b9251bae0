"""A picture unlike the model's training is named; far from it no overlay is drawn."""

import json

import pytest
from made_clips import pictures_of, square_picture, write_clip
from made_engines import StrangerEngine, loader

from app.core.familiarity import FamiliarityGate
from app.core.frame import Frame
from app.core.headless.job import Job
from app.core.headless.locked import run_locked
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    Result,
    Signal,
    Snapshot,
    SourceState,
    SourceStatus,
    Timings,
)
from lmsfa.familiarity.judgement import FAR, HELD, Likeness, likeness
from lmsfa.prediction import Prediction

RATE_FPS = 25
FAR_OFF = 1.5 * FAR


def answered(unlikeness, number, state=SourceState.PLAYING, model="a", signal=Signal.GOOD):
    """The moment of an answer."""
    frame = Frame(square_picture(0, 0, 8), number, number / RATE_FPS, 1)
    answer = Prediction(number, frame.captured_s, (), None, model, unlikeness=unlikeness)
    result = Result(frame, answer, Timings(0, 0)) if signal is Signal.GOOD else None
    source = SourceStatus(state, signal=signal)
    return Snapshot(frame, result, source, ModelStatus(ModelState.READY), newest=result)


def said(gate, unlikenesses, first=0, **more):
    """What is said of each of these answers, 25 of them a second."""
    moments = [answered(value, first + k, **more) for k, value in enumerate(unlikenesses)]
    passed = [gate.passed(moment, moment.frame.captured_s) for moment in moments]
    for moment in passed:
        assert (moment.result is None) == (moment.likeness is Likeness.FAR)
    return [moment.likeness for moment in passed]


def test_a_model_that_knows_no_training_pictures_says_nothing():
    assert set(said(FamiliarityGate(), [None] * 60)) == {Likeness.LIKE}


def test_one_odd_picture_says_nothing():
    odd = [0.5] * 30
    odd[20] = FAR_OFF
    assert set(said(FamiliarityGate(), odd)) == {Likeness.LIKE}


def test_pictures_unlike_the_training_are_named_within_a_second_and_keep_their_overlay():
    heard = said(FamiliarityGate(), [0.5] * 30 + [1.05] * 30)
    assert set(heard[:30]) == {Likeness.LIKE}
    assert heard[30 + RATE_FPS] is Likeness.UNLIKE
    assert set(heard) == {Likeness.LIKE, Likeness.UNLIKE}


def test_the_word_does_not_flicker_at_its_bound():
    heard = said(FamiliarityGate(), [1.05] * 30 + [0.99, 1.01] * 40)
    assert set(heard[30:]) == {Likeness.UNLIKE}
    assert likeness(0.99 * HELD, Likeness.UNLIKE) is Likeness.LIKE


def test_far_off_the_overlay_is_withdrawn_and_stays_so():
    gate = FamiliarityGate()
    heard = said(gate, [FAR_OFF] * 30 + [0.5] * 100)
    assert heard[RATE_FPS:] == [Likeness.FAR] * 105


def test_the_team_may_have_it_drawn_anyway_until_another_source_or_model():
    gate = FamiliarityGate()
    said(gate, [FAR_OFF] * 30)
    gate.draw_anyway()
    assert set(said(gate, [FAR_OFF] * 60, 30)) == {Likeness.UNLIKE}
    assert said(gate, [FAR_OFF] * 30, 90, model="b")[-1] is Likeness.FAR
    gate.begin_anew()
    heard = said(gate, [0.5] * 30, 120, model="b")
    assert set(heard) == {Likeness.LIKE}


def test_another_model_takes_the_withdrawal_back():
    gate = FamiliarityGate()
    assert said(gate, [FAR_OFF] * 30)[-1] is Likeness.FAR
    assert set(said(gate, [0.5] * 30, 30, model="b")) == {Likeness.LIKE}


def test_a_picture_that_stands_is_judged_by_itself():
    stands = {"state": SourceState.PAUSED}
    assert said(FamiliarityGate(), [FAR_OFF], **stands) == [Likeness.FAR]
    assert said(FamiliarityGate(), [1.05, 0.5], **stands) == [Likeness.UNLIKE, Likeness.LIKE]


def test_what_a_faulty_signal_shows_does_not_count():
    gate = FamiliarityGate()
    for start in range(0, 200, 20):
        assert set(said(gate, [FAR_OFF] * 10, start)) == {Likeness.LIKE}
        fault = answered(FAR_OFF, start + 10, signal=Signal.BARS)
        assert gate.passed(fault, fault.frame.captured_s).likeness is Likeness.LIKE


def test_a_slow_model_is_judged_too():
    gate = FamiliarityGate()
    for number in (0, 50, 100):
        moment = answered(FAR_OFF, number)
        heard = gate.passed(moment, moment.frame.captured_s).likeness
    assert heard is Likeness.FAR


@pytest.mark.parametrize(
    ("unlikeness", "word"), [(1.05, "UNLIKE"), (FAR_OFF, "FAR"), (0.5, "LIKE")]
)
def test_a_run_without_a_window_decides_frame_by_frame_and_counts(tmp_path, unlikeness, word):
    clip = tmp_path / "square.mkv"
    write_clip(clip, [square_picture(60, 40, 80, height=240, width=320)] * 12)
    engine = StrangerEngine(lambda index: unlikeness if index >= 4 else 0.5)
    weights = tmp_path / "any.safetensors"
    weights.write_bytes(b"")
    output = tmp_path / "out.mkv"
    job = Job(str(clip), weights, output=output, runtime="auto")
    outcome = run_locked(job, loader(engine))
    line = Likeness[word].value
    assert json.loads(outcome.report.as_json())["familiarity"] == ({line: 8} if line else {})
    plain, drawn = pictures_of(clip), pictures_of(output)
    middle = (slice(20, 140), slice(40, 160))
    changed = [
        abs(a.rgb[middle].astype(int) - b.rgb[middle]).max() > 40
        for a, b in zip(plain, drawn, strict=True)
    ]
    assert changed == [True] * 4 + [word != "FAR"] * 8
