"""A card with the temperature and the thresholds that its weights' answers ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lmsfa.card import ModelCard
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.calibration import HeldOut, cross_fitted, temperature_of
from lmsfa.evaluation.matching import Point, match
from lmsfa.evaluation.thresholds import PROTECTED_PRECISION, HeldOutPoint, choose, cross_chosen
from lmsfa.postprocess import calibrated


def calibrate(card: ModelCard, answers: Answers) -> tuple[ModelCard, dict[str, Any]]:
    """Chooses on all answers, and says what the same choice was worth on frames held out.

    A temperature is taken only if it made the held-out calibration error smaller; else it is 1.

    Args:
        card: of the weights that answered.
        answers: from the lowest score on, with the card's temperature.

    Returns:
        The new card, and the evidence for `json.dumps`.
    """
    raw = answers.with_temperature(1 / card.temperature)
    held_out = cross_fitted(raw)
    before, after = (_error(held_out, when) for when in ("before", "after"))
    helps = before is not None and after is not None and after < before
    temperature = round(temperature_of(raw), 3) if helps else 1.0
    scored = raw.with_temperature(temperature)
    # The card's thresholds were said of scores with its own temperature.
    names = [spec.name for spec in card.classes]
    further = temperature / card.temperature
    until_now = calibrated(np.array([*card.class_thresholds, card.score_threshold]), further)
    present = dict(zip(names, until_now[:-1].tolist(), strict=True))
    found = choose(match(scored), card.classes)
    chosen = replace(
        card,
        temperature=temperature,
        score_threshold=round(float(until_now[-1]), 3),
        score_thresholds={name: found.get(name, round(present[name], 3)) for name in names},
    )
    rows = cross_chosen(scored, card.classes, present)
    return chosen, {
        "temperature": {
            "chosen": temperature,
            "held_out_error_before": before,
            "held_out_error_after": after,
            "halves": [_half(entry) for entry in held_out],
        },
        "protected_precision": PROTECTED_PRECISION,
        "per_class": {
            spec.name: _row(spec.role, found.get(spec.name), rows[spec.name])
            for spec in card.classes
        },
    }


def _error(held_out: tuple[HeldOut, ...], when: str) -> float | None:
    """Calibration error over both halves, weighted by their answers."""
    parts = [getattr(entry, when) for entry in held_out]
    answers = sum(part.answers for part in parts)
    if not answers:
        return None
    return float(sum(part.answers * part.ece for part in parts if part.answers) / answers)


def _half(entry: HeldOut) -> dict[str, Any]:
    return {
        "fitted_on": entry.fitted_on,
        "temperature": entry.temperature,
        "error_before": entry.before.ece,
        "error_after": entry.after.ece,
        "answers": entry.before.answers,
    }


def _row(role: str, threshold: float | None, row: HeldOutPoint) -> dict[str, Any]:
    return {
        "role": role,
        "threshold": threshold,
        "chosen_on_halves": list(row.chosen),
        "before": _counts(row.before),
        "after": _counts(row.after),
    }


def _counts(point: Point) -> dict[str, float | int | None]:
    there = point.truths > 0
    return {
        "recall": point.recall if there else None,
        "precision": point.precision if there else None,
        "f1": point.f1 if there else None,
        "missed": point.truths - point.right,
        "false": point.answers - point.right,
        "instances": point.truths,
    }
