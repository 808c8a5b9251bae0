"""Smooth closed curves around instances, followed on their coarse masks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import cv2
import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from lmsfa.atlas import Atlas, Places
from lmsfa.prediction import MASK_CUT

STEP_CELLS = 1.0
"""From point to point of a curve."""
FEWEST_POINTS = 8
"""Of a curve, however small."""
SMOOTHINGS = 1
"""Means along each curve, over a neighbour on both sides."""
LEAST_HOLE_CELLS = 12.0
"""A smaller hole is a slit in the mask and none in the structure."""

Points = NDArray[np.float32]
_Traced = tuple[list[NDArray[np.float64] | None], list[NDArray[np.uint32] | None]]


class Chain:
    """How points follow each other in closed curves.

    Args:
        starts: (M,) the place of each curve's first point.
        count: how many points all curves have together.

    Attributes:
        starts: as given.
        ends: (M,) the place behind each curve's last point.
        lengths: (M,) how many points each curve has.
        before: (N,) the place of the point before each point of its curve.
        after: (N,) the place of the point after it.
    """

    def __init__(self, starts: Places, count: int) -> None:
        self.starts = starts
        self.ends = np.append(starts[1:], count)
        self.lengths = self.ends - starts
        self.before, self.after = np.arange(-1, count - 1), np.arange(1, count + 1)
        self.before[starts], self.after[self.ends - 1] = self.ends - 1, starts

    def each(self, values: NDArray[Any]) -> NDArray[Any]:
        """(M, …), something a curve -> (N, …), the same at each of its points."""
        return np.repeat(values, self.lengths, axis=0)

    def smooth(self, points: Points) -> Points:
        """(N, …) the weighted mean of each point and its two neighbours."""
        # take() is faster than an index in brackets.
        mean: Points = points.take(self.before, axis=0)
        mean += points.take(self.after, axis=0)
        mean += points
        mean += points
        mean *= np.float32(0.25)
        return mean


@dataclass(frozen=True, slots=True)
class Curves:
    """Closed curves around instances and around their holes.

    Attributes:
        points: (N, 2) float32, x and y in frame pixels, curve after curve; seen along the curve,
            the instance lies on the right.
        chain: how they follow each other.
        owners: (M,) whose curve it is: a place in the list of instances.
    """

    points: Points
    chain: Chain
    owners: Places

    def part(self, curve: int) -> slice:
        """Where a curve's points are."""
        return slice(int(self.chain.starts[curve]), int(self.chain.ends[curve]))

    def outwards(self) -> Points:
        """(N, 2) away from the instance, of length one; (0, 0) where a curve stands still."""
        before, after = self.chain.before, self.chain.after
        tangent = self.points.take(after, axis=0) - self.points.take(before, axis=0)
        length_px = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), np.float32(1e-6))
        away: Points = tangent[:, ::-1] / length_px[:, None]
        away[:, 1] *= -1
        return away

    def steps(self) -> NDArray[np.float32]:
        """(N,) from each point to the next of its curve."""
        step = self.points.take(self.chain.after, axis=0) - self.points
        return np.asarray(np.hypot(step[:, 0], step[:, 1]))

    def areas(self) -> NDArray[np.float32]:
        """(M,) what each encloses; a hole's is below 0."""
        # Near each curve's own start, so that large coordinates cost no digits.
        near = self.points - self.chain.each(self.points[self.chain.starts])
        there = near[self.chain.after]
        crossed = near[:, 0] * there[:, 1] - near[:, 1] * there[:, 0]
        return np.asarray(np.add.reduceat(crossed, self.chain.starts) / 2)


def contours(atlas: Atlas) -> Curves:
    """The curves along which the probability is one half, around each instance and its holes.

    All masks are followed in one go, which costs less than preparing for each.
    """
    traced = contour_generator(z=atlas.cells, line_type=LineType.ChunkCombinedOffset)
    (closed,), (offsets,) = cast(_Traced, traced.lines(MASK_CUT - 0.5))
    if closed is None or offsets is None:
        nothing = np.empty(0, dtype=np.intp)
        return Curves(np.empty((0, 2), dtype=np.float32), Chain(nothing, 0), nothing)
    # Each curve comes with its first point once more at its end.
    points = np.delete(closed, offsets[1:] - 1, axis=0).astype(np.float32)
    starts = offsets[:-1].astype(np.intp) - np.arange(len(offsets) - 1)
    first = np.rint(points[starts]).astype(np.intp)
    owners = atlas.owner_at[first[:, 1], first[:, 0]].astype(np.intp)
    curves = _true_ones(Curves(points, Chain(starts, len(points)), owners), atlas)
    return _in_frame(_smooth(_even(_in_mask(curves, atlas))), atlas)


def _true_ones(curves: Curves, atlas: Atlas) -> Curves:
    """Of each instance one piece, and its holes that are no slits.

    That piece is chosen which fills most of the instance's box: there the model saw it.
    """
    areas = curves.areas()
    outer = np.flatnonzero(areas > 0)
    kept = areas <= -LEAST_HOLE_CELLS
    if len(outer) == len(np.unique(curves.owners[outer])):
        kept[outer] = True
    else:
        rising = outer[np.lexsort((_in_box(curves, atlas, areas)[outer], curves.owners[outer]))]
        kept[rising[np.diff(curves.owners[rising], append=-1) != 0]] = True
        for hole in np.flatnonzero(kept & (areas < 0)).tolist():
            (around,) = np.flatnonzero(kept & (areas > 0) & (curves.owners == curves.owners[hole]))
            x, y = curves.points[curves.chain.starts[hole]].tolist()
            kept[hole] = (
                cv2.pointPolygonTest(curves.points[curves.part(int(around))], (x, y), False) > 0
            )
    if kept.all():
        return curves
    points = curves.points[curves.chain.each(kept)]
    lengths = curves.chain.lengths[kept]
    return Curves(points, Chain(np.cumsum(lengths) - lengths, len(points)), curves.owners[kept])


def _in_box(curves: Curves, atlas: Atlas, areas: NDArray[np.float32]) -> NDArray[np.float64]:
    """(M,) what each encloses of its instance's box, about: as if it filled its own box evenly."""
    cells_px, first_px = atlas.to_frame()
    boxes = np.array([entry.box_xyxy for entry in atlas.instances]).reshape(-1, 2, 2)
    low, high = ((boxes - first_px[:, None]) / cells_px[:, None])[curves.owners].transpose(1, 0, 2)
    least = np.minimum.reduceat(curves.points, curves.chain.starts)
    most = np.maximum.reduceat(curves.points, curves.chain.starts)
    shared = np.maximum(np.minimum(most, high) - np.maximum(least, low), 0)
    return np.asarray(areas * (shared / np.maximum(most - least, 1e-6)).prod(axis=1))


def _in_mask(curves: Curves, atlas: Atlas) -> Curves:
    """Takes back what reaches into a mask's rim."""
    sizes = np.array([entry.mask.shape[::-1] for entry in atlas.instances])
    low = (atlas.corners - 0.5)[curves.owners].astype(np.float32)
    high = low + sizes[curves.owners].astype(np.float32)
    return replace(
        curves, points=np.clip(curves.points, curves.chain.each(low), curves.chain.each(high))
    )


def _even(curves: Curves) -> Curves:
    """The same curves with points at even distances."""
    steps = curves.steps().astype(np.float64)
    way = np.cumsum(steps)
    ends = way[curves.chain.ends - 1]
    begins = np.concatenate([[0.0], ends[:-1]])
    counts = np.maximum(np.ceil((ends - begins) / STEP_CELLS), FEWEST_POINTS).astype(np.intp)
    starts = np.cumsum(counts) - counts
    chain = Chain(starts, int(counts.sum()))
    number = np.arange(chain.before.size) - chain.each(starts)
    at = chain.each(begins) + number * chain.each((ends - begins) / counts)
    # The point before each place, and how far the place lies on the way to the next.
    place = np.minimum(np.searchsorted(way, at, side="right"), len(way) - 1)
    share = 1 - (way[place] - at) / np.maximum(steps[place], 1e-9)
    here = curves.points.take(place, axis=0)
    there = curves.points.take(curves.chain.after[place], axis=0)
    points = here + (there - here) * np.clip(share, 0, 1)[:, None].astype(np.float32)
    return Curves(points, chain, curves.owners)


def _smooth(curves: Curves) -> Curves:
    """Takes out what is left of the grid by weighted means along each curve."""
    points = curves.points
    for _ in range(SMOOTHINGS):
        points = curves.chain.smooth(points)
    return replace(curves, points=points)


def _in_frame(curves: Curves, atlas: Atlas) -> Curves:
    """From the atlas to frame pixels."""
    cells_px, first_px = (part[curves.owners].astype(np.float32) for part in atlas.to_frame())
    each = curves.chain.each
    return replace(curves, points=curves.points * each(cells_px) + each(first_px))
