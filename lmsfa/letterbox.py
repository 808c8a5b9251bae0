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

    @property
    def edges_px(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom edge of the frame, input pixels."""
        left, top = self.left_px, self.top_px
        return left, top, left + self.width_px, top + self.height_px

    def to_frame(self, boxes_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (K, 4) in input pixels -> frame pixels."""
        offset = np.array([self.left_px, self.top_px] * 2, dtype=np.float32)
        scale = np.array([self.scale_x, self.scale_y] * 2, dtype=np.float32)
        return (boxes_xyxy - offset) / scale


class Canvas:
    """The network's input, drawn on again for every frame. On one thread.

    Args:
        size_px: its side.
    """

    def __init__(self, size_px: int) -> None:
        self._pixels = np.full((size_px, size_px, 3), PADDING_GREY, dtype=np.uint8)
        self._place: Letterbox | None = None

    def draw(self, rgb: NDArray[np.uint8], place: Letterbox) -> NDArray[np.uint8]:
        """Draws a frame in its place, grey where no frame is.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            place: of frames of this shape, on an input of this size.

        Returns:
            (size, size, 3) uint8 RGB, valid until the next call.
        """
        if place != self._place:
            self._pixels[:] = PADDING_GREY
            self._place = place
        rows = slice(place.top_px, place.top_px + place.height_px)
        columns = slice(place.left_px, place.left_px + place.width_px)
        inner = self._pixels[rows, columns]
        # OpenCV writes into the canvas itself: no picture is made on the way.
        cv2.resize(rgb, (place.width_px, place.height_px), inner, interpolation=cv2.INTER_LINEAR)
        return self._pixels
