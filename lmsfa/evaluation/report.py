"""Every figure of a model on a split, as one JSON object."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lmsfa.card import ModelCard
from lmsfa.evaluation.activity import judge_activities
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.boundary import judge_boundaries, tolerance_px
from lmsfa.evaluation.calibration import reliability
from lmsfa.evaluation.coco import judge, mean
from lmsfa.evaluation.intervals import intervals, percentile_interval, refigure
from lmsfa.evaluation.matching import match
from lmsfa.evaluation.resampling import PatientOf, Resampling, resample
from lmsfa.evaluation.semantic import judge_semantics

MOST_GROUPS = 20
"""More groups are patients; a table of each would hide the figures that matter."""


def full_report(
    answers: Answers,
    card: ModelCard,
    without: Collection[str] = (),
    patients: PatientOf | None = None,
) -> dict[str, Any]:
    """Judges answers in every way there is.

    Args:
        answers: from the lowest score on, with the card's temperature.
        card: of the weights as they are, with the thresholds that an application uses.
        without: class names left out of a further mean.
        patients: as in `resample`.

    Returns:
        What `Figures.as_json` says at top level; beside it `shown`, `intervals`, `without`,
        `per_group`, `semantic`, `boundary`, `calibration` and `warnings`, and `activity` where it
        is known of a frame. None where there is no figure, never NaN.
    """
    figures = judge(answers)
    matches = match(answers)
    resampling = resample(answers.frames, patients)
    common = [figures.score_threshold] * len(answers.classes)
    shown = answers.shown(card.class_thresholds, card.same_share)
    report = {
        **figures.as_json(),
        "shown": shown_figures(answers, card, resampling),
        "intervals": intervals(matches, answers.classes, resampling, common, without),
        "semantic": judge_semantics(shown).as_json(),
        "boundary": _boundaries(shown),
        "calibration": reliability(matches).as_json(),
        "per_group": _per_group(answers, figures.score_threshold),
    }
    if without:
        report["without"] = {"classes": list(without), **figures.without(without)}
    if any(frame.true_activity for frame in answers.frames):
        report["activity"] = judge_activities(answers, card.activities).as_json()
    report["warnings"] = [*card.warnings, *_warnings(report, resampling)]
    return report


def shown_figures(answers: Answers, card: ModelCard, resampling: Resampling) -> dict[str, Any]:
    """Precision and recall at IoU 0.5 of what an application shows, with intervals, by class."""
    matches = match(answers)
    again = refigure(matches, resampling.draws, card.class_thresholds)
    rows: dict[str, dict[str, Any]] = {}
    for number, (name, found) in enumerate(zip(answers.classes, matches, strict=True)):
        point = found.at(card.class_thresholds[number])
        rows[name] = {
            "threshold": card.class_thresholds[number],
            "recall": point.recall if point.truths else None,
            "recall_interval": percentile_interval(again.of_class("recall", number)),
            "precision": point.precision if point.truths else None,
            "precision_interval": percentile_interval(again.of_class("precision", number)),
            "missed": point.truths - point.right,
            "false": point.answers - point.right,
            "instances": point.truths,
        }
    report: dict[str, Any] = {"temperature": card.temperature}
    for metric in ("recall", "precision"):
        values, there = again.mean(metric, range(len(matches)))
        report[metric] = mean(row[metric] for row in rows.values())
        report[f"{metric}_interval"] = percentile_interval(values[there])
    return {**report, "per_class": rows}


def _boundaries(shown: Answers) -> dict[str, Any]:
    return {
        "tolerance_px": sorted({tolerance_px(frame.height, frame.width) for frame in shown.frames}),
        "per_class": {name: row.as_json() for name, row in judge_boundaries(shown).items()},
    }


def _per_group(answers: Answers, score_threshold: float) -> dict[str, Any]:
    """Figures of each sequence at the split's common threshold."""
    if not 1 < len(answers.groups) <= MOST_GROUPS:
        return {}
    return {
        group: judge(answers.of_groups(group), score_threshold).as_json()
        for group in answers.groups
    }


def _warnings(report: dict[str, Any], resampling: Resampling) -> list[str]:
    found = [
        f"no {name} in this split: it has no figures"
        for name, row in report["per_class"].items()
        if not row["instances"]
    ]
    if resampling.note:
        found.append(resampling.note)
    return found
