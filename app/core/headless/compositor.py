"""Lays answers over frames, on memory that is used again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.overlay import OverlayStyle, Painter, blend
from lmsfa.prediction import Prediction
from lmsfa.quality.circle import Circle


class Compositor:
    """Makes the pictures of a run without a window. On one thread.

    Args:
        card: of the model that answers.
    """

    def __init__(self, card: ModelCard) -> None:
        self._card = card
        self._style = OverlayStyle()
        self._painter = Painter()
        self._picture = np.empty((0, 0, 3), dtype=np.uint8)

    def over(
        self, rgb: NDArray[np.uint8], prediction: Prediction, circle: Circle | None
    ) -> NDArray[np.uint8]:
        """Lays an answer over its frame.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            prediction: for frames of this size.
            circle: the field of view, as `Painter.paint`.

        Returns:
            (H, W, 3) uint8 RGB, valid until the next call.
        """
        if self._picture.shape != rgb.shape:
            self._picture = np.empty_like(rgb)
        height, width = rgb.shape[:2]
        layer = self._painter.paint(
            prediction, self._card, self._style, height, width, circle=circle
        )
        return blend(rgb, layer, self._picture)
