"""Knows the made scene by the number in the picture, and meets every fault that it is told to."""

import time

import numpy as np
from made_child_engines import FAULTS, meet
from made_oracle import CARD

from app.core.self_test.time_code import read_code
from app.core.sources.phantom import read_spec
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import true_instances
from lmsfa.engine import NetworkEngine
from lmsfa.postprocess import RawAnswer
from lmsfa.prediction import Prediction

DELAY_S = 0.035


class NaNBackend:
    """A network whose numbers have gone astray; a `backends.Backend`."""

    runtime = precision = device = "astray"

    def __call__(self, _rgb, _place):
        rows = np.full((3, 4 + len(CARD.classes) + 32), np.nan, np.float32)
        return RawAnswer(rows, np.zeros((160, 160, 32), np.float32))

    def close(self):
        pass


def _answer_with_nan():
    """As the program's own engine meets it, not as a phrase."""
    NetworkEngine(CARD, NaNBackend()).predict(np.zeros((360, 640, 3), np.uint8))


FAULTS["numbers"] = _answer_with_nan


class NumberedOracle:
    """Answers any picture of the phantom that carries its number; a `registry.Engine`."""

    card = CARD
    runtime = "by heart"
    device = "test bench"
    reason = ""

    def __init__(self, folder):
        asked = read_spec((folder / "spec").read_text())
        self._fault = folder / "fault"
        self._asked = asked
        self._phantom = Phantom(SCENES[asked.scene], asked.seed, asked.width, asked.height)

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        ready_s = time.monotonic() + DELAY_S
        meet(self._fault)
        number = read_code(rgb)
        found = ()
        if number is not None:
            view = self._phantom.at(number / self._asked.rate_fps, number)
            scale = rgb.shape[1] / self._asked.width
            found = tuple(one.scaled(scale, scale) for one in true_instances(view))
        time.sleep(max(0.0, ready_s - time.monotonic()))
        return Prediction(frame_index, captured_s, found, None, "oracle")

    def close(self):
        pass


def load(weights, runtime, *, threads):
    """As `app.core.supervision.child.Loader`; `weights` is a folder with a file `spec`."""
    return NumberedOracle(weights)
