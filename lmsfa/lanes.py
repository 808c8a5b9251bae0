"""Lines side by side where structures share a border."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.contours import Curves, Points

ROUNDS = 2
"""Whoever makes way may come to lie on a third, and makes way for that in the next round."""
MAP_LANE_PX = 4
"""How wide a lane is on the small map on which lines are looked for."""
LANES_INWARDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
LANES_OUTWARDS = (-0.5, -1.0, -1.5, -2.0)
"""Where there is room is tried in this order, lanes from a line's own place."""
CROSSING_POINTS = 2
"""Points of a curve; so short a stretch below another line is a crossing, and stays one."""

_NEAR = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * MAP_LANE_PX - 1,) * 2)

Ranks = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Map:
    """Which line is on top, on a small map of the frame.

    Attributes:
        heights: (rows, columns) uint8, one more than the rank of the topmost line within a lane;
            0 where none is.
        scale: from frame pixels.
    """

    heights: NDArray[np.uint8]
    scale: float

    @classmethod
    def of(
        cls, curves: Curves, heights: NDArray[np.uint8], lane_px: float, height: int, width: int
    ) -> _Map:
        scale = MAP_LANE_PX / lane_px
        drawn = np.zeros((int(height * scale) + 3, int(width * scale) + 3), dtype=np.uint8)
        corners = cls._places(curves.points, scale)
        starts, ends = curves.chain.starts.tolist(), curves.chain.ends.tolist()
        values = heights.tolist()
        for k in np.argsort(heights, kind="stable").tolist():
            cv2.polylines(drawn, [corners[starts[k] : ends[k]]], True, values[k])
        # Of what is near the highest value counts.
        cv2.dilate(drawn, _NEAR, drawn)
        drawn[[0, -1]] = drawn[:, [0, -1]] = 0
        return cls(drawn, scale)

    def at(self, points: Points) -> NDArray[np.uint8]:
        """(…) the map's values at (…, 2) frame pixels; 0 outside of the frame."""
        places = self._places(points, self.scale)
        rows, columns = self.heights.shape
        y, x = np.clip(places[..., 1], 0, rows - 1), np.clip(places[..., 0], 0, columns - 1)
        found: NDArray[np.uint8] = self.heights[y, x]
        return found

    @staticmethod
    def _places(points: Points, scale: float) -> NDArray[np.int32]:
        """Places on the map, around which one pixel of nothing lies."""
        return np.asarray(np.floor(points * np.float32(scale) + np.float32(1)), dtype=np.int32)


def side_by_side(
    curves: Curves,
    ranks: Ranks,
    *,
    lane_px: float,
    most_inwards_px: NDArray[np.float32],
    height: int,
    width: int,
) -> tuple[Curves, NDArray[np.bool_]]:
    """Moves lines that run along a higher one so far aside that both are to be seen.

    A line that only crosses another stays: that hides no more of it than the other is wide.

    Args:
        curves: where lines are to run, in frame pixels.
        ranks: (instances,) in which order they are painted, the highest on top.
        lane_px: how far the middles of two lines must be apart.
        most_inwards_px: (M,) how far each may move into its structure.
        height: of the frame, pixels.
        width: of the frame, pixels.

    Returns:
        The curves, and (N,) which of their points lie below another line: no lane was free there.
    """
    # Eight bits are enough: the highest of more lines than any picture has make each other no way.
    heights = np.minimum(ranks[curves.owners] + 1, 255).astype(np.uint8)
    outwards, own = curves.outwards(), curves.chain.each(heights)
    room_px = curves.chain.each(most_inwards_px)
    aside = np.zeros(len(own), dtype=np.float32)
    moved = curves
    for _ in range(ROUNDS):
        topmost = _Map.of(moved, heights, lane_px, height, width)
        below = np.flatnonzero(_long_stretches(topmost.at(moved.points) > own, curves))
        if not below.size:
            return moved, np.zeros(len(own), dtype=np.bool_)
        aside[below] = _first_free(
            topmost,
            curves.points[below],
            outwards[below],
            own=own[below],
            room=(room_px[below] / lane_px).astype(np.float32),
            lane_px=lane_px,
        )
        aside = _eased(aside, curves)
        aside_px = (aside * lane_px)[:, None]
        moved = _without_kinks(curves, curves.points - outwards * aside_px, aside)
    return moved, _Map.of(moved, heights, lane_px, height, width).at(moved.points) > own


def _first_free(
    topmost: _Map,
    points: Points,
    outwards: Points,
    *,
    own: NDArray[np.uint8],
    room: NDArray[np.float32],
    lane_px: float,
) -> NDArray[np.float32]:
    """(N,) how many lanes inwards of each point no higher line is; 0 where none is free."""
    lanes = np.array([*LANES_INWARDS, *LANES_OUTWARDS], dtype=np.float32)
    tried = points - outwards * (lanes * np.float32(lane_px))[:, None, None]
    free = (topmost.at(tried) <= own) & (lanes[:, None] <= np.maximum(room, 0))
    return np.asarray(np.where(free.any(axis=0), lanes[free.argmax(axis=0)], 0), dtype=np.float32)


def _long_stretches(below: NDArray[np.bool_], curves: Curves) -> NDArray[np.bool_]:
    """Of what lies below other lines, stretches longer than a crossing."""
    before, after = curves.chain.before, curves.chain.after
    inner = below
    for _ in range(CROSSING_POINTS // 2):
        inner = inner & inner[before] & inner[after]
    for _ in range(CROSSING_POINTS // 2):
        inner = inner | inner[before] | inner[after]
    return inner


def _eased(aside: NDArray[np.float32], curves: Curves) -> NDArray[np.float32]:
    """The way aside begins before it is needed, and rises and falls smoothly."""
    before, after = curves.chain.before, curves.chain.after
    for _ in range(2):
        for beside in (aside[before], aside[after]):
            aside = np.where(np.abs(beside) > np.abs(aside), beside, aside)
    for _ in range(2):
        aside = curves.chain.smooth(aside)
    return aside


def _without_kinks(curves: Curves, points: Points, aside: NDArray[np.float32]) -> Curves:
    """Smooths what was moved, for in bends its points come too near to each other."""
    smooth = curves.chain.smooth(points)
    return replace(curves, points=np.where((aside != 0)[:, None], smooth, points))
