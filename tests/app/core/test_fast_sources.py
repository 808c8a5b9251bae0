"""Of 60 pictures a second the picture comes first: the rest follows every second time."""

import threading
import time

import numpy as np
import pytest
from made_clips import FLESH, until
from made_engines import SquareEngine, loader

from app.core.frame import Frame
from app.core.inference import InferenceWorker
from app.core.loading import LoaderHere
from app.core.pipeline import STALL_PERIODS
from app.core.snapshot import PlaybackMode, Signal, SourceInfo, SourceState
from app.core.sources import Picture
from app.core.stage import Stage
from lmsfa.following.flow import MotionMeter

PERIOD_S = 1 / 60
BEGUN_S = time.monotonic() + 3600
"""Ahead: pictures that were long on their way would be called late."""


class NoModel:
    """Counts how often somebody looks at a picture."""

    def __init__(self):
        self.looks = 0

    def settled(self, _frame):
        return True

    def covered(self, _frame, _circle):
        self.looks += 1
        return 0.0


def staged(period_s):
    model = NoModel()
    stage = Stage(1, model, PlaybackMode.LIVE)
    stage.opened(SourceInfo("made", 96, 64, 1 / period_s, None))
    return stage, model


def shown(stage, numbers, period_s, colour):
    """Shows pictures of a colour with a sensor's noise; the signal as it is said after each."""
    rng, said = np.random.default_rng(numbers[0]), []
    for number in numbers:
        rgb = np.uint8(colour) + rng.integers(0, 9, (64, 96, 3), dtype=np.uint8)
        frame = stage.frame_from(Picture(rgb, number), BEGUN_S + number * period_s)
        stage.show(frame, SourceState.PLAYING)
        said.append(stage.view.status.signal)
    return said


@pytest.mark.parametrize(("period_s", "looks"), [(1 / 30, 40), (PERIOD_S, 20)])
def test_every_other_picture_of_a_fast_source_is_looked_at(period_s, looks):
    stage, model = staged(period_s)
    said = shown(stage, range(40), period_s, FLESH)
    assert set(said) == {Signal.GOOD}
    assert looks <= model.looks <= looks + 3


@pytest.mark.parametrize("good", [20, 21])
def test_a_fault_of_a_fast_source_is_named_in_time_whichever_picture_it_begins_with(good):
    stage, _ = staged(PERIOD_S)
    shown(stage, range(good), PERIOD_S, FLESH)
    said = shown(stage, range(good, good + 10), PERIOD_S, (2, 2, 2))
    assert said.index(Signal.BLACK) < STALL_PERIODS - 1
    assert set(said[said.index(Signal.BLACK) :]) == {Signal.BLACK}
    said = shown(stage, range(good + 10, good + 20), PERIOD_S, FLESH)
    assert said.index(Signal.GOOD) < STALL_PERIODS - 1


class TimedEngine(SquareEngine):
    """Takes a chosen time for each answer."""

    def __init__(self, takes_s):
        super().__init__()
        self.takes_s, self.asked = takes_s, []

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        self.asked.append(frame_index)
        threading.Event().wait(self.takes_s)
        return super().predict(rgb, frame_index, captured_s)


@pytest.fixture
def workers(tmp_path):
    begun = []

    def make(engine):
        worker = InferenceWorker(
            tmp_path / "weights.safetensors",
            "auto",
            LoaderHere(loader(engine)),
            max_age_ms=lambda: 120.0,
            may_show=lambda: True,
            motions=MotionMeter(),
            on_change=lambda: None,
        )
        begun.append(worker)
        worker.start()
        return worker

    yield make
    for worker in begun:
        worker.stop()
        assert worker.join(5)


def offer(worker, count, period_s, *, passing, answered=lambda _number: True):
    """Offers frames one after the other; those that are to be `answered` are waited for."""
    for number in range(count):
        frame = Frame(np.full((64, 96, 3), FLESH, np.uint8), number, number * period_s, 1)
        worker.offer(frame, passing=passing)
        if answered(number):
            until(lambda frame=frame: worker.settled(frame))


def test_a_slow_model_is_asked_about_every_other_picture_of_a_fast_source(workers):
    engine = TimedEngine(0.02)
    worker = workers(engine)
    offer(worker, 13, PERIOD_S, passing=True, answered=lambda number: number % 2 == 0)
    assert engine.asked == [*range(0, 13, 2)]
    assert worker.view.status.frames_skipped == 6


@pytest.mark.parametrize(
    ("takes_s", "period_s", "passing"),
    [(0.0, PERIOD_S, True), (0.02, 1 / 30, True), (0.02, PERIOD_S, False)],
    ids=["a fast model", "a slow source", "pictures that stand or wait"],
)
def test_every_picture_is_answered_of(workers, takes_s, period_s, passing):
    engine = TimedEngine(takes_s)
    offer(workers(engine), 8, period_s, passing=passing)
    assert engine.asked == [*range(8)]
