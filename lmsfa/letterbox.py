"""Fitting a frame of any shape onto the square network input, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PADDING_GREY = 114
"""Grey of the border around a frame that is not square; training pads with the same."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies on the input: input = frame * scale + (left_px, top_px).

    Coordinates put the centre of pixel (y, x) at (x + 0.5, y + 0.5) on both sides.
    """

    size_px: int
    scale_x: float
    scale_y: float
    left_px: int
    top_px: int
    width_px: int
    height_px: int

    @staticmethod
    def fit(frame_height: int, frame_width: int, size_px: int) -> Letterbox:
        """Places a frame in the middle of a square of `size_px`, as large as fits, aspect kept."""
        scale = min(size_px / frame_height, size_px / frame_width)
        width = max(1, round(frame_width * scale))
        height = max(1, round(frame_height * scale))
        # Scales are those of the rounded size, so that no edge is off by a fraction of a pixel.
        return Letterbox(
            size_px,
            width / frame_width,
            height / frame_height,
            (size_px - width) // 2,
            (size_px - height) // 2,
            width,
            height,
        )

    def draw(self, rgb: NDArray[np.uint8], canvas: NDArray[np.uint8]) -> None:
        """Draws a frame onto `canvas`, (size, size, 3) uint8, grey where no frame is."""
        rows = slice(self.top_px, self.top_px + self.height_px)
        columns = slice(self.left_px, self.left_px + self.width_px)
        if (self.height_px, self.width_px) != canvas.shape[:2]:
            canvas[:] = PADDING_GREY
        canvas[rows, columns] = cv2.resize(
            rgb, (self.width_px, self.height_px), interpolation=cv2.INTER_LINEAR
        )

    def to_frame(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (K, 4) in input pixels -> frame pixels."""
        offset = np.array([self.left_px, self.top_px] * 2, dtype=np.float32)
        scale = np.array([self.scale_x, self.scale_y] * 2, dtype=np.float32)
        return (boxes_xyxy - offset) / scale
