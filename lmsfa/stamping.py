"""Fills the areas of instances, pixel by pixel as their masks say."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.inks import Ink
from lmsfa.prediction import MASK_CUT, Instance, has_pixels, windows
from lmsfa.upsampling import Paper, upsampled


def stamp(
    instances: Sequence[Instance], inks: Sequence[Ink], codes: NDArray[np.uint8], paper: Paper
) -> None:
    """Writes each instance's fill on the pixels of its `region` that hold lower codes.

    Args:
        instances: in any order.
        inks: of each instance.
        codes: (H, W) uint8 of the frame's size; written into.
        paper: for the upsampled masks.
    """
    boxes = windows(instances, *codes.shape)
    seen = [
        (entry, ink, box)
        for entry, ink, box in zip(instances, inks, boxes, strict=True)
        if has_pixels(entry, box)
    ]
    areas = upsampled(
        [entry.mask for entry, _, _ in seen],
        [entry.placement for entry, _, _ in seen],
        [box for _, _, box in seen],
        paper,
    )
    for (_, ink, box), area in zip(seen, areas, strict=True):
        cv2.threshold(area, MASK_CUT - 1, ink.fill, cv2.THRESH_BINARY, area)
        below = codes[box]
        cv2.max(below, area, below)
