"""Smooth random values over a picture: clouds, films, grain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], cell_share: float
) -> NDArray[np.float32]:
    """(H, W) smooth random values of mean 0 and deviation 1, in cells of a share of the side."""
    height, width = shape[:2]
    # Cells of half the size, softened: the grid itself must not show.
    cell = cell_share * min(height, width) / 2
    rows, columns = (max(2, round(side / cell) + 1) for side in (height, width))
    coarse = cv2.GaussianBlur(rng.normal(size=(rows, columns)).astype(np.float32), (0, 0), 1)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray((fine - fine.mean()) / (fine.std() + 1e-6), dtype=np.float32)
