"""What is drawn beyond the visible picture."""

from __future__ import annotations

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame
from lmsfa.quality.field import Field

SPARED_SHARE = 0.01
"""Of the shorter side: the rim that is followed wavers by about so much."""


def outside(frame: DrawnFrame, field: Field) -> int | None:
    """How many outlines have a pixel beyond the visible picture; None where all of it is visible.

    Args:
        frame: what is drawn.
        field: found in this picture alone.
    """
    if field == Field.whole(frame.height, frame.width):
        return None
    side = 1 + 2 * round(SPARED_SHARE * frame.side_px)
    spared = cv2.dilate(field.mask(frame.height, frame.width), np.ones((side, side), np.uint8))
    beyond = spared == 0
    return sum(bool((entry.line & beyond).any()) for entry in frame.instances)
