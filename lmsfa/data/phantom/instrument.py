"""A grasping forceps that comes in from the side, does something, and leaves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.phantom.drift import Drift

FRACTION_BITS = 4
"""OpenCV's polygons at sixteenths of a pixel, so that slow motion is smooth."""
SHAFT = 0.085
"""Half of its width, as a share of the lens circle's radius."""
STEEL = np.array([[96, 100, 106], [196, 201, 206], [236, 240, 243], [120, 124, 130], [70, 73, 78]])
"""RGB across the shaft, from one side to the other."""

Points = NDArray[np.float64]


class Forceps:
    """Where it is at a time, and how it looks.

    Args:
        rng: where chance comes from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._angle = rng.uniform(0, 2 * np.pi)
        self._reach, self._swing, self._open = Drift(rng, 5.0), Drift(rng, 4.0), Drift(rng, 2.0)

    def draw(
        self,
        rgb: NDArray[np.uint8],
        numbers: NDArray[np.uint8],
        centre: tuple[float, float],
        radius_px: float,
        time_s: float,
    ) -> None:
        """Draws it into a picture, and takes the structures' numbers away where it covers them.

        Args:
            rgb: (H, W, 3) uint8; drawn into.
            numbers: (H, W) uint8; written into.
            centre: x and y of the lens circle, pixels.
            radius_px: of the lens circle.
            time_s: when.
        """
        depth = 0.72 - 0.62 * self._reach.at(time_s)
        if depth >= 1:
            return
        angle = self._angle + 0.35 * self._swing.at(time_s)
        out = np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-out[1], out[0]])
        middle = np.array(centre)
        tip, end = middle + out * depth * radius_px, middle + out * 1.3 * radius_px
        half = SHAFT * radius_px
        whole = np.zeros(numbers.shape, dtype=np.uint8)
        for number, colour in enumerate(STEEL):
            low, high = (half * (2 * place / len(STEEL) - 1) for place in (number, number + 1))
            strip = np.array(
                [tip + side * low, end + side * low, end + side * high, tip + side * high]
            )
            _fill(rgb, strip, colour)
            _fill(whole, strip, 1)
        spread = 0.35 + 0.3 * self._open.at(time_s)
        for sign in (-1, 1):
            jaw = _jaw(tip, -out, side * sign, half, spread)
            _fill(rgb, jaw, STEEL[1] if sign < 0 else STEEL[3])
            _fill(whole, jaw, 1)
        numbers[whole > 0] = 0


def _jaw(tip: Points, along: Points, side: Points, half: float, spread: float) -> Points:
    ahead = along * half * 3.2
    return np.array(
        [
            tip,
            tip + side * half,
            tip + ahead * 0.6 + side * half * (0.9 + spread),
            tip + ahead + side * half * (0.15 + 1.6 * spread),
            tip + ahead * 0.55 + side * half * 0.9 * spread,
        ]
    )


def _fill(picture: NDArray[np.uint8], points: Points, colour: object) -> None:
    fixed = np.rint(points * 2**FRACTION_BITS).astype(np.int32)
    values = np.atleast_1d(np.asarray(colour)).tolist()
    soft = cv2.LINE_AA if picture.ndim == 3 else cv2.LINE_8
    cv2.fillPoly(picture, [fixed], values, soft, FRACTION_BITS)
