"""The coarse masks of all instances side by side, so that all are followed in one go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import Instance

RIM_CELLS = 3
"""Around each mask: one cell like its edge, so that where a mask ends it is its edge that ends the
curve, and two of nothing, so that closing slits joins no two masks."""

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Masks side by side.

    Attributes:
        instances: whose masks; each has at least one cell.
        cells: (rows, columns) uint8 probability; slits narrower than three cells are closed.
        owner_at: (rows, columns) int16, a place in `instances`; masks have a rim of their own.
        corners: (len(instances), 2) x and y of each mask's first cell.
    """

    instances: Sequence[Instance]
    cells: NDArray[np.uint8]
    owner_at: NDArray[np.int16]
    corners: Places

    @classmethod
    def of(cls, instances: Sequence[Instance]) -> Atlas:
        """Lays the masks of instances side by side; at least one instance."""
        corners, height, width = _shelves([entry.mask.shape for entry in instances])
        cells = np.zeros((height, width), dtype=np.uint8)
        owner_at = np.zeros((height, width), dtype=np.int16)
        for owner, (entry, (x, y)) in enumerate(zip(instances, corners, strict=True)):
            rows, columns = slice(y, y + entry.mask.shape[0]), slice(x, x + entry.mask.shape[1])
            inner = cells[_grown(rows, 1), _grown(columns, 1)]
            cv2.copyMakeBorder(entry.mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE, inner)
            owner_at[_grown(rows, RIM_CELLS), _grown(columns, RIM_CELLS)] = owner
        cv2.morphologyEx(cells, cv2.MORPH_CLOSE, _CROSS, cells)
        return cls(instances, cells, owner_at, np.array(corners, dtype=np.intp))

    @property
    def cells_px(self) -> NDArray[np.float64]:
        """(len(instances), 2) width and height of each mask's cells, frame pixels."""
        places = [entry.placement for entry in self.instances]
        return np.array([(place.cell_width_px, place.cell_height_px) for place in places])

    def to_frame(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(len(instances), 2) each: what cells are multiplied with, and what is added then."""
        places = [entry.placement for entry in self.instances]
        cells_px = self.cells_px
        # A cell's centre is a whole number in the atlas.
        origin = np.array([(place.left_px, place.top_px) for place in places])
        return cells_px, origin + (0.5 - self.corners) * cells_px


def _grown(side: slice, cells: int) -> slice:
    return slice(side.start - cells, side.stop + cells)


def _shelves(shapes: Sequence[tuple[int, ...]]) -> tuple[list[tuple[int, int]], int, int]:
    """Puts masks in rows, the tallest first: each one's x and y, height and width of all."""
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
