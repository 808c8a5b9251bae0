"""What a model runs on, on the command line."""

from __future__ import annotations

import argparse


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
