"""The visible picture, as the window finds it, and what is drawn beyond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.evaluation.drawn.painting import DrawnFrame
from lmsfa.quality.circle import Circle, Scan, find_circle
from lmsfa.quality.field import CONFIRMING_FRAMES, FieldOfView

SPARED_SHARE = 0.01
"""Of the shorter side: the rim that is followed wavers by about so much."""

Rgb = NDArray[np.uint8]


class ShownField:
    """Finds the field that a window hands to its painter, as if it had seen the source a while."""

    def __init__(self) -> None:
        self._field: FieldOfView | None = None

    def follow(self, rgb: Rgb) -> Circle | None:
        """The field of the next picture, (H, W, 3) uint8 RGB, of one source."""
        if self._field is None:
            self._field = FieldOfView()
            for _ in range(CONFIRMING_FRAMES - 1):
                self._field.follow(rgb)
        return self._field.follow(rgb)


def outside(frame: DrawnFrame, rgb: Rgb) -> int | None:
    """How many outlines have a pixel beyond the visible picture; None where all of it is visible.

    Args:
        frame: what is drawn.
        rgb: (H, W, 3) uint8 RGB, the picture; its field is found in it alone.
    """
    circle = find_circle(Scan(rgb))
    if circle is None:
        return None
    reach = 1 + SPARED_SHARE * frame.side_px / circle.radius_px
    beyond = circle.scaled(1.0, reach).mask(frame.height, frame.width) == 0
    return sum(bool((entry.line & beyond).any()) for entry in frame.instances)
