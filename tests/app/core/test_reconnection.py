"""A live source that goes away: it is said, tried again with longer pauses, and shown."""

import threading
import time

import numpy as np
import pytest
from made_clips import now, until
from made_engines import SquareEngine, loader

from app.core.capture import MOST_HUNG, NO_MORE_READERS, CaptureWorker, Patience
from app.core.pipeline import Pipeline
from app.core.snapshot import PlaybackMode, SourceInfo, SourceState
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
        self.refusal = None
        self.hangs_always = False
        self.opened = 0
        self.closed = 0

    def source(self, _spec):
        return _OpenCard(self)


class _OpenCard:
    def __init__(self, card):
        self.card = card

    def open(self):
        if not self.card.is_there.is_set():
            raise self.card.refusal or SourceLostError("camera 0: is not there")
        self.card.opened += 1
        return SourceInfo("card", 64, 48, 50.0, None)

    def read(self):
        threading.Event().wait(0.01)
        if self.card.hangs.is_set():
            # Only one of its readers: the next opening finds it mended, as a driver that was reset.
            if not self.card.hangs_always:
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


def test_a_card_in_which_every_reader_hangs_gets_no_more_than_three(pipelines):
    card = Card()
    pipeline = opened(pipelines, card)
    card.hangs_always = True
    card.hangs.set()
    waiting = until(lambda: (found := now(pipeline).source).message == NO_MORE_READERS and found)
    assert waiting.state is SourceState.LOST
    assert card.opened == MOST_HUNG
    # Longer than the pauses and the patience with a reader: nobody tries meanwhile.
    assert not threading.Event().wait(2 * QUICK.silent_s)
    assert card.opened == MOST_HUNG
    card.hangs.clear()
    card.let_go.set()
    until(lambda: now(pipeline).result)
    assert now(pipeline).source.state is SourceState.PLAYING
    assert card.closed == MOST_HUNG


def test_a_source_is_closed_while_its_readers_hang(pipelines):
    card = Card()
    pipeline = opened(pipelines, card)
    card.hangs_always = True
    card.hangs.set()
    until(lambda: now(pipeline).source.message == NO_MORE_READERS)
    capture = pipeline._capture
    capture.stop()
    card.let_go.set()
    assert capture.join(5)


def test_a_watch_that_breaks_is_said_and_stops_its_reader(caplog):
    card = Card()
    # The marks for its openings end: nobody foresaw that.
    worker = CaptureWorker(
        "camera:0",
        iter([1]),
        Pipeline(),
        open_source=card.source,
        mode=PlaybackMode.LIVE,
        patience=QUICK,
    )
    worker.start()
    until(lambda: worker.view.frame)
    card.is_there.clear()
    fault = until(lambda: (found := worker.view.status).state is SourceState.FAULT and found)
    assert fault.message == "watching the source failed (StopIteration); open it again"
    assert worker.join(5)
    assert "Traceback" in caplog.text
    assert "camera:0" not in caplog.text


@pytest.mark.parametrize("line", ["camera 0: sends no video", "tcp://x: a recording"])
def test_what_was_once_live_is_tried_again_whatever_the_error(pipelines, line):
    card = Card()
    pipeline = opened(pipelines, card)
    card.refusal = SourceError(line)
    card.is_there.clear()
    until(lambda: now(pipeline).source.message == line)
    assert now(pipeline).source.state is SourceState.LOST
    card.is_there.set()
    until(lambda: now(pipeline).result)


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
