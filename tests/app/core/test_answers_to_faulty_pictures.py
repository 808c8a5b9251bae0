"""What the model said of a faulty signal is not shown on the good picture that follows."""

import threading

import numpy as np
from made_clips import FLESH, now, until
from made_engines import HeldEngine, loader

from app.core.snapshot import Signal, SourceInfo
from app.core.sources import Picture


class BlueForAWhile:
    """A camera whose cable is out and in again."""

    def __init__(self):
        self.blue = threading.Event()
        self._rng = np.random.default_rng(0)

    def open(self):
        return SourceInfo("camera", 96, 64, 50.0, None)

    def read(self):
        threading.Event().wait(0.02)
        rgb = np.uint8(FLESH) + self._rng.integers(0, 9, (64, 96, 3), dtype=np.uint8)
        if self.blue.is_set():
            rgb[:] = (10, 10, 200)
        rgb[20:40, 30:60, 0] = 230
        return Picture(rgb, 0)

    def close(self):
        pass


def test_an_answer_to_a_blue_picture_is_not_shown_on_the_next_good_one(pipelines):
    camera, engine = BlueForAWhile(), HeldEngine()
    pipeline = pipelines(loader(engine), source_opener=lambda _spec: camera, max_age_ms=60_000)
    pipeline.load("weights.safetensors")
    pipeline.open("camera:0")
    engine.gate.release()
    until(lambda: now(pipeline).result)
    until(lambda: len(engine.asked) == 2)
    camera.blue.set()
    until(lambda: now(pipeline).source.signal is Signal.BLUE)
    # The answer in hand is to a good picture, the next one to a blue one.
    engine.gate.release()
    until(lambda: len(engine.asked) == 3)
    camera.blue.clear()
    until(lambda: now(pipeline).source.signal is Signal.GOOD)
    answered = now(pipeline).model.frames_answered
    engine.gate.release()
    until(lambda: now(pipeline).model.frames_answered == answered + 1)
    assert now(pipeline).result is None
    engine.gate.release()
    shown = until(lambda: now(pipeline).result)
    assert shown.frame.rgb[0, 0, 2] < 100
