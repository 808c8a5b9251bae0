"""`calibrate`: a temperature and a threshold a class for weights, judged on frames held out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.commands.evaluate import add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError
from lmsfa.evaluation.tables import calibration_table
from lmsfa.registry import SEMANTIC_SYSTEMS, TITLES, checked_card


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    parser.add_argument("--weights", type=Path, required=True)
    add_runtime(parser)
    parser.add_argument("--write", action="store_true", help="write them into the weights' card")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.card import card_path, write_card
    from lmsfa.evaluation.answers import answers_of
    from lmsfa.evaluation.calibrated_card import calibrate

    dataset = open_frames(options).dataset
    present = checked_card(options.weights)
    if present.system in SEMANTIC_SYSTEMS:
        raise InputError(
            f"{options.weights}: {TITLES[present.system]} answers every region that it finds, and "
            "all of them are shown; thresholds would hide structures"
        )
    samples = dataset.in_split(options.split)
    answers = answers_of(options.weights, options.runtime, dataset, samples, options.threads)
    path = card_path(options.weights)
    card, report = calibrate(present, answers)
    if options.write:
        write_card(card, path)
    report = {
        "data": dataset.name,
        "split": options.split,
        "card": str(path),
        "written": options.write,
        **report,
    }
    print(
        json.dumps(report, indent=2, allow_nan=False) if options.json else calibration_table(report)
    )
