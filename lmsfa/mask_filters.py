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


class Filters:
    """What some instances' filters make of one picture's features.

    Args:
        numbers: (K, filter_numbers(F)) as the cells answered them.
        features: (H, W, F), the whole grid.
    """

    def __init__(self, numbers: Floats, features: Floats) -> None:
        height, width, count = features.shape
        ends = np.cumsum([FILTER_UNITS * (count + 2), FILTER_UNITS, FILTER_UNITS])
        first, self._bias, self._second, self._last = np.split(numbers, ends, axis=1)
        first = first.reshape(-1, FILTER_UNITS, count + 2)
        self._across, self._down = first[..., count], first[..., count + 1]
        # The features' part of all instances at once: products of six rows are slow. Unit by unit,
        # for NumPy works along the many cells.
        weights = first[..., :count].reshape(-1, count)
        hidden = weights @ features.reshape(-1, count).T
        self._hidden = hidden.reshape(-1, FILTER_UNITS, height, width)

    def logits(self, number: int, rows: slice, columns: slice, u: Floats, v: Floats) -> Floats:
        """Mask logits of one instance on a window, (h, w) float32.

        Args:
            number: which.
            rows: of the grid.
            columns: of the grid.
            u: (w,) of the columns, see `ways`.
            v: (h,) of the rows.
        """
        # A unit's share of the way is a sum of one of columns and one of rows.
        across = self._across[number, :, None] * u
        down = self._down[number, :, None] * v + self._bias[number, :, None]
        hidden = self._hidden[number, :, rows, columns] + across[:, None]
        hidden += down[..., None]
        np.maximum(hidden, 0, out=hidden)
        logits: Floats = self._second[number] @ hidden.reshape(FILTER_UNITS, -1)
        logits += self._last[number]
        return logits.reshape(v.size, u.size)
