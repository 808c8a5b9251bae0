"""Pixels to polygons that give exactly these pixels back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import Region

Corner = tuple[int, int]


def rings_of(region: Region) -> list[NDArray[np.float64]]:
    """The closed lines along the pixel edges around a mask and around its holes.

    Filled together by the even-odd rule they are the mask. Each is (N, 2), x and y, with a point
    where the line turns.
    """
    padded = np.pad(region.mask, 1)
    leaving = _edges(padded)
    offset = np.array([region.left - 1, region.top - 1])
    rings = []
    while leaving:
        start = next(iter(leaving))
        ring = _turns(_walk(leaving, start))
        rings.append(np.array(ring, dtype=np.float64) + offset)
    return rings


def _edges(padded: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """Where to go on from each pixel corner, keeping the mask at one's right hand."""
    leaving: dict[Corner, list[Corner]] = {}
    # Changes from one pixel to its right neighbour are vertical edges, to its lower one horizontal.
    beside = padded[:, 1:].astype(np.int8) - padded[:, :-1]
    below = padded[1:].astype(np.int8) - padded[:-1]
    for y, x in np.argwhere(beside).tolist():
        ends = ((x + 1, y + 1), (x + 1, y))
        start, end = ends if beside[y, x] > 0 else ends[::-1]
        leaving.setdefault(start, []).append(end)
    for y, x in np.argwhere(below).tolist():
        ends = ((x, y + 1), (x + 1, y + 1))
        start, end = ends if below[y, x] > 0 else ends[::-1]
        leaving.setdefault(start, []).append(end)
    return leaving


def _walk(leaving: dict[Corner, list[Corner]], start: Corner) -> list[Corner]:
    """One closed line, which is taken out of `leaving`."""
    line, place = [], start
    while place in leaving:
        line.append(place)
        onward = leaving[place]
        following = onward.pop()
        if not onward:
            del leaving[place]
        place = following
    return line


def _turns(line: list[Corner]) -> list[Corner]:
    kept = []
    befores, afters = line[-1:] + line[:-1], line[1:] + line[:1]
    for before, corner, after in zip(befores, line, afters, strict=True):
        straight = before[0] == corner[0] == after[0] or before[1] == corner[1] == after[1]
        if not straight:
            kept.append(corner)
    return kept


def seamed(rings: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """One closed line for several, joined by seams that are passed once in each direction.

    A seam has no area, so that parts stay apart and holes stay holes.
    """
    whole = rings[0]
    for ring in rings[1:]:
        apart = np.abs(whole[:, None] - ring[None]).sum(axis=2)
        there, here = np.unravel_index(int(apart.argmin()), apart.shape)
        around = np.concatenate([ring[here:], ring[: here + 1]])
        whole = np.concatenate([whole[: there + 1], around, whole[there:]])
    return whole
