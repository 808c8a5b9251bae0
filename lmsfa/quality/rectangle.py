"""Finds the rectangle that holds a picture: what bars, frames and words beside it leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = (48, 64)
"""Points along a side and across it by which a picture is told from words on a bar."""
SAME = 12
"""Grey values that a bar's pixel may be off its colour, in every channel."""
BAR_SHARE = 0.55
"""Of a bar's outermost line that is of one colour; the rest may be words."""
DENSE_SHARE = 0.8
"""Of a point's neighbours that are of another colour too: words leave gaps, a picture has none."""
LEAST_SHARE = 0.2
"""Of a side along which a picture is seen; a logo is shorter."""
STRAIGHT_SHARE = 0.5
"""Of the picture's rows that begin in one column: a bar ends straight, a dark scene does not."""
REACH_CELLS = (4, 2)
"""Of the grid, outwards and inwards of where a picture seems to begin."""
SOLID_PX = 4
"""So many in a row are of another colour where a picture begins; a thin line is narrower."""
LINE_SHARE = 0.012
"""Of a side: a frame around the picture is no wider."""
LINE_EVEN_SHARE = 0.85
"""Of a frame's line that is of one colour."""
STEP = 24
"""Grey values by which a picture differs from its bar just behind its edge, in a channel."""
EVEN = 6
"""Grey values that most of a bar's pixels are off its colour at most: a dark scene fades."""
EVEN_SHARE = 0.8
NARROW_SHARE = 0.01
"""Of a side; a narrower bar is a bright frame's line, or a camera's own edge and stays."""
BRIGHT_FROM = 180
LEAST_PX = 2
"""A frame's narrowest line."""
LAYERS = 3
"""A bar, a frame and another bar, one within the other."""
SMALLEST_PX = 16
"""Smaller pictures have no bars."""
LOOKED_AT = (1 / 6, 1 / 3, 2 / 3, 1)
"""Lines of a bar that say whether it still is one, from its outer to its inner edge."""
SOFT_PX = 4
"""So far from it the picture's edge does not reach, however soft a code has made it."""
STRANGE_SHARE = 0.3
"""Of these lines that are not of the bar's colour any more."""
FLAT_SHARE = 0.85
"""Of a part of one colour: words on a slate, not tissue."""
SMALLEST_SHARE = 0.4
"""Of a frame's sides; a smaller bright part is a lit spot, or a window on a desktop."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Rows `top : bottom` and columns `left : right` of a frame, pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def whole(cls, height: int, width: int) -> Self:
        """All of a frame."""
        return cls(0, 0, width, height)

    def cut(self, rgb: Rgb) -> Rgb:
        """(h, w, 3): this part of a frame, on the frame's own memory."""
        return rgb[self.top : self.bottom, self.left : self.right]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.bottom - self.top, self.right - self.left

    def scaled(self, x: float, y: float) -> Rectangle:
        """The same in a frame so many times as wide and as high, in whole pixels."""
        left, right = (round(edge * x) for edge in (self.left, self.right))
        top, bottom = (round(edge * y) for edge in (self.top, self.bottom))
        return Rectangle(left, top, right, bottom)

    def without(self, side: int, cut_px: int) -> Rectangle:
        """The rest where so much is cut off at a side: left, top, right or bottom, 0..3."""
        edges = [self.left, self.top, self.right, self.bottom]
        edges[side] += cut_px if side < 2 else -cut_px
        return Rectangle(*edges)


def find_rectangle(rgb: Rgb, start: Rectangle | None = None) -> Rectangle:
    """The part of a picture that is certainly not bars, frames and words on them.

    One picture is enough, and no side is cut where it is not: a bar is of one colour, but for
    words, and ends straight.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        start: to look in; None: everywhere.
    """
    rectangle = Rectangle.whole(*rgb.shape[:2]) if start is None else start
    for _ in range(LAYERS):
        before = rectangle
        for side in range(4):
            rectangle = rectangle.without(side, _bar_px(_from(side, rectangle.cut(rgb))))
        if rectangle == before:
            break
    before = Rectangle.whole(*rgb.shape[:2]) if start is None else start
    return rectangle if rectangle == before or _is_picture(rgb, rectangle) else before


def _is_picture(rgb: Rgb, rectangle: Rectangle) -> bool:
    """Whether a part is large enough for a picture, and more than an area of one colour."""
    height, width = rectangle.shape
    if height < SMALLEST_SHARE * rgb.shape[0] or width < SMALLEST_SHARE * rgb.shape[1]:
        return False
    points = rectangle.cut(rgb)[np.ix_(_spread(height, GRID[0]), _spread(width, GRID[1]))]
    colours = points.reshape(-1, 3).astype(np.int16)
    return bool(_differs(colours, np.median(colours, axis=0)).mean() > 1 - FLAT_SHARE)


def holds_picture_beside(rgb: Rgb, rectangle: Rectangle) -> bool:
    """Whether one of the bars around a rectangle is none, or none any more."""
    return any(_is_strange(bar) for bar in _bars(rgb, rectangle))


def _bars(rgb: Rgb, rectangle: Rectangle) -> Iterator[Rgb]:
    """What lies beside a rectangle, each bar's outermost line as its first column."""
    height, width = rgb.shape[:2]
    beside = rectangle.left, rectangle.top, width - rectangle.right, height - rectangle.bottom
    for side, bar_px in enumerate(beside):
        if bar_px >= LEAST_PX:
            yield _from(side, rgb)[:, :bar_px]


def _is_strange(bar: Rgb) -> bool:
    rows = _spread(len(bar), GRID[0])
    outermost = bar[rows, min(1, bar.shape[1] - 1)].astype(np.int16)
    columns = (np.array(LOOKED_AT) * bar.shape[1]).astype(np.intp)
    columns[-1] = max(columns[-2], bar.shape[1] - SOFT_PX)
    other = _differs(bar[np.ix_(rows, columns)].astype(np.int16), np.median(outermost, axis=0))
    # A picture that has grown a little is seen on the innermost line alone.
    return float(max(other.mean(), other[:, -1].mean())) > STRANGE_SHARE


def _from(side: int, rgb: Rgb) -> Rgb:
    """A picture turned so that a side's outermost line is its first column."""
    turned = rgb.transpose(1, 0, 2) if side % 2 else rgb
    return turned[:, ::-1] if side >= 2 else turned


def _bar_px(rgb: Rgb) -> int:
    """How many columns of a picture, from its first on, are a bar."""
    height, width = rgb.shape[:2]
    if min(height, width) < SMALLEST_PX:
        return 0
    rows = _spread(height, GRID[0])
    # The outermost line itself is often half dark.
    line = rgb[rows, 1].astype(np.int16)
    colour = np.median(line, axis=0)
    if _differs(line, colour).mean() > 1 - BAR_SHARE:
        return 0
    columns = _spread(width, GRID[1])
    other = _differs(rgb[np.ix_(rows, columns)].astype(np.int16), colour)
    dense = cv2.blur(other.astype(np.float32), (3, 3)) >= DENSE_SHARE
    seen = np.flatnonzero(dense.mean(axis=0) >= LEAST_SHARE)
    if not seen.size:
        return 0
    first = int(seen[0])
    rows = rows[dense[:, first : first + REACH_CELLS[1]].any(axis=1)]
    edge = _straight_edge(rgb, rows, colour, _reach(first, columns, width))
    if edge < LEAST_PX or not _is_even(rgb[:, :edge], colour):
        return 0
    if edge < NARROW_SHARE * width and colour.max() < BRIGHT_FROM:
        return 0
    return edge + _line_px(rgb[:, edge:], rows)


def _is_even(bar: Rgb, colour: NDArray[np.float64]) -> bool:
    """Whether a bar is of one colour from its outer to its inner edge, but for words."""
    rows, columns = _spread(len(bar), GRID[0]), _spread(bar.shape[1], GRID[1] // 4)
    near = np.abs(bar[np.ix_(rows, columns)].astype(np.int16) - colour.astype(np.int16))
    return bool((near <= EVEN).all(axis=-1).mean() >= EVEN_SHARE)


def _reach(first: int, columns: NDArray[np.intp], width: int) -> slice:
    """The columns in which the picture begins that is first seen in this one of the grid."""
    begin = int(columns[first - REACH_CELLS[0]]) if first > REACH_CELLS[0] else 0
    last = first + REACH_CELLS[1]
    return slice(begin, int(columns[last]) if last < len(columns) else width)


def _straight_edge(
    rgb: Rgb, rows: NDArray[np.intp], colour: NDArray[np.float64], reach: slice
) -> int:
    """The column in which most rows begin to be of another colour than the bar; else 0."""
    away = np.abs(rgb[rows, reach].astype(np.int16) - colour.astype(np.int16)).max(axis=-1)
    solid = cv2.erode(away, np.ones((1, SOLID_PX), np.uint8), anchor=(0, 0)) > SAME
    begins = solid.argmax(axis=1)
    behind = np.minimum(begins + SOLID_PX - 1, away.shape[1] - 1)
    begins = begins[solid.any(axis=1) & (np.take_along_axis(away, behind[:, None], 1)[:, 0] > STEP)]
    if not begins.size:
        return 0
    counts = np.bincount(begins, minlength=solid.shape[1] + 1)
    # Where a coded edge is soft, it falls on this column or the next.
    pairs = counts[:-1] + counts[1:]
    edge = int(pairs.argmax())
    if pairs[edge] < STRAIGHT_SHARE * len(rows):
        return 0
    return int(reach.start) + (edge if counts[edge] else edge + 1)


def _line_px(rgb: Rgb, rows: NDArray[np.intp]) -> int:
    """How wide a frame's line around the picture is that begins in the first column, or 0."""
    most_px = int(LINE_SHARE * rgb.shape[1]) + 2
    near = rgb[rows, : most_px + 1].astype(np.int16)
    even = [not _is_uneven(near[:, column]) for column in range(near.shape[1])]
    width_px = even.index(False) if False in even else len(even)
    return width_px if width_px <= most_px else 0


def _is_uneven(line: NDArray[np.int16]) -> bool:
    return bool(_differs(line, np.median(line, axis=0)).mean() > 1 - LINE_EVEN_SHARE)


def _differs(pixels: NDArray[np.int16], colour: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(...) where pixels are not of a colour."""
    return np.asarray((np.abs(pixels - colour.astype(np.int16)) > SAME).any(axis=-1))


def _spread(length: int, most: int) -> NDArray[np.intp]:
    """So many places over a length, in the middle of equal parts."""
    count = min(length, most)
    return ((np.arange(count) + 0.5) * length / count).astype(np.intp)
