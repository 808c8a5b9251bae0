"""95 % intervals by bootstrap: the figures again on frames that were drawn again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.evaluation.matching import IOUS, ClassMatches
from lmsfa.evaluation.resampling import Resampling

CONFIDENCE = 0.95
RECALLS = np.linspace(0, 1, 101)
"""Where COCO reads a precision curve."""
METRICS = ("ap50", "ap75", "ap", "average_recall", "precision", "recall")

Floats = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ResampledFigures:
    """Figures of every resample.

    Attributes:
        values: metric, one of `METRICS` -> (resamples, classes) 0..1.
        present: (resamples, classes) whether the resample holds an instance of the class; where it
            does not, the value is 0 and means nothing.
    """

    values: dict[str, Floats]
    present: NDArray[np.bool_]

    def of_class(self, metric: str, class_id: int) -> Floats:
        """The metric in all resamples that hold the class."""
        return np.asarray(self.values[metric][self.present[:, class_id], class_id])

    def mean(self, metric: str, class_ids: Collection[int]) -> tuple[Floats, NDArray[np.bool_]]:
        """(resamples,) means over the classes that are there, and in which there are any."""
        columns = sorted(class_ids)
        there = self.present[:, columns]
        count = there.sum(1)
        total = np.where(there, self.values[metric][:, columns], 0).sum(1)
        return total / np.maximum(count, 1), count > 0


def refigure(
    matches: Sequence[ClassMatches], draws: NDArray[np.intp], thresholds: Sequence[float]
) -> ResampledFigures:
    """Computes every figure on every resample.

    Args:
        matches: of all frames.
        draws: (resamples, frames) how often each frame was drawn.
        thresholds: a class, the score at which precision and recall are counted; not chosen anew.
    """
    shape = (len(draws), len(matches))
    values = {metric: np.zeros(shape) for metric in METRICS}
    present = np.zeros(shape, dtype=np.bool_)
    for class_id, found in enumerate(matches):
        truths = draws @ found.truths_in
        present[:, class_id] = truths > 0
        precision, recall = _curves(found, draws[:, found.frames], np.maximum(truths, 1))
        kept = found.scores >= thresholds[class_id]
        times = draws[:, found.frames[kept]]
        right = times @ found.right[0, kept]
        for metric, figure in (
            ("ap50", precision[:, 0]),
            ("ap75", precision[:, 5]),
            ("ap", precision.mean(1)),
            ("average_recall", recall.mean(1)),
            ("precision", right / np.maximum(times.sum(1), 1)),
            ("recall", right / np.maximum(truths, 1)),
        ):
            values[metric][:, class_id] = figure
    return ResampledFigures(values, present)


def _curves(
    found: ClassMatches, times: NDArray[np.intp], truths: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Average precision and largest recall, each (resamples, IoUs), as COCO computes them.

    A curve's precision is best at right answers, so that only these are looked at.
    """
    answers = times.cumsum(1)
    precisions = np.zeros((len(times), len(IOUS)))
    recalls = np.zeros_like(precisions)
    for level in range(len(IOUS)):
        places = np.flatnonzero(found.right[level])
        if places.size == 0:
            continue
        right = times[:, places].cumsum(1)
        precision = right / np.maximum(answers[:, places], 1)
        best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = right / truths[:, None]
        precisions[:, level] = _read(best_from_here, recall)
        recalls[:, level] = recall[:, -1]
    return precisions, recalls


def _read(precision: Floats, recall: Floats) -> Floats:
    """(resamples,) mean of the precision at `RECALLS`; 0 at recalls that are not reached."""
    padded = np.pad(precision, ((0, 0), (0, 1)))
    places = np.stack([row.searchsorted(RECALLS) for row in recall])
    return np.asarray(np.take_along_axis(padded, places, 1).mean(1))


def percentile_interval(values: Floats) -> Interval | None:
    """The middle 95 % of resampled values; None without any."""
    if values.size == 0:
        return None
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def intervals(
    matches: Sequence[ClassMatches],
    classes: Sequence[str],
    resampling: Resampling,
    thresholds: Sequence[float],
    without: Collection[str] = (),
) -> dict[str, Any]:
    """Intervals for JSON: of every metric for all classes, for each, and without some.

    Args:
        matches: of all frames.
        classes: their names.
        resampling: the frames drawn again.
        thresholds: as in `refigure`.
        without: class names left out of a further mean.
    """
    figures = refigure(matches, resampling.draws, thresholds)

    def of_mean(class_ids: list[int]) -> dict[str, Interval | None]:
        means = {metric: figures.mean(metric, class_ids) for metric in METRICS}
        return {
            _mean_name(metric): percentile_interval(values[there])
            for metric, (values, there) in means.items()
        }

    found: dict[str, Any] = {
        "confidence": CONFIDENCE,
        "resamples": len(resampling.draws),
        "unit": resampling.unit,
        "all": of_mean(list(range(len(classes)))),
        "per_class": {
            name: {m: percentile_interval(figures.of_class(m, number)) for m in METRICS}
            for number, name in enumerate(classes)
        },
    }
    if without:
        found["without"] = of_mean([n for n, name in enumerate(classes) if name not in without])
    return found


def _mean_name(metric: str) -> str:
    return f"mask_{metric}" if metric.startswith("ap") else metric
