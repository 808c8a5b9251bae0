"""`report`: one HTML file that a surgeon and a reviewer can read."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmsfa.commands.data_options import add_activities, open_judged_activities
from lmsfa.commands.evaluate import add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    add_activities(parser)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="HTML file to write")
    parser.add_argument("--run", dest="folder", type=Path, metavar="DIR", help="training's folder")
    parser.add_argument(
        "--robustness", type=int, metavar="N", help="also judge each N-th picture in bad views"
    )
    add_runtime(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.registry import checked_card
    from lmsfa.report.making import report_on

    if options.output.exists() and not options.overwrite:
        raise InputError(f"{options.output}: exists; give --overwrite to replace it")
    if options.robustness is not None and options.robustness < 1:
        raise InputError(f"--robustness must be at least 1, got {options.robustness}")
    frames = open_frames(options)
    dataset, card = frames.dataset, checked_card(options.weights)
    samples = dataset.in_split(options.split)
    activities, notes = open_judged_activities(options, dataset, samples, card)
    report_on(
        options.weights,
        dataset,
        options.split,
        options.output,
        command=options.command_line,
        runtime=options.runtime,
        threads=options.threads,
        patients=frames.patients,
        leaks=frames.leaks,
        activities=activities,
        notes=notes,
        epochs=_epochs(options.folder) if options.folder else (),
        robustness_every=options.robustness,
    )
    print(options.output)


def _epochs(folder: Path) -> list[dict[str, float]]:
    from lmsfa.training.journal import RESULTS_FILE, read_results

    rows = read_results(folder)
    if not rows:
        raise InputError(f"{folder}: no {RESULTS_FILE} of a training in this folder")
    return rows
