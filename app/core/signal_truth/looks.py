"""What a single picture looks like that is no endoscope's: black, blue, colour bars, swapped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import Signal

GRID = (48, 64)
"""Rows and columns that a picture is judged by; finer detail says nothing about a signal."""
BLACK_BELOW = 28
"""Grey value under which nearly all of a black picture stays, noise included."""
UNIFORM_SHARE = 0.85
"""Of a picture in one colour: slates leave room for words and a logo."""
SAME_COLOUR = 10
"""How far a channel may be from that colour."""
LIT_FROM = 40
"""Darker pixels have no colour to speak of."""
SWAPPED_BY = 1.2
"""Blue over red: on 466 pictures of the larynx 0.69 at most, so swapped 1.44 at least."""
BARS = (6, 9)
"""Fewest and most columns of a test picture."""

Colours = NDArray[np.int16]


def look_of(coarse: Colours) -> Signal:
    """What one picture is, as far as it tells by itself; GOOD where it may be tissue.

    Args:
        coarse: as `coarse_colours`.
    """
    if np.percentile(coarse.max(axis=2), 98) < BLACK_BELOW:
        return Signal.BLACK
    if _is_bars(coarse):
        return Signal.BARS
    red, green, blue = _middle(coarse)
    is_blue = blue > 90 and blue > 2 * max(red, green, 1)
    return Signal.BLUE if is_blue and is_one_colour(coarse) else Signal.GOOD


def is_one_colour(coarse: Colours) -> bool:
    """Whether nearly all of a picture is of one colour that is not black, as slates are.

    A dark picture around a small bright one may be an endoscope far from its target.
    """
    colour = _middle(coarse)
    near = (np.abs(coarse - colour) <= SAME_COLOUR).all(axis=2)
    return bool(near.mean() >= UNIFORM_SHARE and colour.max() >= BLACK_BELOW)


def has_swapped_colours(coarse: Colours) -> bool:
    """Whether blue stands where red belongs: flesh under white light is red."""
    lit = coarse[coarse.max(axis=2) >= LIT_FROM]
    if len(lit) < coarse[..., 0].size / 20:
        return False
    red, green, blue = lit.mean(axis=0)
    return bool(blue > SWAPPED_BY * red and blue > green)


def _middle(coarse: Colours) -> NDArray[np.float64]:
    return np.asarray(np.median(coarse.reshape(-1, 3), axis=0))


def coarse_colours(rgb: NDArray[np.uint8]) -> Colours:
    """(H, W, 3) uint8 -> (rows, columns, 3) int16: `GRID` of its pixels, fewer of a smaller one."""
    height, width = rgb.shape[:2]
    rows = np.linspace(0, height - 1, min(GRID[0], height)).astype(np.intp)
    columns = np.linspace(0, width - 1, min(GRID[1], width)).astype(np.intp)
    return rgb[np.ix_(rows, columns)].astype(np.int16)


def _is_bars(coarse: Colours) -> bool:
    """Whether the upper half is columns of one colour each, most of them saturated."""
    upper = coarse[2 : len(coarse) // 2]
    if len(upper) < 4 or upper.shape[1] < 2 * BARS[1]:
        return False
    if np.abs(upper - np.median(upper, axis=0)).mean() > SAME_COLOUR / 2:
        return False
    row = np.median(upper, axis=0)
    steps = np.abs(np.diff(row, axis=0)).max(axis=1) > 4 * SAME_COLOUR
    edges = np.flatnonzero(steps)
    # A step that falls between two of the grid's columns may be seen twice.
    edges = edges[np.diff(edges, prepend=-2) > 1]
    bars = np.split(row, edges + 1)
    if not BARS[0] <= len(bars) <= BARS[1]:
        return False
    middle = np.array([np.median(bar, axis=0) for bar in bars])
    saturated = np.ptp(middle, axis=1) > 100
    return bool(saturated.sum() >= BARS[0] - 1)
