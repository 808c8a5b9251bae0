"""The LMSF-A engine: letterbox, network, instances. One frame at a time, on one thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends import Backend, make_backend
from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import to_instances
from lmsfa.prediction import Prediction
from lmsfa.registry import EngineError


class LmsfaEngine:
    """Answers frames of any size; satisfies `registry.Engine`."""

    def __init__(self, card: ModelCard, backend: Backend) -> None:
        self.card = card
        self._backend = backend
        size = card.input_size_px
        self._canvas = np.zeros((size, size, 3), dtype=np.uint8)
        self._shape: tuple[int, ...] = ()
        self._place = Letterbox.fit(size, size, size)

    @property
    def runtime(self) -> str:
        """As `registry.Engine`."""
        return self._backend.runtime

    @property
    def device(self) -> str:
        """As `registry.Engine`."""
        return self._backend.device

    def predict(
        self, rgb: NDArray[np.uint8], frame_index: int = 0, captured_s: float = 0.0
    ) -> Prediction:
        """As `registry.Engine`."""
        self._lay(rgb)
        raw = self._backend(self._canvas)
        # One sum is NaN or infinite if any number in it is.
        if not np.isfinite(raw.detections.sum()) or not np.isfinite(raw.prototypes.sum()):
            raise EngineError(
                "the model answered with numbers that are not finite; load other weights"
            )
        card = self.card
        instances = to_instances(
            raw,
            len(card.classes),
            card.class_thresholds,
            card.nms_iou,
            self._place,
            temperature=card.temperature,
        )
        return Prediction(frame_index, captured_s, instances, None, card.sha256)

    def _lay(self, rgb: NDArray[np.uint8]) -> None:
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
            raise EngineError(
                "a frame must be (H, W, 3) uint8 RGB with at least one pixel, "
                f"got {rgb.shape} {rgb.dtype}"
            )
        if rgb.shape != self._shape:
            self._place = Letterbox.fit(rgb.shape[0], rgb.shape[1], self.card.input_size_px)
            self._shape = rgb.shape
        self._place.draw(rgb, self._canvas)

    def close(self) -> None:
        """As `registry.Engine`."""
        self._backend.close()


def load(weights: Path, card: ModelCard, runtime: str) -> LmsfaEngine:
    """Loads an LMSF-A weights file and answers one blank frame, so that the first real one is fast.

    Raises:
        EngineError: as `registry.load_engine`.
    """
    engine = LmsfaEngine(card, make_backend(weights, card, runtime))
    size = card.input_size_px
    engine.predict(np.zeros((size, size, 3), dtype=np.uint8))
    return engine
