"""Stretches of outlines that are exactly upright or level, as a box cuts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame, Mask

LEAST_SHARE = 0.08
"""Of the frame's shorter side that a run is longer than."""
BORDER_SHARE = 9 / 512
"""Of the shorter side: what lies nearer to the picture's border is the border."""
SAME_SHARE = 2 / 512
"""Of the shorter side by which a run may lie beside the true border that it stands for."""
COVERED = 0.8
"""Share of a run beside which that border must lie. A hand's straight edge drifts by a pixel here
and there, so it need be no run itself; a box that cuts off a bulge is beside it for half of its run
at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """An edge between two rows or two columns, without a pixel of drift.

    Attributes:
        class_id: whose outline it is of.
        upright: whether it lies between two columns.
        rising: whether the area lies below it, or to its right.
        at_px: the row or column after it.
        begin_px: its first pixel along it.
        end_px: the one after its last.
    """

    class_id: int
    upright: bool
    rising: bool
    at_px: int
    begin_px: int
    end_px: int


def runs_of(class_id: int, area: Mask) -> list[Run]:
    """The straight runs of an area's outer lines, away from the picture's border.

    Args:
        class_id: whose area.
        area: (H, W) bool.
    """
    whole = _without_holes(area)
    side_px = min(whole.shape)
    border_px = BORDER_SHARE * side_px
    found = []
    for upright, pixels in ((False, whole), (True, np.ascontiguousarray(whole.T))):
        for rising in (True, False):
            edges = _edges(pixels, rising=rising)
            # Few rows hold so many pixels of an edge.
            chosen = np.flatnonzero(edges.sum(axis=1) > LEAST_SHARE * side_px)
            chosen = chosen[np.minimum(chosen + 1, len(pixels) - chosen - 1) > border_px]
            ends = np.diff(np.pad(edges[chosen], ((0, 0), (1, 1))).view(np.int8))
            rows, begins = np.nonzero(ends == 1)
            lasts = np.nonzero(ends == -1)[1]
            places = np.stack([chosen[rows] + 1, begins, lasts], axis=1)
            long = places[lasts - begins > LEAST_SHARE * side_px]
            found += [Run(class_id, upright, rising, *place) for place in long.tolist()]
    return found


def runs_in(frame: DrawnFrame) -> list[list[Run]]:
    """The runs of each instance."""
    return [runs_of(entry.class_id, entry.area) for entry in frame.instances]


def cut(runs: Iterable[Run], true: DrawnFrame) -> bool:
    """Whether one of an outline's runs is not in the truth.

    A run is in the truth if borders of the same class that face the same way lie within
    `SAME_SHARE` of it along `COVERED` of its length at least.

    Args:
        runs: of one outline.
        true: the true masks, drawn alike.
    """
    return any(not _is_true(run, true) for run in runs)


def _is_true(run: Run, true: DrawnFrame) -> bool:
    near_px = int(max(1.0, SAME_SHARE * true.side_px))
    beside = np.zeros(run.end_px - run.begin_px, dtype=np.bool_)
    # One row more, for an edge lies between two.
    rows = slice(max(0, run.at_px - 1 - near_px), run.at_px + 1 + near_px)
    for entry in true.instances:
        if entry.class_id == run.class_id:
            pixels = entry.area.T if run.upright else entry.area
            part = np.ascontiguousarray(pixels[rows, run.begin_px : run.end_px])
            beside |= _edges(part, rising=run.rising).any(axis=0)
    return bool(beside.mean() >= COVERED)


def _edges(pixels: Mask, *, rising: bool) -> Mask:
    """(H - 1, W) where an area begins, or ends, between a row and the next."""
    steps = np.diff(pixels.view(np.int8), axis=0)
    return np.asarray(steps == (1 if rising else -1))


def _without_holes(area: Mask) -> Mask:
    curves, _ = cv2.findContours(area.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(area.shape, dtype=np.uint8)
    cv2.drawContours(whole, curves, -1, 1, cv2.FILLED)
    return whole.view(np.bool_)
