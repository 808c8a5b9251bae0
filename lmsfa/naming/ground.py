"""Where names may stand: a picture as a coarse grid of what must and should not be covered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import MASK_CUT, Instance
from lmsfa.quality.field import Field

ROWS = 72
"""Cells over the frame's height; all lengths here are counted in cells."""
LINE_COST = 0.5
"""Of a covered cell that a structure's outline runs through: a name should hide no line."""
AREA_COST = 0.04
"""Of a covered cell inside a structure; outside of all nothing is lost."""
EDGE_COST = 0.06
"""Of a covered cell near the picture's upper or lower edge: there the window has its own words."""
EDGE_ROWS = 7

Cells = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CellRectangle:
    """A piece of the ground: left and top end, width and height, in cells."""

    left: float
    top: float
    width: float
    height: float

    @property
    def cells(self) -> tuple[slice, slice]:
        """Rows and columns of the cells that it touches."""
        rows = slice(math.floor(self.top), math.ceil(self.top + self.height))
        return rows, slice(math.floor(self.left), math.ceil(self.left + self.width))

    def around(self, cells: int) -> tuple[slice, slice]:
        """Rows and columns of the cells that it touches, and of so many more on all sides."""
        rows, columns = self.cells
        return (
            slice(max(0, rows.start - cells), rows.stop + cells),
            slice(max(0, columns.start - cells), columns.stop + cells),
        )

    @property
    def right(self) -> float:
        """Where it ends on the right."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.top + self.height

    def moved_into(self, rows: float, columns: float) -> CellRectangle:
        """The same, as near as it can lie to a frame's inside."""
        left = max(0.0, min(self.left, columns - self.width))
        top = max(0.0, min(self.top, rows - self.height))
        return CellRectangle(left, top, self.width, self.height)

    def lies_in(self, rows: float, columns: float) -> bool:
        """Whether it lies wholly inside a frame."""
        return min(self.left, self.top) >= 0 and self.right <= columns and self.bottom <= rows

    def distance_to(self, point: tuple[float, float]) -> float:
        """From its border to a point, cells; 0 inside."""
        x, y = self.nearest(point)
        return float(math.hypot(point[0] - x, point[1] - y))

    def nearest(self, point: tuple[float, float]) -> tuple[float, float]:
        """The point of it that is nearest to another."""
        x = min(max(point[0], self.left), self.right)
        return x, min(max(point[1], self.top), self.bottom)


@dataclass(frozen=True, slots=True)
class Ground:
    """A picture on which names are to stand.

    Attributes:
        areas: of each instance, (ROWS, columns) uint8: 1 inside, else 0.
        taken: the same shape, 1 where no name may stay: on structures that must not be covered,
            one cell around them, and outside of the field of view.
        lines: the same shape, 1 where an outline runs.
        costs: the same shape, float32: what covering a cell costs.
    """

    areas: Sequence[Cells]
    taken: Cells
    lines: Cells
    costs: NDArray[np.float32]

    @property
    def columns(self) -> int:
        """How many cells a row has."""
        return int(self.taken.shape[1])


class Surveyor:
    """Looks where names may stand, on memory that it keeps. On one thread."""

    def __init__(self) -> None:
        self._field: tuple[Field, int] | None = None
        self._outside = np.zeros((0, 0), dtype=np.uint8)

    def survey(
        self, areas: Sequence[Cells], protected: Sequence[bool], field: Field | None, columns: int
    ) -> Ground:
        """The ground for names.

        Args:
            areas: of every painted instance, in the order of painting, as `area_of` gives them.
            protected: which of them must not be covered.
            field: the field of view, in cells; None: the whole frame.
            columns: of the grid.
        """
        numbers = np.zeros((ROWS, columns), dtype=np.uint8)
        kept_free = np.zeros((ROWS, columns), dtype=np.uint8)
        for number, (area, is_kept_free) in enumerate(zip(areas, protected, strict=True), 1):
            cv2.max(numbers, area * np.uint8(min(number, 255)), numbers)
            if is_kept_free:
                cv2.max(kept_free, area, kept_free)
        lines = (cv2.morphologyEx(numbers, cv2.MORPH_GRADIENT, _square(3)) > 0).view(np.uint8)
        costs = np.where(numbers > 0, np.float32(AREA_COST), np.float32(0))
        costs += lines * np.float32(LINE_COST)
        costs[:EDGE_ROWS] += np.float32(EDGE_COST)
        costs[-EDGE_ROWS:] += np.float32(EDGE_COST)
        taken = cv2.dilate(kept_free, _square(3))
        if field is not None:
            cv2.max(taken, self._outside_of(field, columns), taken)
        return Ground(areas, np.asarray(taken, dtype=np.uint8), lines, costs)

    def _outside_of(self, field: Field, columns: int) -> Cells:
        """1 for cells that do not lie wholly in the field of view."""
        if self._field != (field, columns):
            self._field = field, columns
            outside = (field.mask(ROWS, columns) == 0).astype(np.uint8)
            self._outside = np.asarray(cv2.dilate(outside, _square(3)), dtype=np.uint8)
        return self._outside


def area_of(instance: Instance, columns: int) -> Cells:
    """The cells whose centres lie in an instance; of one that has none, those that its box touches.

    Args:
        instance: in a frame of `ROWS` times `columns` pixels.
        columns: of the grid.

    Returns:
        (ROWS, columns) uint8: 1 inside, else 0.
    """
    area: Cells = np.zeros((ROWS, columns), dtype=np.uint8)
    at = instance.placement
    if instance.mask.size:
        # Centres lie on halves in the frame, on whole numbers in OpenCV.
        to_mask = np.array(
            [
                [1 / at.cell_width_px, 0, (0.5 - at.left_px) / at.cell_width_px - 0.5],
                [0, 1 / at.cell_height_px, (0.5 - at.top_px) / at.cell_height_px - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(instance.mask, to_mask, (columns, ROWS), area, flags)
        cv2.threshold(area, MASK_CUT - 1, 1, cv2.THRESH_BINARY, area)
    if not area.any():
        left, top, right, bottom = instance.box_xyxy
        area[CellRectangle(max(0, left), max(0, top), right - left, bottom - top).cells] = 1
    return area


def _square(side: int) -> Cells:
    return np.ones((side, side), dtype=np.uint8)
