"""Masks by filters of their own: each instance brings a small network that reads shared features.

Conditional convolutions (CondInst, Tian et al. 2020, arXiv:2003.05664; RTMDet-Ins,
arXiv:2212.07784) with one hidden layer. At a cell of the coarse grid that has features f and lies
at (u, v):

    logit = w2 . relu(W1 [f, u, v] + b1) + b2

(u, v) is the way from the middle of the instance's box, in means of its width and height: two
alike structures are told apart by where they lie, so that no mask has to be cut by its box. A cell
answers W1 row by row, b1, w2 and b2, one behind the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FILTER_UNITS = 6
"""Of the hidden layer. CondInst's Table 1: four do as well as sixteen."""
LEAST_SCALE_PX = 16.0
"""Boxes smaller than two cells of the finest level say nothing about the scale."""
FARTHEST = 4.0
"""Farther away all cells are equally far: far corners must not outweigh what is near."""

Floats = NDArray[np.float32]


def filter_numbers(features: int) -> int:
    """Numbers that a cell answers for its filters on so many features."""
    return FILTER_UNITS * (features + 4) + 1


def ways(box: Floats, columns: slice, rows: slice, stride_px: int) -> tuple[Floats, Floats]:
    """Ways u of every column and v of every row, float32.

    Args:
        box: (4,) left, top, right, bottom in input pixels.
        columns: of the coarse grid.
        rows: of the coarse grid.
        stride_px: input pixels a cell.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    scale = max((right - left + bottom - top) / 2, LEAST_SCALE_PX)
    return (
        _ways_along(columns, (left + right) / 2, scale, stride_px),
        _ways_along(rows, (top + bottom) / 2, scale, stride_px),
    )


def _ways_along(cells: slice, middle_px: float, scale_px: float, stride_px: int) -> Floats:
    way = np.arange(cells.start, cells.stop, dtype=np.float32)
    way *= np.float32(stride_px / scale_px)
    way += np.float32((stride_px / 2 - middle_px) / scale_px)
    return way.clip(-FARTHEST, FARTHEST, out=way)


def filtered(numbers: Floats, features: Floats, u: Floats, v: Floats) -> Floats:
    """Mask logits of one instance, (h, w) float32.

    Args:
        numbers: (filter_numbers(F),) as the cell answered them.
        features: (h, w, F) of the grid's window.
        u: (w,) of its columns, see `ways`.
        v: (h,) of its rows.
    """
    height, width, count = features.shape
    first = numbers[: FILTER_UNITS * (count + 2)].reshape(FILTER_UNITS, count + 2)
    bias, second, last = np.split(numbers[first.size :], [FILTER_UNITS, 2 * FILTER_UNITS])
    # Unit by unit: NumPy works along the many cells, not along the few units.
    hidden = (first[:, :count] @ features.reshape(-1, count).T).reshape(-1, height, width)
    # A unit's share of the way is a sum of one of columns and one of rows.
    hidden += (first[:, count, None] * u)[:, None]
    hidden += (first[:, count + 1, None] * v + bias[:, None])[..., None]
    np.maximum(hidden, 0, out=hidden)
    logits: Floats = second @ hidden.reshape(FILTER_UNITS, -1)
    logits += last
    return logits.reshape(height, width)
