"""Stretches of outlines that are exactly upright or level, as a box cuts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame, Mask

LEAST_SHARE = 0.08
"""Of the frame's shorter side that a run is longer than."""
BORDER_SHARE = 9 / 512
"""Of the shorter side: what lies nearer to the picture's border is the border."""
SAME_SHARE = 2 / 512
"""Of the shorter side by which a run may lie beside one of the truth that it stands for."""
TRUE_SHARE = LEAST_SHARE / 2
"""Half of it: a hand's straight edge drifts by a pixel here and there."""
COVERED = 0.5
"""Share of a run beside which the truth's must lie."""


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


def runs_of(class_id: int, area: Mask, least_share: float = LEAST_SHARE) -> list[Run]:
    """The straight runs of an area's outer lines, away from the picture's border.

    Args:
        class_id: whose area.
        area: (H, W) bool.
        least_share: of the shorter side that runs are longer than.
    """
    whole = _without_holes(area)
    side_px = min(whole.shape)
    border_px = BORDER_SHARE * side_px
    found = []
    for upright, pixels in ((False, whole), (True, np.ascontiguousarray(whole.T))):
        steps = np.diff(pixels.view(np.int8), axis=0)
        for rising in (True, False):
            edges = steps == (1 if rising else -1)
            # Few rows hold so many pixels of an edge.
            chosen = np.flatnonzero(edges.sum(axis=1) > least_share * side_px)
            chosen = chosen[np.minimum(chosen + 1, len(pixels) - chosen - 1) > border_px]
            ends = np.diff(np.pad(edges[chosen], ((0, 0), (1, 1))).view(np.int8))
            rows, begins = np.nonzero(ends == 1)
            lasts = np.nonzero(ends == -1)[1]
            places = np.stack([chosen[rows] + 1, begins, lasts], axis=1)
            long = places[lasts - begins > least_share * side_px]
            found += [Run(class_id, upright, rising, *place) for place in long.tolist()]
    return found


def runs_in(frame: DrawnFrame, least_share: float = LEAST_SHARE) -> list[list[Run]]:
    """The runs of each instance."""
    return [runs_of(entry.class_id, entry.area, least_share) for entry in frame.instances]


def cut(runs: Iterable[Run], true: Sequence[Run], side_px: int) -> bool:
    """Whether one of an outline's runs is not in the truth.

    A run is in the truth if runs of the same class and direction lie within `SAME_SHARE` of it
    along half of its length at least.

    Args:
        runs: of one outline.
        true: of the truth, longer than `TRUE_SHARE`.
        side_px: the frame's shorter side, pixels.
    """
    return any(not _is_true(run, true, side_px) for run in runs)


def _is_true(run: Run, true: Sequence[Run], side_px: int) -> bool:
    beside = np.zeros(run.end_px - run.begin_px, dtype=np.bool_)
    for other in true:
        kind = (other.class_id, other.upright, other.rising)
        near = abs(other.at_px - run.at_px) <= max(1.0, SAME_SHARE * side_px)
        if near and kind == (run.class_id, run.upright, run.rising):
            begin, end = (max(0, at - run.begin_px) for at in (other.begin_px, other.end_px))
            beside[begin:end] = True
    return bool(beside.mean() >= COVERED)


def _without_holes(area: Mask) -> Mask:
    curves, _ = cv2.findContours(area.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(area.shape, dtype=np.uint8)
    cv2.drawContours(whole, curves, -1, 1, cv2.FILLED)
    return whole.view(np.bool_)
