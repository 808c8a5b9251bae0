"""Opens lines where a structure does not end but the picture does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.contours import Curves, Points
from lmsfa.quality.circle import Circle
from lmsfa.quality.field import Field


def opened(
    curves: Curves,
    field: Field,
    *,
    near_px: NDArray[np.float32],
    beyond_px: float,
) -> Curves:
    """Moves what runs along the border of the visible picture out of it.

    Whatever leads to the border is drawn on up to it, so that no line ends before. A curve of which
    nothing would be left stays as it is: every structure has a line.

    Args:
        curves: in frame pixels.
        field: the visible picture.
        near_px: (M,) how near to the border a curve is part of it.
        beyond_px: how far outside nothing of a line is seen.
    """
    near = curves.chain.each(near_px)
    points = curves.points.copy()
    seen = field.rectangle
    first, last = (seen.left, seen.top), (seen.right, seen.bottom)
    for axis in (0, 1):
        at = points[:, axis]
        at += _moved_in(at - first[axis], near, beyond_px)
        at -= _moved_in(last[axis] - at, near, beyond_px)
    gone = ((points < first) | (points > last)).any(axis=1)
    if field.circle is not None:
        points, outside = _beyond_circle(points, field.circle, near, beyond_px)
        gone |= outside
    nothing_left = np.logical_and.reduceat(gone, curves.chain.starts)
    stays = curves.chain.each(nothing_left)[:, None]
    return replace(curves, points=np.where(stays, curves.points, points))


def _moved_in(
    inside_px: NDArray[np.floating[Any]], near_px: NDArray[np.float32], beyond_px: float
) -> NDArray[np.float32]:
    """By how much a place so far inside moves inwards: less than 0 near the border, else 0.

    From 2 `near_px` on nothing moves; at `near_px` it is moved out of sight, and between that the
    way is stretched, so that a line that leads there is not torn.
    """
    stretched = (beyond_px + 2 * near_px) / near_px
    moved = (1 - stretched) * np.maximum(2 * near_px - inside_px, 0)
    return np.asarray(moved, dtype=np.float32)


def _beyond_circle(
    points: Points, circle: Circle, near_px: NDArray[np.float32], beyond_px: float
) -> tuple[Points, NDArray[np.bool_]]:
    from_centre = points - np.array([circle.x, circle.y], dtype=np.float32)
    away_px = np.maximum(np.hypot(from_centre[:, 0], from_centre[:, 1]), np.float32(1e-6))
    moved = _moved_in(circle.radius_px - away_px, near_px, beyond_px)
    points = np.asarray(points - from_centre * (moved / away_px)[:, None], dtype=np.float32)
    return points, away_px - moved > circle.radius_px
