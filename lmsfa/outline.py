"""Draws structures as lines with soft edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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

Codes = NDArray[np.uint8]
Polygons = list[NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn of one instance.

    Attributes:
        ink: its codes.
        window: rows and columns of the frame that it touches.
        outer: the outer edges of its lines, for OpenCV.
        inner: their inner edges.
    """

    ink: Ink
    window: Window
    outer: Polygons
    inner: Polygons


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
        Outline(ink, window, [], [])
        for ink, window in zip(inks, windows(instances, height, width, reach_px), strict=True)
    ]
    curves = contours(instances, height, width)
    if curves.owners.size:
        outer, inner = _edges(curves, half_px)
        for owner, *edges in zip(curves.owners.tolist(), outer, inner, strict=True):
            drawn[owner].outer.extend(edges[0])
            drawn[owner].inner.extend(edges[1])
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
        cv2.fillPoly(sheet, entry.outer, entry.ink.line, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.fillPoly(sheet, entry.inner, entry.ink.fill, cv2.LINE_AA, SUBPIXEL_BITS)
    for entry in drawn:
        part, below = sheet[entry.window], codes[entry.window]
        cv2.threshold(part, entry.ink.ground, 0, cv2.THRESH_TOZERO, part)
        cv2.max(below, part, below)


def _edges(curves: Curves, half_px: float) -> tuple[list[Polygons], list[Polygons]]:
    """The lines' outer and inner edges, at most one a curve: none where it turns inside out."""
    before, after = curves.neighbours()
    points, starts = curves.points, curves.starts
    tangent, step = points[after] - points[before], points[after] - points
    length_px = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-6)
    outwards = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1) * (half_px / length_px)[:, None]
    # Near each curve's own start, so that large coordinates cost no digits.
    near = points - np.repeat(points[starts], curves.lengths, axis=0)
    area = np.add.reduceat(near[:, 0] * step[:, 1] - near[:, 1] * step[:, 0], starts) / 2
    # Moved by d, an edge encloses d times its length more (Steiner); holes have areas below 0.
    gained = half_px * np.add.reduceat(np.hypot(step[:, 0], step[:, 1]), starts)
    return (
        _polygons(curves, points + outwards, (area + gained) * np.sign(area)),
        _polygons(curves, points - outwards, (area - gained) * np.sign(area)),
    )


def _polygons(
    curves: Curves, points: Points, areas_px: NDArray[np.floating[Any]]
) -> list[Polygons]:
    # OpenCV puts pixel centres on whole numbers, our frames on halves.
    fixed = np.rint((points - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
    starts = curves.starts.tolist()
    return [
        [fixed[start:end]] if area_px >= LEAST_AREA_PX else []
        for start, end, area_px in zip(
            starts, [*starts[1:], len(fixed)], areas_px.tolist(), strict=True
        )
    ]
