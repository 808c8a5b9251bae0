"""How the picture moved from one frame to the next, so that motion is not taken for flicker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.following.flow import SMALLEST_SIDE_PX, Field, Grey, flow

LONGER_SIDE_PX = 480
"""Frames are brought to this longer side before their flow is measured; larger gains nothing."""
WAY_BACK_PX = 2.0
"""A pixel whose way there and back misses its start by more, on that scale, was not followed."""
FEWEST_FOLLOWED = 0.6
"""Share of followed pixels below which two frames show different scenes: a cut, or a leap."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CheckedMotion:
    """From which place of the frame before each pixel came, on the scale of the small pictures.

    Finer and slower than what moves overlays, and checked both ways: it judges them.

    Attributes:
        columns: (h, w) float32, x in the frame before.
        rows: (h, w) float32, y in the frame before.
        followed: (h, w) bool, pixels that the frame before showed too.
        moved: median way of the followed pixels, as a share of the longer side.
    """

    columns: Field
    rows: Field
    followed: Mask
    moved: float

    @property
    def same_scene(self) -> bool:
        """Whether enough of the picture could be followed to compare the two frames at all."""
        return float(self.followed.mean()) >= FEWEST_FOLLOWED

    def carried(self, mask: Mask) -> Mask:
        """A mask of the frame before, (h, w) bool, moved to where it lies now."""
        moved = cv2.remap(mask.astype(np.uint8), self.columns, self.rows, cv2.INTER_NEAREST)
        return np.asarray(moved, dtype=np.bool_)


def motion_between(before: Grey, now: Grey) -> CheckedMotion:
    """Measures the flow both ways.

    Args:
        before: what `small_grey` made of a frame, with `LONGER_SIDE_PX`.
        now: the same of the next frame, of the same size.
    """
    height, width = now.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    if min(height, width) < SMALLEST_SIDE_PX:
        return CheckedMotion(columns, rows, np.ones(now.shape, dtype=np.bool_), 0.0)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = flow(search, now, before), flow(search, before, now)
    columns, rows = columns + there[..., 0], rows + there[..., 1]
    returned = cv2.remap(back, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    followed = inside & (np.linalg.norm(there + returned, axis=2) <= WAY_BACK_PX)
    ways = np.linalg.norm(there, axis=2)[followed]
    moved = float(np.median(ways)) / max(height, width) if ways.size else 0.0
    return CheckedMotion(columns, rows, np.asarray(followed), moved)
