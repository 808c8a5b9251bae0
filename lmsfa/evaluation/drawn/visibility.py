"""How much of each structure's own line is to be seen."""

from __future__ import annotations

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame

ROUNDING = np.ones((3, 3), dtype=np.uint8)
"""A line's middle lies between pixels."""


def visible_shares(frame: DrawnFrame) -> list[float | None]:
    """The share of each instance's own line that is on screen, 0..1; None where it has no line.

    Its own line runs where the painter lays it among the others: side by side with a line that it
    shares a border with. A pixel of its middle is seen where its colour is on screen, there or one
    pixel beside it; what another line or an area covers is not. Instances of a class share their
    colour: where they cross, the one below counts as seen.
    """
    shares: list[float | None] = []
    for entry in frame.instances:
        here = (frame.shown == entry.colour).astype(np.uint8)
        seen = cv2.dilate(here, ROUNDING)[entry.middle]
        shares.append(float(seen.mean()) if seen.size else None)
    return shares
