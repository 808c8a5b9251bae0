"""What a model runs on, on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmsfa.card import card_path, read_card
from lmsfa.errors import InputError
from lmsfa.registry import SYSTEMS
from lmsfa.shipped import shipped_weights


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Adds a weights file, or the system whose shipped ones are meant."""
    parser.add_argument("--weights", type=Path)
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"the weights that come with the program, without --weights; of {', '.join(SYSTEMS)}",
    )


def weights_of(options: argparse.Namespace, default: Path | None = None) -> Path:
    """The weights that `add_weights`'s arguments mean.

    Args:
        options: with `weights` and `model`.
        default: where neither is given.

    Raises:
        InputError: none is meant, none of that system is shipped, or the file is of another system.
    """
    weights: Path | None = options.weights
    if weights is None:
        weights = shipped_weights(options.model) if options.model else default
    elif options.model:
        system = read_card(card_path(weights)).system
        if system != options.model:
            raise InputError(f"{weights}: is of {system}, not of {options.model}")
    if weights is None:
        raise InputError("give weights by --weights, or the shipped ones by --model")
    return weights


def add_runtime(parser: argparse.ArgumentParser) -> None:
    """Adds the runtime and its threads."""
    parser.add_argument(
        "--engine",
        "--runtime",
        dest="runtime",
        default="auto",
        help="what the model runs on; auto: the fastest that agrees here",
    )
    add_threads(parser)


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Adds how many threads the model may use."""
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="threads of the model; by default the picture keeps a core, of four or more",
    )
