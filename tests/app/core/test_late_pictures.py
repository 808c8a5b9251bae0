"""Pictures that a stream brings late are named while they are; a clock that steps names none."""

import socket
import threading
import time

import numpy as np
import pytest
from made_clips import FLESH, now, until
from made_engines import SquareEngine, loader

from app.core.snapshot import Signal
from tests.soak.sender import Viewer, coded

PERIOD_S = 1 / 30
SIZE = (96, 64)


class LateSender:
    """Serves a stream in NUT over TCP whose pictures wait for `late_s` before they are sent.

    Their stamps are the times of their capture on a clock that `stepped_s` is added to.
    """

    def __init__(self):
        self.late_s = self.stepped_s = 0.0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        rng = np.random.default_rng(0)
        connection, stepped_s = self._server.accept()[0], self.stepped_s
        viewers = [Viewer(connection, SIZE)]
        start_s, waiting, taken = time.monotonic(), [], 0
        while not (self._stopping.wait(PERIOD_S / 4) or viewers[-1].is_gone):
            passed_s = time.monotonic() - start_s
            while taken * PERIOD_S <= passed_s:
                rgb = np.uint8(FLESH) + rng.integers(0, 40, (*SIZE[::-1], 3), dtype=np.uint8)
                waiting.append((taken * PERIOD_S, self.stepped_s, coded(rgb)))
                taken += 1
            while waiting and waiting[0][0] + self.late_s <= passed_s:
                captured_s, step_s, jpeg = waiting.pop(0)
                if step_s < stepped_s:
                    # One muxer takes no stamp that goes back.
                    viewers.append(Viewer(connection, SIZE))
                stepped_s = step_s
                viewers[-1].show(jpeg, captured_s + stepped_s)
        connection.close()

    def close(self):
        self._stopping.set()
        self._thread.join(10)
        self._server.close()


@pytest.fixture
def watched(pipelines):
    sender = LateSender()
    sender.stepped_s = 5000.0
    # Not their age, the word for the pictures keeps overlays away.
    pipeline = pipelines(loader(SquareEngine()), max_age_ms=60_000)
    pipeline.load("weights.safetensors")
    pipeline.open(sender.url)
    until(lambda: now(pipeline).result)
    yield sender, pipeline
    sender.close()


def seen_for(pipeline, seconds):
    """(word, age in seconds, whether there was an overlay) of every snapshot."""
    seen, end_s = [], time.monotonic() + seconds
    while time.monotonic() < end_s:
        shown = now(pipeline)
        age_s = time.monotonic() - shown.frame.captured_s
        seen.append((shown.source.signal, age_s, shown.result is not None))
        time.sleep(0.005)
    return seen


def test_a_backlog_is_named_while_it_lasts_and_draws_no_overlay(watched):
    sender, pipeline = watched
    sender.late_s = 0.8
    until(lambda: now(pipeline).source.signal is Signal.STALLED)
    until(lambda: now(pipeline).source.signal is Signal.LATE)
    # Longer than any habit could explain it away.
    seen = seen_for(pipeline, 2.5)
    assert {word for word, *_ in seen} <= {Signal.LATE, Signal.STALLED}
    assert min(age_s for _, age_s, _ in seen) > 0.75
    assert not any(has_overlay for *_, has_overlay in seen)
    sender.late_s = 0.0
    until(lambda: now(pipeline).source.signal is Signal.GOOD)
    until(lambda: now(pipeline).result)


@pytest.mark.parametrize("step_s", [60.0, 0.7, -0.7, -60.0])
def test_a_clock_that_steps_brings_no_late_picture(watched, step_s):
    sender, pipeline = watched
    sender.stepped_s += step_s
    seen = seen_for(pipeline, 0.7)
    assert Signal.LATE not in {word for word, *_ in seen}
    assert np.median([age_s for _, age_s, _ in seen]) < 0.5
    until(lambda: now(pipeline).result)
