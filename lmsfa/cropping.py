"""Asks an engine about the part of a frame that shows a picture, and answers for the frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import Prediction
from lmsfa.quality.field import FieldOfView, field_of
from lmsfa.quality.rectangle import Rectangle
from lmsfa.registry import Engine

SAME_SCENE_S = 1.0
"""From one answered frame to the next; after more its field may be another one."""

Rgb = NDArray[np.uint8]


class CroppedFrames:
    """Gives an engine what is seen of one source's frames after the other. On one thread.

    Args:
        engine: who answers; stays open.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._field = FieldOfView()
        self._source_id: int | None = None
        self._time_s = 0.0

    def predict(
        self, rgb: Rgb, frame_index: int, captured_s: float, *, source_id: int, time_s: float
    ) -> Prediction:
        """As `registry.Engine.predict`, for all of the frame.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            frame_index: as there.
            captured_s: as there.
            source_id: of another one the field is looked for anew.
            time_s: the frame's time in its source; after a leap the field is looked for anew.
        """
        if source_id != self._source_id or abs(time_s - self._time_s) > SAME_SCENE_S:
            self._field = FieldOfView()
        self._source_id, self._time_s = source_id, time_s
        seen = self._field.follow(rgb).rectangle
        return predict_within(self._engine, rgb, seen, frame_index, captured_s)


def predict_picture_within(engine: Engine, rgb: Rgb) -> Prediction:
    """What an engine says of a single picture, by what is seen in it."""
    return predict_within(engine, rgb, field_of(rgb).rectangle)


def predict_within(
    engine: Engine,
    rgb: Rgb,
    rectangle: Rectangle,
    frame_index: int = 0,
    captured_s: float = 0.0,
) -> Prediction:
    """What an engine says of a part of a frame, in the frame's pixels.

    Args:
        engine: who answers.
        rgb: (H, W, 3) uint8 RGB, the frame.
        rectangle: the part.
        frame_index: as `registry.Engine.predict`.
        captured_s: as `registry.Engine.predict`.
    """
    prediction = engine.predict(rectangle.cut(rgb), frame_index, captured_s)
    if not rectangle.left and not rectangle.top:
        return prediction
    return prediction.shifted(rectangle.left, rectangle.top)
