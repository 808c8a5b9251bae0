"""Smooth outlines, drawn from the coarse mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import MASK_CUT, Instance

STEP_PX = 3.0
"""Contours are followed on a grid of about this many frame pixels and then moved onto the cut
between its points, which is nine times less work than following them on the frame itself."""
FEWEST_STEPS = 4
"""So that the smallest instance has a contour too."""
THICKNESS_SHARE = 1 / 270
"""Of the frame's height: 4 pixels on 1080 lines, to be seen from two metres."""
SUBPIXEL_BITS = 4
SMOOTHING = {shift: (4 - abs(shift)) / 16 for shift in range(-3, 4)}
"""Weight of each neighbour along a contour; reaches nine pixels, less than a coarse cell."""

Curve = NDArray[np.float32]
"""(n, 2): x and y of the points of a closed curve."""


def draw_outline(
    rgba: NDArray[np.uint8], instance: Instance, ink: tuple[int, int, int, int]
) -> None:
    """Draws an instance's outline with soft edges.

    Args:
        rgba: (H, W, 4) uint8 layer, colours multiplied by alpha; drawn into.
        instance: whose outline.
        ink: RGBA 0..255, colour multiplied by alpha.
    """
    height, width = rgba.shape[:2]
    # OpenCV puts pixel centres on whole numbers, our frames on halves.
    curves = [
        np.rint((curve - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
        for curve in contours(instance, height, width)
    ]
    thickness_px = max(1, round(height * THICKNESS_SHARE))
    cv2.polylines(rgba, curves, True, ink, thickness_px, cv2.LINE_AA, SUBPIXEL_BITS)


def contours(instance: Instance, height: int, width: int) -> list[Curve]:
    """The closed curves around an instance and around its holes, in frame pixels.

    Args:
        instance: whose contours.
        height: height of the frame, pixels.
        width: width of the frame, pixels.
    """
    left, right = max(0.0, instance.box_xyxy[0]), min(float(width), instance.box_xyxy[2])
    top, bottom = max(0.0, instance.box_xyxy[1]), min(float(height), instance.box_xyxy[3])
    if right <= left or bottom <= top or instance.mask.size == 0:
        return []
    columns, rows = (
        max(FEWEST_STEPS, round((right - left) / STEP_PX)),
        max(FEWEST_STEPS, round((bottom - top) / STEP_PX)),
    )
    step = np.array([(right - left) / columns, (bottom - top) / rows], dtype=np.float32)
    probability = _sampled(instance, (left, top), step, (columns, rows))
    inside = (probability >= MASK_CUT).astype(np.uint8)
    curves, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    corner = np.array([left, top], dtype=np.float32)
    # Grid point (1, 1) is the first inside the box, half a step from its corner.
    return [
        corner + (_smooth(_on_the_cut(curve[:, 0].astype(np.intp), probability)) - 0.5) * step
        for curve in curves
    ]


def _sampled(
    instance: Instance,
    corner_px: tuple[float, float],
    step: NDArray[np.float32],
    size: tuple[int, int],
) -> NDArray[np.float32]:
    """(rows + 2, columns + 2) probability, 0..255, in the box, with a rim of 0 around it."""
    place = instance.placement
    cell = np.array([place.cell_width_px, place.cell_height_px])
    origin = np.array([place.left_px, place.top_px])
    scale = step / cell
    shift = (np.array(corner_px) + step / 2 - origin) / cell - 0.5
    grid_to_cell = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    sampled = cv2.warpAffine(
        instance.mask.astype(np.float32),
        grid_to_cell,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.pad(sampled, 1)


def _on_the_cut(points: NDArray[np.intp], probability: NDArray[np.float32]) -> Curve:
    """Moves grid points just inside a contour down the slope, to where the cut runs."""
    x, y = points[:, 0], points[:, 1]
    here = probability[y, x]
    slope = np.stack(
        [
            _steeper(probability[y, x + 1] - here, here - probability[y, x - 1]),
            _steeper(probability[y + 1, x] - here, here - probability[y - 1, x]),
        ],
        axis=1,
    )
    steepness = np.maximum((slope**2).sum(axis=1), 1e-6)
    move = slope * ((MASK_CUT - 0.5 - here) / steepness)[:, None]
    return np.asarray(points + np.clip(move, -1, 1), dtype=np.float32)


def _steeper(after: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """Masks have steep edges: the mean of both sides would put the cut too far out."""
    return np.asarray(np.where(np.abs(after) > np.abs(before), after, before), dtype=np.float32)


def _smooth(curve: Curve) -> Curve:
    """Takes out what is left of the grid by a weighted mean along the contour."""
    mean = np.zeros_like(curve)
    for shift, weight in SMOOTHING.items():
        mean += np.roll(curve, shift, axis=0) * np.float32(weight)
    return mean
