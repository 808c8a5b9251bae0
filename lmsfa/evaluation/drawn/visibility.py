"""How much of each structure's own line is to be seen."""

from __future__ import annotations

import math

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame
from lmsfa.lines import LEAST_THICKNESS_PX, THICKNESS_SHARE

REACH_THICKNESSES = 1.5
"""How far a line may have moved aside for another: so thick are a line and the gap between both."""


def visible_shares(frame: DrawnFrame) -> list[float | None]:
    """The share of each instance's own line that is on screen, 0..1; None where it has no line.

    Its own line is what shows when it is painted alone. A pixel of it is seen where its colour is
    on screen, there or within `REACH_THICKNESSES`: lines side by side and two-coloured dashes are
    seen, a line that was wiped or covered is not. Instances of a class share their colour; beside
    the pixel itself what another one's own line explains does not count, on it does: there is a
    line of that colour where one should be.
    """
    thickness_px = max(LEAST_THICKNESS_PX, THICKNESS_SHARE * frame.height)
    reach_px = math.ceil(REACH_THICKNESSES * thickness_px)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    shares: list[float | None] = []
    for number, entry in enumerate(frame.instances):
        if not entry.line.any():
            shares.append(None)
            continue
        here = frame.shown == entry.colour
        others = np.zeros_like(here)
        for place, other in enumerate(frame.instances):
            if place != number and other.colour == entry.colour:
                others |= other.line
        free = (here & (entry.line | ~others)).astype(np.uint8)
        around = cv2.dilate(free, disc) > 0
        shares.append(float(around[entry.line].mean()))
    return shares
