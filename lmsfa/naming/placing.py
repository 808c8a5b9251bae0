"""Finds where a name stands: near its structure, over nothing that matters, and still."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.naming.ground import ROWS, CellRectangle, Cells, Ground
from lmsfa.naming.names import Key

SPARE_CELLS = 1
"""A new name keeps so far away from what it must not cover: it fits on when that moves a little."""
APART_CELLS = 1
"""Between two names."""
FARTHEST_CELLS = 26
"""From a name to its structure; a longer line leads nowhere that an eye would follow."""
LOOSE_CELLS = 1.0
"""A name stands still until its structure has moved farther: outlines tremble, words must not."""
DISTANCE_COST = 0.5
"""Of a cell between a name and its structure."""
HIDDEN_LINES = 12
"""A name that has come to lie on so many cells of outlines looks for another place."""
REMEMBERED_PICTURES = 50
"""So long a name's place is kept for a structure that is lost and found again."""

Point = tuple[float, float]
"""x and y, in cells."""


class Size(NamedTuple):
    """Width and height, in cells."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Wish:
    """An instance that is to carry its name.

    Attributes:
        key: which it is.
        index: which of the ground's areas is its own.
        centre: of its box, in cells.
        sizes: of its name, the best first; another is taken only where that has no room.
    """

    key: Key
    index: int
    centre: Point
    sizes: Sequence[Size]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a name stands.

    Attributes:
        key: whose it is.
        size: which of the wished sizes it has.
        rectangle: what it covers, in cells.
        tip: where a line from it ends, in cells; None where it touches its structure.
    """

    key: Key
    size: int
    rectangle: CellRectangle
    tip: Point | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is remembered of a name: all relative to `held`, which follows the structure loosely."""

    size: int
    held: Point
    offset: Point
    tip: Point
    last: int


class Placer:
    """Places names, each where it was before as long as it fits there. On one thread."""

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept] = {}
        self._pictures = 0

    def placed(self, wishes: Sequence[Wish], ground: Ground) -> list[Stand]:
        """Where names stand, as far as there is room.

        Args:
            wishes: the most important first.
            ground: where they may.
        """
        self._pictures += 1
        taken = ground.taken.copy()
        stands: dict[Key, Stand] = {}
        # First those that stay: nobody has to make room for a newcomer.
        for wish in wishes:
            stand = self._stayed(wish, ground, taken)
            if stand is not None:
                stands[wish.key] = stand
                taken[stand.rectangle.around(APART_CELLS)] = 1
        for stand in stands.values():
            _draw_leader(stand, taken)
        for wish in wishes:
            if wish.key in stands:
                continue
            stand = self._new(wish, ground, taken)
            if stand is not None:
                stands[wish.key] = stand
                taken[stand.rectangle.around(APART_CELLS)] = 1
                _draw_leader(stand, taken)
        self._kept = {
            key: kept
            for key, kept in self._kept.items()
            if self._pictures - kept.last <= REMEMBERED_PICTURES
        }
        return [stands[wish.key] for wish in wishes if wish.key in stands]

    def _stayed(self, wish: Wish, ground: Ground, taken: Cells) -> Stand | None:
        """Where a name was, moved along with its structure; None where it does not fit there."""
        kept = self._kept.get(wish.key)
        if kept is None or kept.size >= len(wish.sizes):
            return None
        held = _loosely(kept.held, wish.centre)
        left, top = held[0] + kept.offset[0], held[1] + kept.offset[1]
        rectangle = CellRectangle(left, top, *wish.sizes[kept.size]).moved_into(
            ROWS, ground.columns
        )
        if not rectangle.lies_in(ROWS, ground.columns) or taken[rectangle.cells].any():
            return None
        if np.count_nonzero(ground.lines[rectangle.cells]) > HIDDEN_LINES:
            return None
        area = ground.areas[wish.index]
        tip = held[0] + kept.tip[0], held[1] + kept.tip[1]
        if not _lies_in(tip, area):
            tip = _tip(rectangle, area)
        if rectangle.distance_to(tip) > FARTHEST_CELLS + LOOSE_CELLS:
            return None
        tip_offset = tip[0] - held[0], tip[1] - held[1]
        self._kept[wish.key] = _Kept(kept.size, held, kept.offset, tip_offset, self._pictures)
        return _stand(wish.key, kept.size, rectangle, tip, area)

    def _new(self, wish: Wish, ground: Ground, taken: Cells) -> Stand | None:
        """The best place for a name, in the first size that has one; None where none has."""
        area = ground.areas[wish.index]
        away = np.asarray(cv2.distanceTransform(1 - area, cv2.DIST_L2, 3), dtype=np.float32)
        around = np.ones((2 * SPARE_CELLS + 1, 2 * SPARE_CELLS + 1), dtype=np.uint8)
        spared = np.asarray(cv2.dilate(taken, around), dtype=np.uint8)
        for number, (width, height) in enumerate(wish.sizes):
            corner = _cheapest(Size(width, height), spared, ground.costs, away)
            if corner is None:
                continue
            rectangle = CellRectangle(*corner, width, height)
            tip, held = _tip(rectangle, area), wish.centre
            self._kept[wish.key] = _Kept(
                number,
                held,
                (rectangle.left - held[0], rectangle.top - held[1]),
                (tip[0] - held[0], tip[1] - held[1]),
                self._pictures,
            )
            return _stand(wish.key, number, rectangle, tip, area)
        return None


def _cheapest(
    size: Size, taken: Cells, costs: NDArray[np.float32], away: NDArray[np.float32]
) -> Point | None:
    """Left and top end of the free place that costs least; None where there is none near enough.

    Args:
        size: of the name.
        taken: 1 where it must not stand.
        costs: of what it covers.
        away: how far each cell is from its structure.
    """
    width, height = math.ceil(size.width), math.ceil(size.height)
    rows, columns = taken.shape
    if width > columns or height > rows:
        return None
    free = _sums(taken, width, height) == 0
    # The least distance of all cells that a name would cover.
    kernel = np.ones((height, width), dtype=np.uint8)
    near = cv2.erode(away, kernel, anchor=(0, 0))[: rows - height + 1, : columns - width + 1]
    cost = _sums(costs, width, height) + DISTANCE_COST * near
    cost[~free | (near > FARTHEST_CELLS)] = np.inf
    best = int(cost.argmin())
    row, column = divmod(best, cost.shape[1])
    return (float(column), float(row)) if np.isfinite(cost[row, column]) else None


def _sums(values: Cells | NDArray[np.float32], width: int, height: int) -> NDArray[np.float64]:
    """The sum over each rectangle of this size, by its left upper cell."""
    whole = np.asarray(cv2.integral(values), dtype=np.float64)
    below, above = whole[height:], whole[:-height]
    return below[:, width:] - below[:, :-width] - above[:, width:] + above[:, :-width]


def _tip(rectangle: CellRectangle, area: Cells) -> Point:
    """The point well inside a structure that lies nearest to a name."""
    inner = cv2.erode(area, np.ones((3, 3), dtype=np.uint8), borderValue=0)
    rows, columns = np.nonzero(inner if inner.any() else area)
    across = columns + 0.5 - np.clip(columns + 0.5, rectangle.left, rectangle.right)
    down = rows + 0.5 - np.clip(rows + 0.5, rectangle.top, rectangle.bottom)
    nearest = int(np.argmin(across**2 + down**2))
    return float(columns[nearest]) + 0.5, float(rows[nearest]) + 0.5


def _stand(key: Key, size: int, rectangle: CellRectangle, tip: Point, area: Cells) -> Stand:
    touches = bool(area[rectangle.cells].any())
    return Stand(key, size, rectangle, None if touches else tip)


def _draw_leader(stand: Stand, taken: Cells) -> None:
    """Takes the cells of a name's line: under another name nobody could follow it."""
    if stand.tip is not None:
        start, end = (
            (math.floor(x), math.floor(y))
            for x, y in (stand.rectangle.nearest(stand.tip), stand.tip)
        )
        cv2.line(taken, start, end, 1)


def _lies_in(point: Point, area: Cells) -> bool:
    column, row = math.floor(point[0]), math.floor(point[1])
    inside = 0 <= row < area.shape[0] and 0 <= column < area.shape[1]
    return inside and bool(area[row, column])


def _loosely(held: Point, centre: Point) -> Point:
    """What follows a centre, and stands as long as that is no farther than `LOOSE_CELLS` away."""
    x, y = (
        min(max(old, new - LOOSE_CELLS), new + LOOSE_CELLS)
        for old, new in zip(held, centre, strict=True)
    )
    return x, y
