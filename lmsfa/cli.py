"""`python -m lmsfa COMMAND`: the table of commands, and how each of them ends."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys

from lmsfa.commands import (
    bench,
    calibrate,
    compare,
    data,
    drawn,
    engines,
    evaluate,
    export,
    familiar,
    flicker,
    info,
    models,
    motion,
    predict,
    quality,
    quantise,
    report,
    robustness,
    table,
    tracking,
    train,
)
from lmsfa.errors import InputError

INTERRUPTED = 130
"""What shells report for a program that Ctrl-C ended."""

COMMANDS = {
    "data": (data.add, "look through a data set, convert it, split it"),
    "train": (train.add, "train from scratch, from other weights, or go on after a stop"),
    "evaluate": (evaluate.add, "every figure of a split, with intervals"),
    "compare": (compare.add, "two models, seed by seed"),
    "calibrate": (calibrate.add, "choose score thresholds and temperature for the card"),
    "drawn": (drawn.add, "what the eye gets: cuts, hidden lines, specks, outlines off the truth"),
    "robustness": (robustness.add, "figures under glare, blood, smoke, blur, noise, low light"),
    "quality": (quality.add, "how often an overlay is called weak or off, and why"),
    "familiar": (familiar.add, "what training pictures are like, and what is told from them"),
    "flicker": (flicker.add, "how steady the answers are on a clip"),
    "motion": (motion.add, "what moving an answer to a later picture is worth, in made scenes"),
    "tracking": (tracking.add, "what tracking does to answers, in made scenes"),
    "report": (report.add, "everything about weights in one HTML file"),
    "table": (table.add, "the paper's Table II beside figures of one's own"),
    "predict": (predict.add, "answer one picture"),
    "info": (info.add, "parameters and operations of a network"),
    "models": (models.add, "the systems that weights can be of, with their sizes"),
    "bench": (bench.add, "how fast it is here, beside others in the same rounds"),
    "engines": (engines.add, "what the model can run on here, and which one is taken"),
    "quantise": (quantise.add, "an int8 network beside the weights, where it loses nothing"),
    "export": (export.add, "write a network for OpenVINO or as ONNX"),
}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; bad input ends with one line on stderr and exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options.command_line = shlex.join(["python", "-m", "lmsfa", *given])
    try:
        options.run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped{options.after_stop}", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lmsfa", description=__doc__)
    parser.set_defaults(after_stop="")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (add, purpose) in COMMANDS.items():
        add(commands.add_parser(name, help=purpose))
    return parser
