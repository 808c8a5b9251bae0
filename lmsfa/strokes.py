"""Draws areas, and lines with soft edges and a dark rim, on two sheets of one byte a pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.contours import Curves, Points
from lmsfa.inks import CASING, LINE
from lmsfa.lines import Borders, Lines, Pen, thickness

SUBPIXEL_BITS = 4
SOFT_PX = 1
"""Soft edges on both sides of a line reach about so far beyond it."""
DASH_THICKNESSES = 4
"""A dash is so many times as long as the line is thick; so is the gap after it."""

LEAST_SHARED = 0.04
"""Of a line: if less of it lies below others it is a crossing or two, and the picture is calmer."""

Sheet = NDArray[np.uint8]
Polygon = NDArray[np.int32]


Inks = Sequence[int | None]
"""Of each instance its class's ink, 1..255; None where it is switched off."""


def fill(borders: Borders, inks: Inks, owners: Sheet) -> None:
    """Fills areas, those of higher rank over those of lower.

    What was carried over a gap has none: a dashed line says where it may be, and no more.

    Args:
        borders: of whom, and in which order.
        inks: of each instance.
        owners: (H, W) of the frame's size; inks are written into it.
    """
    curves = borders.curves
    whole = _fixed(curves.points)
    parts: dict[int, list[Polygon]] = {}
    for k, owner in enumerate(curves.owners.tolist()):
        parts.setdefault(owner, []).append(whole[curves.part(k)])
    for owner in np.argsort(borders.ranks).tolist():
        if inks[owner] is not None and not borders.instances[owner].bridged and owner in parts:
            cv2.fillPoly(owners, parts[owner], inks[owner], cv2.LINE_8, SUBPIXEL_BITS)


def stroke(lines: Lines, borders: Borders, inks: Inks, owners: Sheet, cover: Sheet) -> None:
    """Draws lines; where two cross, the one of higher rank is whole.

    All dark rims lie below all lines, so that a line is covered by lines alone. A line that has to
    run below another for long shares its place with that one, dash by dash.

    Args:
        lines: where they run, and how thick they are.
        borders: whose they are, and in which order.
        inks: of each instance.
        owners: (H, W) of the frame's size; inks are written where lines are.
        cover: the same shape, 0 everywhere; what is drawn of a line at each pixel, from 0 by
            `CASING` to `LINE`.
    """
    curves, pen = lines.curves, lines.pen
    shown = [k for k, owner in enumerate(curves.owners.tolist()) if inks[owner] is not None]
    shown.sort(key=lambda k: borders.ranks[curves.owners[k]])
    pieces = {k: _pieces(curves, k, pen, borders) for k in shown}
    across = curves.outwards() * np.float32(0.5)
    for width_px, value in ((pen.casing, CASING), (pen.line, LINE)):
        aside = across * np.float32(width_px)
        outer, inner = _fixed(curves.points + aside), _fixed(curves.points - aside)
        for k in shown:
            for piece in pieces[k]:
                ring = _ring(outer[piece], inner[piece], is_closed=len(pieces[k]) == 1)
                cv2.fillPoly(cover, ring, value, cv2.LINE_AA, SUBPIXEL_BITS)
    middle = _fixed(curves.points)
    core_px, owned_px = thickness(pen.line - 1.5), math.ceil(pen.line) + SOFT_PX
    whole = [(k, [middle[piece] for piece in pieces[k]], len(pieces[k]) == 1) for k in shown]
    on_top = [(k, [middle[piece] for piece in _shared(lines, k)], False) for k in shown]
    for k, middles, is_closed in (*whole, *(entry for entry in on_top if entry[1])):
        # Where a ring meets itself it is no ring: in narrow places the line is drawn once more.
        for sheet, value, px in (
            (cover, LINE, core_px),
            (owners, inks[curves.owners[k]], owned_px),
        ):
            cv2.polylines(sheet, middles, is_closed, value, px, cv2.LINE_8, SUBPIXEL_BITS)


def _pieces(
    curves: Curves, curve: int, pen: Pen, borders: Borders
) -> list[slice | NDArray[np.intp]]:
    """The places of a curve's points: all of them, or those of its dashes."""
    whole = curves.part(curve)
    if not borders.instances[curves.owners[curve]].bridged:
        return [whole]
    return [whole.start + dash for dash in _dashes(curves.steps()[whole], pen.line)]


def _shared(lines: Lines, curve: int) -> list[NDArray[np.intp]]:
    """The places of the points of dashes where a curve lies below another for long."""
    part = lines.curves.part(curve)
    crowded = lines.crowded[part]
    if crowded.mean() <= LEAST_SHARED:
        return []
    dashes = _dashes(lines.curves.steps()[part], lines.pen.line)
    return [part.start + dash[crowded[dash]] for dash in dashes if crowded[dash].sum() > 1]


def _dashes(steps_px: NDArray[np.float32], line_px: float) -> list[NDArray[np.intp]]:
    """Places on every other stretch of a curve; all stretches are of one length, about."""
    length_px = float(steps_px.sum())
    stretches = 2 * max(1, round(length_px / (line_px * DASH_THICKNESSES) / 2))
    way_px = np.cumsum(steps_px) - steps_px
    # The first point of each stretch; a point more than its own, so that a dash has its length.
    firsts = np.searchsorted(way_px, np.arange(stretches + 1) * length_px / stretches)
    return [
        np.arange(first, last + 1) % len(steps_px)
        for first, last in zip(firsts[:-1:2].tolist(), firsts[1::2].tolist(), strict=True)
    ]


def _ring(outer: Polygon, inner: Polygon, *, is_closed: bool) -> list[Polygon]:
    """What lies between a line's two sides, as OpenCV fills it."""
    return [outer, inner] if is_closed else [np.concatenate([outer, inner[::-1]])]


def _fixed(points: Points) -> Polygon:
    # OpenCV puts pixel centres on whole numbers, our frames on halves.
    return np.asarray(np.rint((points - 0.5) * 2**SUBPIXEL_BITS), dtype=np.int32)
