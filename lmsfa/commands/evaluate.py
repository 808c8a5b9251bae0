"""`evaluate`: mask metrics of a split."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.data.opening import open_dataset
from lmsfa.errors import InputError
from lmsfa.tables import evaluation_table


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--data", type=Path, required=True, help="folder with dataset.json")
    parser.add_argument("--split", default="val")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument(
        "--without", action="append", default=[], metavar="CLASS", help="also mean over the others"
    )
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.evaluate import EVALUATION_SCORE_THRESHOLD, evaluate
    from lmsfa.registry import load_engine

    dataset = open_dataset(options.data)
    samples = dataset.in_split(options.split)
    unknown = set(options.without) - {entry.name for entry in dataset.classes}
    if unknown:
        raise InputError(f"--without: {dataset.name} has no class {sorted(unknown)[0]!r}")
    engine = load_engine(options.weights, options.runtime, EVALUATION_SCORE_THRESHOLD)
    figures = evaluate(engine, dataset, samples)
    engine.close()
    report = {"data": dataset.name, "split": options.split, **figures.as_json()}
    if options.without:
        report["without"] = {"classes": options.without, **figures.without(options.without)}
    print(json.dumps(report, indent=2) if options.json else evaluation_table(report))
