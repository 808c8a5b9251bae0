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

AT_ONCE = 8
"""Instances whose hidden layers are held together: more do not stay in the processor's cache."""

Floats = NDArray[np.float32]


def filter_numbers(features: int) -> int:
    """Numbers that a cell answers for its filters on so many features."""
    return FILTER_UNITS * (features + 4) + 1


def ways(boxes: Floats, height: int, width: int, stride_px: int) -> tuple[Floats, Floats]:
    """Ways u of every column, (K, W), and v of every row, (K, H), float32.

    Args:
        boxes: (K, 4) left, top, right, bottom in input pixels.
        height: rows of the coarse grid.
        width: columns of the coarse grid.
        stride_px: input pixels a cell.
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    scale = np.maximum((high - low).mean(axis=1), LEAST_SCALE_PX)[:, None]
    u, v = (
        np.clip(
            ((np.arange(count, dtype=np.float32) + 0.5) * stride_px - middle[:, None]) / scale,
            -FARTHEST,
            FARTHEST,
        )
        for count, middle in zip((width, height), (low + high).T / 2, strict=True)
    )
    return u, v


def filtered(numbers: Floats, features: Floats, boxes: Floats, stride_px: int) -> Floats:
    """Mask logits of instances on the whole coarse grid, (K, H, W) float32.

    Args:
        numbers: (K, filter_numbers(F)) as the cells answered them.
        features: (H, W, F).
        boxes: (K, 4) left, top, right, bottom in input pixels.
        stride_px: input pixels a cell.
    """
    height, width, count = features.shape
    logits = np.empty((len(numbers), height * width), dtype=np.float32)
    u, v = ways(boxes, height, width, stride_px)
    cells = features.reshape(-1, count).T
    weights = FILTER_UNITS * (count + 2)
    first = numbers[:, :weights].reshape(-1, FILTER_UNITS, count + 2)
    bias, second = np.split(numbers[:, weights:-1], 2, axis=1)
    # A unit's share of the way is a sum of one of columns and one of rows.
    across = u[:, None] * first[..., count, None]
    down = v[:, None] * first[..., count + 1, None] + bias[..., None]
    for start in range(0, len(numbers), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        hidden = first[part, :, :count].reshape(-1, count) @ cells
        on_grid = hidden.reshape(-1, FILTER_UNITS, height, width)
        on_grid += across[part, :, None]
        on_grid += down[part, ..., None]
        np.maximum(hidden, 0, out=hidden)
        units = hidden.reshape(-1, FILTER_UNITS, height * width)
        logits[part] = (second[part, None] @ units)[:, 0]
    logits += numbers[:, -1:]
    return logits.reshape(-1, height, width)
