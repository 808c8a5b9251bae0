"""Polygons to pixels, and pixels to polygons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import Region


def polygon_region(points: NDArray[np.float64], height: int, width: int) -> Region:
    """The pixels whose centre lies in a polygon, by the even-odd rule.

    Not OpenCV's or Pillow's filling: both paint the outline too, half a pixel too far on each side.

    Args:
        points: (N, 2) x and y in pixel edges, closed from the last to the first; may lie outside.
        height: of the picture, pixels.
        width: of the picture, pixels.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    left, top = (int(edge) for edge in np.clip(np.ceil(low - 0.5), 0, (width, height)))
    right, bottom = (int(edge) for edge in np.clip(np.ceil(high - 0.5), 0, (width, height)))
    if right <= left or bottom <= top:
        return Region(top, left, np.zeros((0, 0), dtype=np.bool_))
    crossings = np.zeros((bottom - top, right - left + 1), dtype=np.uint8)
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        rows, columns = _crossed(start, end, (top, bottom), (left, right))
        # One edge crosses a row once, so that no index repeats here.
        crossings[rows - top, columns - left] ^= 1
    inside = np.bitwise_xor.accumulate(crossings, axis=1)[:, :-1]
    return Region(top, left, inside.astype(np.bool_))


def _crossed(
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    rows_between: tuple[int, int],
    columns_between: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose centre line an edge crosses, and the first column right of each crossing."""
    (x1, y1), (x2, y2) = sorted((start, end), key=lambda point: float(point[1]))
    first, past = np.clip(np.ceil(np.array([y1, y2]) - 0.5), *rows_between).astype(np.int64)
    rows = np.arange(first, past)
    if rows.size == 0:
        return rows, rows
    crossed = x1 + (rows + 0.5 - y1) * ((x2 - x1) / (y2 - y1))
    columns = np.clip(np.ceil(crossed - 0.5), *columns_between).astype(np.int64)
    return rows, columns


def cut_to_box(mask: NDArray[np.bool_]) -> Region:
    """The pixels of a whole picture's mask (H, W), cut to the box around them."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return Region(0, 0, np.zeros((0, 0), dtype=np.bool_))
    top, left = int(rows[0]), int(columns[0])
    cut = mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    return Region(top, left, np.ascontiguousarray(cut))
