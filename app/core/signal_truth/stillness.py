"""Whether a picture stands: a paused tower repeats one picture, without any noise."""

from __future__ import annotations

import numpy as np

from app.core.signal_truth.looks import Colours

TILE = 4
"""Cells of the coarse picture along a tile's side."""
LIT_FROM = 24
"""Darker tiles say nothing: the black around a round picture always stands."""
STANDING_SHARE = 0.9
"""Of the lit tiles: a paused tower may still show its clock."""


class Stillness:
    """Follows pictures and says since when they stand. On one thread."""

    def __init__(self) -> None:
        self._kept: Colours | None = None
        self._since_s = 0.0

    def stands_s(self, coarse: Colours, captured_s: float) -> float:
        """For how long the picture has been the same, seconds.

        Args:
            coarse: as `looks.coarse_colours`.
            captured_s: when it was captured, monotonic clock, seconds.
        """
        if self._kept is None or not _same(self._kept, coarse):
            self._kept, self._since_s = coarse, captured_s
        return captured_s - self._since_s


def _same(first: Colours, second: Colours) -> bool:
    """Whether nearly all lit tiles are equal, value by value: a sensor's noise never is."""
    if first.shape != second.shape:
        return False
    rows, columns = (side // TILE for side in first.shape[:2])
    if not rows or not columns:
        return np.array_equal(first, second)
    area = first[: rows * TILE, : columns * TILE], second[: rows * TILE, : columns * TILE]
    tiles = [part.reshape(rows, TILE, columns, TILE, 3) for part in area]
    # In one of the two: after a black picture the light that comes back is a change.
    lit = np.maximum(*tiles).max(axis=(1, 3, 4)) >= LIT_FROM
    if not lit.any():
        return True
    stands = (tiles[0] == tiles[1]).all(axis=(1, 3, 4))
    return bool(stands[lit].mean() >= STANDING_SHARE)
