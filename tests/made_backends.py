"""Backends that need no weights, for tests of what stands above a runtime."""

import numpy as np

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
