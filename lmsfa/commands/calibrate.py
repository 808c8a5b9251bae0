"""`calibrate`: a temperature and a threshold a class for weights, judged on frames held out."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.commands.evaluate import add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.evaluation.tables import calibration_table


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    parser.add_argument("--weights", type=Path, required=True)
    add_runtime(parser)
    parser.add_argument("--write", action="store_true", help="write them into the weights' card")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.card import card_path, read_card, write_card
    from lmsfa.evaluation.answers import answers_of
    from lmsfa.evaluation.calibrated_card import calibrate

    dataset = open_frames(options).dataset
    samples = dataset.in_split(options.split)
    answers = answers_of(options.weights, options.runtime, dataset, samples, options.threads)
    path = card_path(options.weights)
    card, report = calibrate(read_card(path), answers)
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
