import numpy as np
import pytest
from made_engines import CARD

from app.core.frame import Frame
from app.core.meters import DisplayMeter
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    Result,
    Snapshot,
    SourceState,
    SourceStatus,
    Timings,
)
from lmsfa.prediction import Prediction

RGB = np.zeros((2, 2, 3), np.uint8)


def snapshot_at(now_s, *, age_ms=None, answered=0):
    frame = Frame(RGB, 0, now_s, 1)
    result = None
    if age_ms is not None:
        answered_frame = Frame(RGB, 0, now_s - age_ms / 1000, 1)
        result = Result(answered_frame, Prediction(0, 0.0, (), None, "m"), Timings(0.0, 1.0))
    model = ModelStatus(ModelState.READY, card=CARD, frames_answered=answered)
    return Snapshot(frame, result, SourceStatus(SourceState.PLAYING), model)


def test_rates_ages_and_availability_are_those_of_what_was_shown():
    meter = DisplayMeter()
    for number in range(101):
        now_s = 10 + number / 25
        age_ms = None if number % 4 == 0 else 40 + number % 3
        meter.shown(snapshot_at(now_s, age_ms=age_ms, answered=number // 2), now_s)
    figures = meter.figures(now_s)
    assert figures.frames == 101
    assert figures.picture_fps == pytest.approx(25)
    assert figures.model_fps == pytest.approx(12.5)
    assert figures.availability == pytest.approx(75 / 101)
    assert figures.age_p50_ms == pytest.approx(41, abs=1)
    assert figures.age_p99_ms == pytest.approx(42, abs=0.1)


def test_a_short_window_sees_only_what_is_recent():
    meter = DisplayMeter()
    for number in range(100):
        meter.shown(snapshot_at(number / 10, age_ms=10), number / 10)
    for number in range(20):
        now_s = 10 + number / 20
        meter.shown(snapshot_at(now_s), now_s)
    assert meter.figures(now_s, 0.99).availability == 0
    assert meter.figures(now_s, 0.99).picture_fps == pytest.approx(20)
    assert meter.figures(now_s).availability == pytest.approx(100 / 120)


def test_what_is_over_a_minute_old_is_forgotten():
    meter = DisplayMeter()
    for number in range(100):
        meter.shown(snapshot_at(number, age_ms=5), number)
    assert meter.figures(99.0, 1e9).frames == 61
    assert meter.history[0].time_s >= 39


def test_the_history_has_a_point_every_half_second():
    meter = DisplayMeter()
    for number in range(251):
        meter.shown(snapshot_at(number / 25, age_ms=30), number / 25)
    times_s = np.array([point.time_s for point in meter.history])
    assert 19 <= len(times_s) <= 21
    assert (np.diff(times_s) >= 0.5).all()
    assert meter.history[-1].figures.picture_fps == pytest.approx(25)


def test_a_replaced_model_does_not_make_the_rate_negative():
    meter = DisplayMeter()
    for number, answered in enumerate([10, 11, 12, 0, 1, 2]):
        meter.shown(snapshot_at(number, answered=answered), number)
    assert meter.figures(5.0).model_fps == pytest.approx(4 / 5)


def test_without_frames_nothing_is_claimed():
    meter = DisplayMeter()
    meter.shown(snapshot_at(1.0, age_ms=5), 1.0)
    meter.clear()
    figures = meter.figures(1.0)
    assert (figures.frames, figures.picture_fps, figures.model_fps) == (0, 0, 0)
    assert figures.age_p50_ms is figures.age_p99_ms is figures.availability is None
    assert meter.history == ()
