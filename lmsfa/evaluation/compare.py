"""Two models, several seeds each: who is better, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.errors import InputError
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.intervals import Interval, ResampledFigures, percentile_interval, refigure
from lmsfa.evaluation.matching import match
from lmsfa.evaluation.resampling import PatientOf, Resampling, resample

METRICS = ("ap50", "ap")
LOWEST_BOUND = -0.01
"""One point: a model that may be worse than that is not called better."""

FEWEST_SEEDS = 2
"""One seed against one is a throw of dice: seeds differ by as much as models."""
FEWEST_UNITS = 6
"""Patients or blocks. Five all point the same way by chance in 2 of 32 throws, more than 5 %."""
FEWEST_SEQUENCES = 2
"""Of frames of one sequence nobody knows what was the model and what the scene."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric on one set of frames, first model minus second; 0..1, pairs by seed.

    Attributes:
        first: the first model's figure, a seed each.
        second: the second model's.
        interval: 95 % of the mean difference, both models on the same resampled frames.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]
    interval: Interval

    @property
    def paired(self) -> tuple[float, ...]:
        """The difference of each pair."""
        return tuple(a - b for a, b in zip(self.first, self.second, strict=True))

    @property
    def mean(self) -> float:
        """The mean difference."""
        return float(np.mean(self.paired))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric over one set of classes.

    Attributes:
        metric: "ap50" or "ap", of masks.
        classes: what the mean is over, for people: "all" or "without X".
        overall: on all frames.
        by_sequence: on each sequence alone, where no patients are drawn; those without any
            of the classes are not here.
        too_little: what there is too little of to call any model better, a sentence each.
    """

    metric: str
    classes: str
    overall: Difference
    by_sequence: dict[str, Difference]
    too_little: tuple[str, ...]

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the first model may not be called better; empty where it may."""
        found = [
            f"the mean difference on {name} is {100 * entry.mean:+.1f} points, not above zero"
            for name, entry in self.by_sequence.items()
            if entry.mean <= 0
        ]
        if self.overall.mean <= 0:
            found.append(f"the mean difference is {100 * self.overall.mean:+.1f} points")
        lower = self.overall.interval[0]
        if lower <= LOWEST_BOUND:
            found.append(f"the lower bound of the difference is {100 * lower:+.1f} points")
        return (*found, *self.too_little)

    @property
    def better(self) -> bool:
        """Above zero on every sequence, the lower bound on all frames above -1 point, and enough.

        Enough are two seeds of each model, six patients or blocks, and two sequences where blocks
        are drawn.
        """
        return not self.objections

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return {
            "metric": f"mask_{self.metric}",
            "classes": self.classes,
            "overall": _plain(self.overall),
            "by_sequence": {name: _plain(entry) for name, entry in self.by_sequence.items()},
            "better": self.better,
            "objections": list(self.objections),
        }


def compare(
    first: Sequence[Answers],
    second: Sequence[Answers],
    without: Collection[str] = (),
    patients: PatientOf | None = None,
) -> tuple[list[Comparison], Resampling]:
    """Compares two models on the same frames.

    Args:
        first: answers of the first model, one a seed.
        second: answers of the second model; pairs are made by position.
        without: class names for a second look without them.
        patients: as in `resample`.

    Raises:
        InputError: the two have not the same number of seeds, frames and classes, or there is no
            instance to find.
    """
    _check(first, second)
    frames, classes = first[0].frames, first[0].classes
    resampling = resample(frames, patients)
    scopes: dict[str, NDArray[np.intp]] = {"": np.ones(len(frames), dtype=np.intp)}
    # Where patients are drawn there is no sequence that all would have to be better on.
    for group in first[0].groups if resampling.within_patient else ():
        scopes[group] = np.array([frame.group == group for frame in frames], dtype=np.intp)
    # The first row is every frame once: the figure itself, by the same code as its resamples.
    draws = np.vstack([scopes[""], resampling.draws])
    # Only AP is compared, which knows no threshold.
    any_score = [0.0] * len(classes)
    sides = [[match(answers) for answers in side] for side in (first, second)]
    figures = {
        scope: [[refigure(m, draws * kept, any_score) for m in side] for side in sides]
        for scope, kept in scopes.items()
    }
    sets = {"all": range(len(classes))}
    if without:
        left = [number for number, name in enumerate(classes) if name not in without]
        sets["without " + ", ".join(without)] = left  # type: ignore[assignment]
    too_little = _too_little(len(first), resampling, len(first[0].groups))
    return [
        _comparison(metric, name, chosen, figures, too_little)
        for metric in METRICS
        for name, chosen in sets.items()
    ], resampling


def _comparison(
    metric: str,
    name: str,
    class_ids: Sequence[int],
    figures: dict[str, list[list[ResampledFigures]]],
    too_little: tuple[str, ...],
) -> Comparison:
    found = {
        scope: _difference([[one.mean(metric, class_ids) for one in side] for side in sides])
        for scope, sides in figures.items()
    }
    overall = found.pop("")
    if overall is None:
        raise InputError(f"no instance to compare the models by ({name})")
    known = {scope: entry for scope, entry in found.items() if entry is not None}
    return Comparison(metric, name, overall, known, too_little)


def _too_little(seeds: int, resampling: Resampling, sequences: int) -> tuple[str, ...]:
    found = []
    if seeds < FEWEST_SEEDS:
        found.append(f"one pair of seeds is too few, at least {FEWEST_SEEDS} expected")
    if resampling.units < FEWEST_UNITS:
        found.append(f"{resampling.unit} are too few, at least {FEWEST_UNITS} expected")
    if resampling.within_patient and sequences < FEWEST_SEQUENCES:
        found.append(f"one sequence is too few, at least {FEWEST_SEQUENCES} expected")
    return tuple(found)


def _difference(
    sides: list[list[tuple[NDArray[np.float64], NDArray[np.bool_]]]],
) -> Difference | None:
    """Of means on the figure's own frames (row 0) and on every resample; None without instances."""
    # Both models saw the same frames, so that the same resamples hold an instance.
    there = sides[0][0][1]
    if not there[0]:
        return None
    first, second = (np.stack([values for values, _ in side]) for side in sides)
    differences = (first - second).mean(0)[1:][there[1:]]
    interval = percentile_interval(differences) or (-1.0, 1.0)
    return Difference(tuple(first[:, 0].tolist()), tuple(second[:, 0].tolist()), interval)


def _check(first: Sequence[Answers], second: Sequence[Answers]) -> None:
    if not first or len(first) != len(second):
        raise InputError(
            f"pairs need as many weights on both sides, got {len(first)} and {len(second)}"
        )
    names = [frame.name for frame in first[0].frames]
    for answers in [*first, *second]:
        if [f.name for f in answers.frames] != names or answers.classes != first[0].classes:
            raise InputError("the models answered other frames or know other classes")


def _plain(difference: Difference) -> dict[str, Any]:
    return {
        "first": list(difference.first),
        "second": list(difference.second),
        "paired": list(difference.paired),
        "mean": difference.mean,
        "interval": list(difference.interval),
    }
