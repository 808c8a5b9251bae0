"""`quantise`: an int8 network beside the weights, where it loses next to nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmsfa.commands.data_options import add_data, open_data
from lmsfa.errors import InputError


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_data(parser)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--size", type=int, help="side of the input, pixels; the card's by default")
    parser.add_argument("--calibrate-on", default="train", metavar="SPLIT")
    parser.add_argument("--judge-on", default="val", metavar="SPLIT")


def _run(options: argparse.Namespace) -> None:
    try:
        from lmsfa.quantisation import quantise
    except ModuleNotFoundError as error:
        raise InputError(
            f"int8 needs the package {error.name}: pip install 'lmsfa-overlay[int8]'"
        ) from None

    if options.calibrate_on == options.judge_on:
        raise InputError("--calibrate-on and --judge-on must be different splits")
    dataset = open_data(options)
    made = quantise(
        options.weights,
        dataset,
        dataset.in_split(options.calibrate_on),
        dataset.in_split(options.judge_on),
        size_px=options.size,
    )
    print(
        f"{made.path}: AP50 {made.ap50:.3f} in int8, {made.ap50_before:.3f} in fp32 "
        f"({options.judge_on}); calibrated on {made.frames} frames of {options.calibrate_on}"
    )
