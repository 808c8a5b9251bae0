"""`compare`: whether one model is better than another, seed by seed on the same frames."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.commands.evaluate import add_frames, add_without, check_without, open_frames
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.evaluation.tables import comparison_table


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    add_without(parser)
    for side in ("first", "second"):
        parser.add_argument(
            f"--{side}",
            type=Path,
            nargs="+",
            required=True,
            metavar="W",
            help=f"weights of the {side} model, one a seed; pairs are made by position",
        )
    add_runtime(parser)
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.evaluation.answers import answers_of
    from lmsfa.evaluation.compare import compare
    from lmsfa.evaluation.drawn.judging import drawn_by
    from lmsfa.evaluation.drawn.tables import drawn_comparison

    frames = open_frames(options)
    dataset = frames.dataset
    check_without(options.without, dataset)
    samples = dataset.in_split(options.split)
    first, second = (
        [
            answers_of(weights, options.runtime, dataset, samples, options.threads)
            for weights in side
        ]
        for side in (options.first, options.second)
    )
    found, resampling = compare(first, second, options.without, frames.patients)
    drawn = [
        [drawn_by(path, options.runtime, dataset, samples, options.threads) for path in side]
        for side in (options.first, options.second)
    ]
    report = {
        "data": dataset.name,
        "split": options.split,
        "images": len(samples),
        "first": [str(path) for path in options.first],
        "second": [str(path) for path in options.second],
        "unit": resampling.unit,
        "resamples": len(resampling.draws),
        "comparisons": [entry.as_json() for entry in found],
        "better": all(entry.better for entry in found),
        "drawn": {
            "first": [entry.answers.as_json() for entry in drawn[0]],
            "second": [entry.answers.as_json() for entry in drawn[1]],
            "truth": drawn[0][0].truth.as_json(),
        },
    }
    if options.json:
        print(json.dumps(report, indent=2, allow_nan=False))
    else:
        print(f"{comparison_table(report)}\n\n{drawn_comparison(report['drawn'])}")
