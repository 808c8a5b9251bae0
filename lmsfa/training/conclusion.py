"""What follows the last epoch: the weights are judged on validation, and everyone can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmsfa.card import ModelCard, card_path, write_card
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits import Splits
from lmsfa.evaluation.answers import gather, load_whole_curve
from lmsfa.evaluation.report import full_report

EVALUATION_FILE = "evaluation.json"
VALIDATION = "val"
RUNTIME = "torch-cpu"
"""Float32, the same everywhere: figures of different machines can be compared."""


def conclude(
    weights: Path, card: ModelCard, dataset: AnnotatedSet, splits: Splits
) -> dict[str, Any]:
    """Judges finished weights on the validation split.

    Writes `EVALUATION_FILE` beside the weights and the figures into their card.

    Args:
        weights: the last epoch's averaged weights.
        card: theirs.
        dataset: with the splits that it was trained with.
        splits: where they came from.

    Returns:
        What `full_report` says.
    """
    engine = load_whole_curve(weights, RUNTIME)
    answers = gather(engine, dataset, dataset.in_split(VALIDATION))
    engine.close()
    report = full_report(answers, card, patients=splits.patients)
    path = weights.with_name(EVALUATION_FILE)
    path.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    write_card(replace(card, metrics=_metrics(report, splits)), card_path(weights))
    return report


def _metrics(report: dict[str, Any], splits: Splits) -> dict[str, Any]:
    kept = ("mask_ap50", "mask_ap", "average_recall", "images", "instances")
    return {
        "protocol": (
            f"{VALIDATION} of splits by {splits.grouped_by} ({splits.rule}); "
            f"last epoch, averaged weights; {RUNTIME}"
        ),
        **{name: report[name] for name in kept},
        "per_class_ap50": {name: row["ap50"] for name, row in report["per_class"].items()},
    }
