"""Lays answers and words over frames, on memory that is used again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.caption import caption, marks
from app.core.headless.lettering import SAID_RGB, WARNING_RGB, burn
from lmsfa.card import ModelCard
from lmsfa.familiarity.judgement import Likeness
from lmsfa.naming.labels import Labels
from lmsfa.overlay import OverlayStyle, Painter, blend
from lmsfa.prediction import Prediction
from lmsfa.quality.field import Field


class Compositor:
    """Makes the pictures of a run without a window. On one thread.

    Args:
        card: of the model that answers.
    """

    def __init__(self, card: ModelCard) -> None:
        self._card = card
        self._style = OverlayStyle()
        self._painter, self._labels = Painter(), Labels()
        self._picture = np.empty((0, 0, 3), dtype=np.uint8)
        # A recording has no line beneath it that would say the rest.
        said = caption(card) if marks(card) else ""
        self._caption = said, WARNING_RGB if card.demonstration else SAID_RGB

    def over(
        self, rgb: NDArray[np.uint8], prediction: Prediction, field: Field | None
    ) -> NDArray[np.uint8]:
        """Lays an answer over its frame.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            prediction: for frames of this size.
            field: the field of view, as `Painter.paint`.

        Returns:
            (H, W, 3) uint8 RGB, valid until the next call.
        """
        self._fit(rgb)
        height, width = rgb.shape[:2]
        layer = self._painter.paint(prediction, self._card, self._style, height, width, field=field)
        if self._labels.write(layer, prediction, self._card, self._style, field=field):
            self._painter.written_over()
        return blend(rgb, layer, self._picture)

    def captioned(self, rgb: NDArray[np.uint8], activity: str, like: Likeness) -> NDArray[np.uint8]:
        """Burns in what the model is, what it takes the picture for, and whether it knows such.

        Args:
            rgb: (H, W, 3) uint8 RGB: a frame, or what `over` gave for it.
            activity: the words of the activity, see `activity_words`; empty where it knows none.
            like: how like the model's training the picture is.

        Returns:
            (H, W, 3) uint8 RGB, valid until the next call; `rgb` where nothing is to be said.
        """
        unlike = like.value
        if not activity and not unlike and not self._caption[0]:
            return rgb
        if rgb is not self._picture:
            self._fit(rgb)
            np.copyto(self._picture, rgb)
        burn(self._picture, (self._caption, (unlike, WARNING_RGB), (activity, SAID_RGB)))
        return self._picture

    def _fit(self, rgb: NDArray[np.uint8]) -> None:
        if self._picture.shape != rgb.shape:
            self._picture = np.empty_like(rgb)
