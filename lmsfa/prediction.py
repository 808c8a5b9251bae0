"""What every model answers: instances with coarse probability masks, plain numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

MASK_CUT = 128
"""Mask probabilities are stored as 0..255; a pixel belongs to the instance from one half on."""


@dataclass(frozen=True, slots=True)
class MaskPlacement:
    """Where a coarse mask lies in the frame.

    Cell (row, col) has its centre at x = left_px + (col + 0.5) * cell_width_px,
    y = top_px + (row + 0.5) * cell_height_px.

    Frame coordinates put the centre of pixel (y, x) at (x + 0.5, y + 0.5).
    """

    left_px: float
    top_px: float
    cell_width_px: float
    cell_height_px: float


@dataclass(frozen=True, slots=True)
class Region:
    """A mask in frame pixels, cut to the part of the frame that it can touch.

    `mask` is (h, w) bool and lies at rows `top : top + h`, columns `left : left + w` of the frame.
    """

    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the frame that `mask` covers, ready to index a frame with."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def iou(self, other: Region) -> float:
        """Shared pixels over all pixels of both, 0..1; 0 where neither has one."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.window[0].stop, other.window[0].stop)
        right = min(self.window[1].stop, other.window[1].stop)
        if bottom <= top or right <= left:
            return 0.0
        parts = [
            region.mask[
                top - region.top : bottom - region.top, left - region.left : right - region.left
            ]
            for region in (self, other)
        ]
        shared = int(np.count_nonzero(parts[0] & parts[1]))
        either = int(np.count_nonzero(self.mask)) + int(np.count_nonzero(other.mask)) - shared
        return shared / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One structure in one frame.

    Attributes:
        class_id: index into the model card's classes, from 0.
        score: confidence, 0..1.
        box_xyxy: left, top, right, bottom in frame pixels (float, may touch the frame's edge).
        mask: (h, w) uint8 probability, 0..255, on the model's coarse grid, cropped to the box
            with a margin of one cell where the grid has one.
        placement: where `mask` lies in the frame.
    """

    class_id: int
    score: float
    box_xyxy: tuple[float, float, float, float]
    mask: NDArray[np.uint8]
    placement: MaskPlacement

    def region(self, frame_height: int, frame_width: int) -> Region:
        """The instance's pixels: probabilities upsampled bilinearly, cut at one half, in the box.

        Args:
            frame_height: height of the frame, pixels.
            frame_width: width of the frame, pixels.
        """
        left, right = _pixels_between(self.box_xyxy[0], self.box_xyxy[2], frame_width)
        top, bottom = _pixels_between(self.box_xyxy[1], self.box_xyxy[3], frame_height)
        if right <= left or bottom <= top or self.mask.size == 0:
            return Region(top, left, np.zeros((0, 0), dtype=np.bool_))
        place = self.placement
        # The half-pixel terms keep centres on centres; else every mask shifts by half a cell.
        frame_to_cell = np.array(
            [
                [
                    1 / place.cell_width_px,
                    0,
                    (left + 0.5 - place.left_px) / place.cell_width_px - 0.5,
                ],
                [
                    0,
                    1 / place.cell_height_px,
                    (top + 0.5 - place.top_px) / place.cell_height_px - 0.5,
                ],
            ]
        )
        probability = cv2.warpAffine(
            self.mask,
            frame_to_cell,
            (right - left, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return Region(top, left, probability >= MASK_CUT)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one frame.

    Attributes:
        frame_index: index of the frame that was answered.
        captured_s: that frame's capture time, seconds on the monotonic clock.
        instances: highest score first, all at or above the card's score threshold.
        activity: name of the recognised activity, or None where the model knows none.
        model_id: SHA-256 of the weights, so that a replaced model's answer is recognised.
    """

    frame_index: int
    captured_s: float
    instances: tuple[Instance, ...]
    activity: str | None
    model_id: str


def _pixels_between(start: float, end: float, limit: int) -> tuple[int, int]:
    """First and one-past-last pixel whose centre lies in [start, end), inside 0..limit."""
    first = max(0, math.ceil(start - 0.5))
    last = min(limit, math.ceil(end - 0.5))
    return first, last
