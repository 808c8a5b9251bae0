"""Backends that need no weights, for tests of what stands above a runtime."""

import numpy as np

from lmsfa.backends.openvino_cpu import OpenVinoFp32
from lmsfa.postprocess import RawAnswer


class NothingBackend:
    """Answers at once, and wrongly: it finds nothing anywhere."""

    runtime = "nothing"
    precision = "fp32"
    device = "test bench"

    def __init__(self, _weights, card, _threads):
        cells = card.input_size_px // 4
        self.answer = RawAnswer(
            np.zeros((4, 4 + len(card.classes) + 32), np.float32),
            np.zeros((cells, cells, 32), np.float32),
        )

    def __call__(self, _rgb, _place):
        return self.answer

    def close(self):
        pass


class FailingBackend(NothingBackend):
    """Loads, and fails at its first frame, in a library's own words."""

    def __call__(self, _rgb, _place):
        raise RuntimeError("out of memory\nwhile answering")


class CuttingBackend(OpenVinoFp32):
    """Drops what the card's threshold drops, as backends on a GPU do."""

    def __init__(self, weights, card, threads):
        super().__init__(weights, card, threads)
        self.card = card

    def __call__(self, rgb, place):
        answer = super().__call__(rgb, place)
        scores = answer.detections[:, 4 : 4 + len(self.card.classes)].max(1)
        return RawAnswer(answer.detections[scores >= self.card.score_threshold], answer.prototypes)
