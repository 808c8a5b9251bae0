"""What follows the last epoch: the weights are judged on validation, and everyone can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from lmsfa.card import ModelCard, card_path, write_card
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import answers_of
from lmsfa.evaluation.calibrated_card import calibrate
from lmsfa.evaluation.familiarity import measure_familiarity
from lmsfa.evaluation.report import full_report
from lmsfa.models.semantic import SemanticNetwork
from lmsfa.report.inputs import ReportInputs
from lmsfa.report.page import write_report
from lmsfa.training.journal import read_results
from lmsfa.training.loop import Trainer
from lmsfa.whole_file import write_whole

EVALUATION_FILE = "evaluation.json"
REPORT_FILE = "report.html"
TRAINING, VALIDATION = "train", "val"
RUNTIME = "torch-cpu"
"""Float32, the same everywhere: figures of different machines can be compared."""
CHOSEN_HERE = (
    "The score thresholds were chosen on these pictures: precision and recall at them are upper "
    "bounds. Judge on a test split for others."
)


def conclude(trainer: Trainer, card: ModelCard) -> dict[str, Any]:
    """Judges the weights of a finished training on the validation split.

    Chooses a score threshold a class, writes it, the figures and what the training pictures are
    like into the card, and leaves `EVALUATION_FILE` and `REPORT_FILE` in the training's folder. A
    network of classes a cell keeps its threshold: every region that it finds is part of its answer.

    Args:
        trainer: whose training is over; its data set has a split `VALIDATION`.
        card: of its weights.

    Returns:
        What `full_report` says.
    """
    dataset, splits = trainer.dataset, trainer.splits
    samples = dataset.in_split(VALIDATION)
    answers = answers_of(trainer.weights, RUNTIME, dataset, samples, activities=trainer.activities)
    notes = list(splits.warnings)
    if trainer.activities:
        notes += trainer.activities.silence_about(sample.name for sample in samples)
    evidence = None
    if not isinstance(trainer.network, SemanticNetwork):
        card, evidence = calibrate(card, answers)
        answers = answers.with_temperature(card.temperature)
        notes.insert(0, CHOSEN_HERE)
    try:
        card = replace(card, familiarity=measure_familiarity(dataset.in_split(TRAINING)))
    except InputError as error:
        notes.append(f"Pictures unlike the training will not be named: {error}.")
    figures = full_report(answers, card, patients=splits.patients)
    card = replace(card, metrics=_metrics(figures, splits.grouped_by, splits.rule))
    write_card(card, card_path(trainer.weights))
    path = trainer.output / EVALUATION_FILE
    said = {**figures, "thresholds_held_out": evidence} if evidence else figures
    write_whole(path, (json.dumps(said, indent=1, allow_nan=False) + "\n").encode())
    inputs = ReportInputs(
        dataset=dataset,
        split=VALIDATION,
        card=card,
        answers=answers,
        figures=figures,
        command=trainer.command,
        made=datetime.now().astimezone(),
        notes=tuple(notes),
        epochs=read_results(trainer.output),
    )
    write_report(trainer.output / REPORT_FILE, inputs)
    return figures


def _metrics(figures: dict[str, Any], grouped_by: str, rule: str) -> dict[str, Any]:
    told = figures.get("activity")
    kept = ("mask_ap50", "mask_ap", "average_recall", "images", "instances")
    return {
        "protocol": (
            f"{VALIDATION} of splits by {grouped_by} ({rule}); "
            f"last epoch, averaged weights; {RUNTIME}"
        ),
        **{name: figures[name] for name in kept},
        "per_class_ap50": {name: row["ap50"] for name, row in figures["per_class"].items()},
        "miou": figures["semantic"]["miou"],
        "dice": figures["semantic"]["dice"],
        **(
            {"activity_accuracy": told["accuracy"], "activity_macro_f1": told["macro_f1"]}
            if told
            else {}
        ),
    }
