"""A score threshold for each class, chosen on one half of the data and reported on the other.

A structure is cut at the score with the best F1. A **protected** one (a nerve) is cut lower: a
missed nerve is the worst error of all, so its threshold is the lowest at which at least half of
what is outlined is right. Below one half a surgeon sees more false outlines than true ones, learns
to look past them, and the true ones are lost with them; above it recall comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lmsfa.card import ClassSpec
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.calibration import CALIBRATED_FROM, halves
from lmsfa.evaluation.matching import ClassMatches, Point, match

PROTECTED_PRECISION = 0.5
"""Least precision of a protected class, see above."""
GRID = tuple(round(float(score), 2) for score in np.arange(CALIBRATED_FROM, 0.96, 0.01))
"""Thresholds that are tried."""


@dataclass(frozen=True, slots=True)
class HeldOutPoint:
    """A class on frames that its thresholds were not chosen on.

    Attributes:
        chosen: thresholds, one from each half, in the order of `halves`; None where the half
            holds no instance of the class.
        before: counts at the card's thresholds, both halves together.
        after: counts of each half at the other half's threshold, both halves together.
    """

    chosen: tuple[float | None, ...]
    before: Point
    after: Point


def choose(matches: Sequence[ClassMatches], classes: Sequence[ClassSpec]) -> dict[str, float]:
    """The threshold of each class that has a right answer at any score, by its name.

    A class that was never found has none to choose: the lowest would show nothing but noise.
    """
    return {
        spec.name: _protected(found) if spec.role == "protected" else _best_f1(found)
        for spec, found in zip(classes, matches, strict=True)
        if found.at(GRID[0]).right
    }


def cross_chosen(
    answers: Answers, classes: Sequence[ClassSpec], present: Mapping[str, float]
) -> dict[str, HeldOutPoint]:
    """Chooses on each half and counts on the other.

    Args:
        answers: with the temperature that will be used.
        classes: of the card, with their roles.
        present: the thresholds until now; also used where a half cannot choose.
    """
    parts = [match(part) for part in halves(answers)]
    chosen = [choose(part, classes) for part in parts]
    found = {}
    for number, spec in enumerate(classes):
        until_now = present[spec.name]
        pairs = zip(parts, chosen[::-1], strict=True)
        found[spec.name] = HeldOutPoint(
            tuple(part.get(spec.name) for part in chosen),
            _together([part[number].at(until_now) for part in parts]),
            _together([part[number].at(other.get(spec.name, until_now)) for part, other in pairs]),
        )
    return found


def _best_f1(found: ClassMatches) -> float:
    # The first of equals is the lowest, which misses least.
    return max(GRID, key=lambda score: found.at(score).f1)


def _protected(found: ClassMatches) -> float:
    balanced = _best_f1(found)
    enough = (score for score in GRID if found.at(score).precision >= PROTECTED_PRECISION)
    # Where half is right nowhere below, the best F1 stands: it never misses more than that.
    return min(next(enough, balanced), balanced)


def _together(points: Sequence[Point]) -> Point:
    return Point(
        sum(point.right for point in points),
        sum(point.answers for point in points),
        sum(point.truths for point in points),
    )
