"""Smooth closed curves around instances, followed on their coarse masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import cv2
import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from lmsfa.prediction import MASK_CUT, Instance

RIM_CELLS = 2
"""Around each mask: one cell like its edge, so that where a mask ends it is its
edge that ends the curve, and one of nothing, so that every curve is closed."""

Points = NDArray[np.float32]
Places = NDArray[np.intp]
_Traced = tuple[list[NDArray[np.float64] | None], list[NDArray[np.uint32] | None]]


@dataclass(frozen=True, slots=True)
class Curves:
    """Closed curves around instances and around their holes.

    Attributes:
        points: (N, 2) float32, x and y in frame pixels, curve after curve; seen along the curve,
            the instance lies on the right.
        starts: (M,) the place of each curve's first point.
        owners: (M,) whose curve it is: a place in the list of instances.
    """

    points: Points
    starts: Places
    owners: Places

    @property
    def lengths(self) -> Places:
        """(M,) how many points each curve has."""
        return np.diff(self.starts, append=len(self.points))

    def neighbours(self) -> tuple[Places, Places]:
        """(N,) each: the places of the points before and after each point of its curve."""
        before = np.arange(-1, len(self.points) - 1)
        after = before + 2
        ends = self.starts + self.lengths - 1
        before[self.starts], after[ends] = ends, self.starts
        return before, after


def contours(instances: Sequence[Instance], height: int, width: int) -> Curves:
    """The curves along which the probability is one half, inside masks and frame.

    All masks are followed in one go, which costs less than preparing for each.

    Args:
        instances: whose contours.
        height: height of the frame, pixels.
        width: width of the frame, pixels.
    """
    seen = [k for k, entry in enumerate(instances) if entry.mask.size]
    if not seen:
        return _none()
    atlas, owner_at, corners = _atlas([instances[k].mask for k in seen])
    traced = contour_generator(z=atlas, line_type=LineType.ChunkCombinedOffset)
    (closed,), (offsets,) = cast(_Traced, traced.lines(MASK_CUT - 0.5))
    if closed is None or offsets is None:
        return _none()
    # Each curve comes with its first point once more at its end.
    points = np.delete(closed, offsets[1:] - 1, axis=0).astype(np.float32)
    starts = offsets[:-1].astype(np.intp) - np.arange(len(offsets) - 1)
    first = np.rint(points[starts]).astype(np.intp)
    curves = Curves(points, starts, owner_at[first[:, 1], first[:, 0]].astype(np.intp))
    curves = replace(curves, points=_smooth(curves))
    in_frame = _in_frame(curves, [instances[k] for k in seen], corners, (height, width))
    return Curves(in_frame, curves.starts, np.array(seen, dtype=np.intp)[curves.owners])


def _none() -> Curves:
    nothing = np.empty(0, dtype=np.intp)
    return Curves(np.empty((0, 2), dtype=np.float32), nothing, nothing)


def _atlas(
    masks: Sequence[NDArray[np.uint8]],
) -> tuple[NDArray[np.uint8], NDArray[np.int16], Places]:
    """All masks side by side, with their rims.

    Returns:
        (rows, columns) probability; in the same shape whose it is; (masks, 2) x and y of each
        mask's first cell.
    """
    corners, height, width = _shelves([mask.shape for mask in masks])
    atlas = np.zeros((height, width), dtype=np.uint8)
    owner_at = np.zeros((height, width), dtype=np.int16)
    for owner, (mask, (x, y)) in enumerate(zip(masks, corners, strict=True)):
        rows, columns = slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1])
        inner = atlas[_grown(rows, 1), _grown(columns, 1)]
        cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE, inner)
        owner_at[_grown(rows, RIM_CELLS), _grown(columns, RIM_CELLS)] = owner
    return atlas, owner_at, np.array(corners, dtype=np.intp)


def _grown(side: slice, cells: int) -> slice:
    return slice(side.start - cells, side.stop + cells)


def _shelves(shapes: Sequence[tuple[int, ...]]) -> tuple[list[tuple[int, int]], int, int]:
    """Places masks in rows, the tallest first: each one's x and y, height and width of all."""
    sizes = [(height + 2 * RIM_CELLS, width + 2 * RIM_CELLS) for height, width in shapes]
    area = sum(height * width for height, width in sizes)
    limit = max(math.ceil(math.sqrt(area)), *(width for _, width in sizes))
    corners = [(0, 0)] * len(sizes)
    x = y = shelf = 0
    for k in sorted(range(len(sizes)), key=lambda k: -sizes[k][0]):
        height, width = sizes[k]
        if x + width > limit:
            x, y, shelf = 0, y + shelf, 0
        corners[k] = (x + RIM_CELLS, y + RIM_CELLS)
        x, shelf = x + width, max(shelf, height)
    return corners, y + shelf, limit


def _smooth(curves: Curves) -> Points:
    """Takes out what is left of the grid by a weighted mean along each curve."""
    before, after = curves.neighbours()
    points = curves.points
    smooth: Points = (points[before] + points + points + points[after]) * np.float32(0.25)
    return smooth


def _in_frame(
    curves: Curves, instances: Sequence[Instance], corners: Places, size: tuple[int, int]
) -> Points:
    """From the atlas to frame pixels, inside mask and frame."""
    places = [entry.placement for entry in instances]
    cell = np.array([(place.cell_width_px, place.cell_height_px) for place in places])
    origin = np.array([(place.left_px, place.top_px) for place in places])
    cells = np.array([entry.mask.shape[::-1] for entry in instances])
    low, high = np.maximum(origin, 0), np.minimum(origin + cells * cell, size[::-1])

    def each(values: NDArray[np.floating[Any]]) -> Points:
        return np.repeat(values[curves.owners].astype(np.float32), curves.lengths, axis=0)

    # A cell's centre is a whole number in the atlas.
    points = curves.points * each(cell) + each(origin + (0.5 - corners) * cell)
    clipped: Points = np.clip(points, each(low), each(high))
    return clipped
