"""How the picture moved from one frame to the next, so that motion is not taken for flicker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_SIDE_PX = 480
"""Frames are brought to this longer side before their flow is measured; larger gains nothing."""
WAY_BACK_PX = 2.0
"""A pixel whose way there and back misses its start by more, on that scale, was not followed."""
FEWEST_FOLLOWED = 0.6
"""Share of followed pixels below which two frames show different scenes: a cut, or a leap."""
SMALLEST_SIDE_PX = 16
"""The flow looks at patches; smaller pictures hold none."""

Mask = NDArray[np.bool_]
Grey = NDArray[np.uint8]
Flow = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Motion:
    """From which place of the frame before each pixel came, on the scale of `small_grey`.

    Attributes:
        columns: (h, w) float32, x in the frame before.
        rows: (h, w) float32, y in the frame before.
        followed: (h, w) bool, pixels that the frame before showed too.
        moved: median way of the followed pixels, as a share of the longer side.
    """

    columns: Flow
    rows: Flow
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


def small_grey(rgb: NDArray[np.uint8]) -> Grey:
    """(H, W, 3) uint8 RGB -> (h, w) uint8, its longer side `LONGER_SIDE_PX` or less."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, LONGER_SIDE_PX / max(grey.shape))
    size = [max(1, round(side * scale)) for side in grey.shape[::-1]]
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def motion_between(before: Grey, now: Grey) -> Motion:
    """Measures dense inverse search flow (Kroeger et al., ECCV 2016) both ways.

    Args:
        before: what `small_grey` made of a frame.
        now: the same of the next frame, of the same size.
    """
    height, width = now.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    if min(height, width) < SMALLEST_SIDE_PX:
        return Motion(columns, rows, np.ones(now.shape, dtype=np.bool_), 0.0)
    there, back = _flow(now, before), _flow(before, now)
    columns, rows = columns + there[..., 0], rows + there[..., 1]
    returned = cv2.remap(back, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    followed = inside & (np.linalg.norm(there + returned, axis=2) <= WAY_BACK_PX)
    ways = np.linalg.norm(there, axis=2)[followed]
    moved = float(np.median(ways)) / max(height, width) if ways.size else 0.0
    return Motion(columns, rows, np.asarray(followed), moved)


def _flow(of: Grey, to: Grey) -> Flow:
    """(h, w, 2): where each pixel of one picture lies in the other, x and y ahead."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(of, to, np.zeros((*of.shape, 2), np.float32)), dtype=np.float32)
