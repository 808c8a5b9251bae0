"""Draws structures as lines with soft edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.contours import Curves, Points, contours
from lmsfa.inks import Ink
from lmsfa.prediction import Instance, Window, windows

THICKNESS_SHARE = 1 / 180
"""Of the frame's height: 6 pixels on 1080 lines, to be seen from two metres."""
LEAST_THICKNESS_PX = 2.0
"""Video keeps colours at half the resolution."""
SOFT_PX = 2
"""A soft edge reaches less far beyond its line."""
SUBPIXEL_BITS = 4
LEAST_AREA_PX = 1.0
"""What encloses less is not drawn."""
DASH_THICKNESSES = 4
"""A dash is so many times as long as the line is thick; so is the gap after it."""

Codes = NDArray[np.uint8]
Polygon = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn of one instance.

    Attributes:
        ink: its codes.
        window: rows and columns of the frame that it touches.
        polygons: what is filled, one after the other, each with its code.
        dashed: whether its line has gaps, and its area stays empty.
    """

    ink: Ink
    window: Window
    polygons: list[tuple[Polygon, int]]
    dashed: bool = False


def outlines(
    instances: Sequence[Instance], inks: Sequence[Ink], height: int, width: int
) -> list[Outline]:
    """Outlines of instances, ready to draw.

    Args:
        instances: whose.
        inks: of each instance.
        height: height of the frame, pixels.
        width: width of the frame, pixels.
    """
    half_px = max(LEAST_THICKNESS_PX, height * THICKNESS_SHARE) / 2
    reach_px = math.ceil(half_px) + SOFT_PX
    drawn = [
        Outline(ink, window, [], entry.bridged)
        for entry, ink, window in zip(
            instances, inks, windows(instances, height, width, reach_px), strict=True
        )
    ]
    curves = contours(instances, height, width)
    if curves.owners.size:
        _add_lines(drawn, curves, half_px)
    return drawn


def draw(drawn: Sequence[Outline], codes: Codes, sheet: Codes) -> None:
    """Draws instances of one class, each over those before it, over all that is there.

    Args:
        drawn: in the order to draw them; of one ink, higher than all in `codes`.
        codes: (H, W) of the frame's size; drawn into.
        sheet: the same shape, with anything on it.
    """
    # A soft edge passes through all codes between two: these must be of one ink.
    for entry in drawn:
        sheet[entry.window] = entry.ink.ground
    for entry in drawn:
        for polygon, code in entry.polygons:
            cv2.fillPoly(sheet, [polygon], code, cv2.LINE_AA, SUBPIXEL_BITS)
    for entry in drawn:
        part, below = sheet[entry.window], codes[entry.window]
        cv2.threshold(part, entry.ink.ground, 0, cv2.THRESH_TOZERO, part)
        cv2.max(below, part, below)


def _add_lines(drawn: Sequence[Outline], curves: Curves, half_px: float) -> None:
    """Adds each curve's line: what lies within its outer edge, then what lies within its inner one.

    Of a hole the outer edge is the smaller one. Large curves come first, so that holes are cut out
    of what surrounds them, and what lies in a hole is drawn into it. Edges that turn inside out are
    left away.
    """
    before, after = curves.neighbours()
    points, starts = curves.points, curves.starts
    tangent, step = points[after] - points[before], points[after] - points
    length_px = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-6)
    outwards = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * (half_px / length_px)[:, None]
    # Near each curve's own start, so that large coordinates cost no digits.
    near = points - np.repeat(points[starts], curves.lengths, axis=0)
    area = np.add.reduceat(near[:, 0] * step[:, 1] - near[:, 1] * step[:, 0], starts) / 2
    # Moved by d, an edge encloses d times its length more (Steiner); holes have areas below 0.
    steps_px = np.hypot(step[:, 0], step[:, 1])
    gained = half_px * np.add.reduceat(steps_px, starts)
    outer, inner = _fixed(points + outwards), _fixed(points - outwards)
    ends = starts + curves.lengths
    kept = np.stack([area + gained, area - gained]) * np.sign(area) >= LEAST_AREA_PX
    for k in np.argsort(-np.abs(area), kind="stable").tolist():
        one, part = drawn[curves.owners[k]], slice(starts[k], ends[k])
        ink = one.ink
        if one.dashed and kept[:, k].all():
            dashes = _dashes(outer[part], inner[part], steps_px[part], half_px)
            one.polygons.extend((dash, ink.line) for dash in dashes)
            continue
        edges = [(outer, ink.line, kept[0, k]), (inner, ink.fill, kept[1, k])]
        if area[k] < 0:
            edges = [(inner, ink.line, kept[1, k]), (outer, ink.ground, kept[0, k])]
        one.polygons.extend((edge[part], code) for edge, code, is_kept in edges if is_kept)


def _dashes(
    outer: Polygon, inner: Polygon, steps_px: NDArray[np.float32], half_px: float
) -> list[Polygon]:
    """Every other stretch between a curve's two edges; all are of one length, about."""
    dash_px = 2 * half_px * DASH_THICKNESSES
    length_px = float(steps_px.sum())
    stretches = 2 * max(1, round(length_px / dash_px / 2))
    way_px = np.cumsum(steps_px) - steps_px
    # The first point of each stretch; a point more than its own, so that a dash has its length.
    firsts = np.searchsorted(way_px, np.arange(stretches + 1) * length_px / stretches)
    places = [
        np.arange(first, last + 1) % len(outer)
        for first, last in zip(firsts[:-1:2].tolist(), firsts[1::2].tolist(), strict=True)
    ]
    return [np.concatenate([outer[place], inner[place[::-1]]]) for place in places]


def _fixed(points: Points) -> Polygon:
    # OpenCV puts pixel centres on whole numbers, our frames on halves.
    return np.asarray(np.rint((points - 0.5) * 2**SUBPIXEL_BITS), dtype=np.int32)
