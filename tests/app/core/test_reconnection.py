"""A live source that goes away: it is said, tried again with longer pauses, and shown."""

import threading
import time

import numpy as np
from made_clips import now, until
from made_engines import SquareEngine, loader

from app.core.capture import Patience
from app.core.snapshot import SourceInfo, SourceState
from app.core.sources import Picture, SourceError, SourceLostError

QUICK = Patience(opening_s=0.5, silent_s=0.3, pauses_s=(0.01, 0.02))
PICTURE = np.full((48, 64, 3), 90, np.uint8)
PICTURE[10:30, 20:40] = 230


class Card:
    """A capture card with a cable: what its next openings and readings do is told beforehand."""

    def __init__(self):
        self.is_there = threading.Event()
        self.is_there.set()
        self.hangs = threading.Event()
        self.let_go = threading.Event()
        self.opened = 0
        self.closed = 0

    def source(self, _spec):
        return _OpenCard(self)


class _OpenCard:
    def __init__(self, card):
        self.card = card

    def open(self):
        if not self.card.is_there.is_set():
            raise SourceLostError("camera 0: is not there")
        self.card.opened += 1
        return SourceInfo("card", 64, 48, 50.0, None)

    def read(self):
        threading.Event().wait(0.01)
        if self.card.hangs.is_set():
            # Only one of its readers: the next opening finds it mended, as a driver that was reset.
            self.card.hangs.clear()
            assert self.card.let_go.wait(20)
        if not self.card.is_there.is_set():
            raise SourceLostError("camera 0: gives no pictures any more")
        return Picture(PICTURE.copy(), 0)

    def close(self):
        self.card.closed += 1


def opened(pipelines, card):
    pipeline = pipelines(loader(SquareEngine()), source_opener=card.source, patience=QUICK)
    pipeline.load("weights.safetensors")
    pipeline.open("camera:0")
    until(lambda: now(pipeline).result)
    return pipeline


def test_a_lost_camera_is_said_and_shown_again_when_it_returns(pipelines):
    card = Card()
    pipeline = opened(pipelines, card)
    card.is_there.clear()
    lost = until(lambda: (found := now(pipeline)).source.state is SourceState.LOST and found)
    assert lost.result is None
    assert lost.frame is not None
    until(lambda: now(pipeline).source.message == "camera 0: is not there")
    read = now(pipeline).source.frames_read
    card.is_there.set()
    back = until(lambda: (found := now(pipeline)).result and found)
    assert back.source.state is SourceState.PLAYING
    assert back.source.message == ""
    assert back.source.frames_read > read
    assert back.result.frame.source_id == back.frame.source_id != lost.frame.source_id
    assert card.opened == 2


def test_a_camera_that_comes_later_is_found(pipelines):
    card = Card()
    card.is_there.clear()
    pipeline = pipelines(loader(SquareEngine()), source_opener=card.source, patience=QUICK)
    pipeline.open("camera:0")
    until(lambda: now(pipeline).source.state is SourceState.LOST)
    assert now(pipeline).frame is None
    card.is_there.set()
    shown = until(lambda: (found := now(pipeline)).frame is not None and found)
    assert shown.source.state is SourceState.PLAYING


def test_a_reader_that_never_returns_is_replaced_and_shows_nothing_when_it_does(pipelines):
    card = Card()
    pipeline = opened(pipelines, card)
    stuck = now(pipeline).frame.source_id
    card.hangs.set()
    until(lambda: now(pipeline).source.message == "the source does not answer")
    back = until(lambda: (found := now(pipeline)).result and found)
    assert back.frame.source_id != stuck
    assert card.closed == 0
    card.let_go.set()
    until(lambda: card.closed == 1)
    assert now(pipeline).frame.source_id == back.frame.source_id


def test_the_pauses_between_attempts_grow_to_the_longest(pipelines):
    attempts = []

    def refuse(_spec):
        attempts.append(time.monotonic())
        raise SourceLostError("camera 0: is not there")

    patience = Patience(pauses_s=(0.01, 0.05, 0.2))
    pipeline = pipelines(loader(SquareEngine()), source_opener=refuse, patience=patience)
    pipeline.open("camera:0")
    until(lambda: len(attempts) == 5)
    pauses_s = np.diff(attempts)
    assert (pauses_s >= [0.01, 0.05, 0.2, 0.2]).all()


def test_what_can_never_be_shown_is_not_tried_again(pipelines):
    attempts = []

    def refuse(_spec):
        attempts.append(1)
        raise SourceError("tcp://x: a recording, not a live stream")

    pipeline = pipelines(loader(SquareEngine()), source_opener=refuse, patience=QUICK)
    pipeline.open("tcp://x")
    until(lambda: now(pipeline).source.state is SourceState.FAULT)
    capture = pipeline._capture
    assert capture.join(5)
    assert len(attempts) == 1


def test_a_broken_live_reader_begins_again(pipelines, caplog):
    card = Card()
    pipeline = opened(pipelines, card)
    broken = threading.Event()
    read = _OpenCard.read

    def breaks_once(self):
        if not broken.is_set():
            broken.set()
            raise ValueError("a frame of a kind that nobody foresaw")
        return read(self)

    _OpenCard.read = breaks_once
    try:
        until(broken.is_set)
        until(lambda: card.opened == 2 and now(pipeline).result)
    finally:
        _OpenCard.read = read
    assert "Traceback" in caplog.text


def test_closing_ends_both_threads_while_a_source_is_lost(pipelines):
    card = Card()
    pipeline = opened(pipelines, card)
    card.is_there.clear()
    until(lambda: now(pipeline).source.state is SourceState.LOST)
    pipeline.close()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("capture")]


def test_of_streams_that_were_left_nothing_is_kept(pipelines):
    card = Card()
    pipeline = pipelines(loader(SquareEngine()), source_opener=card.source, patience=QUICK)
    for number in range(5):
        pipeline.open(f"tcp://somewhere:{number}")
        until(lambda: now(pipeline).source.state is SourceState.PLAYING)
        until(lambda: card.opened - card.closed == 1)
        until(lambda: [thread.name for thread in threading.enumerate()].count("capture watch") == 1)
    pipeline.open("tcp://somewhere:5")
    assert len(pipeline._last_on_device) <= 2
