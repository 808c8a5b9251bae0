"""`data phantom`: a made set with exact masks, to train on and to try things with."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmsfa.errors import InputError


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--scenes", type=int, default=100, help="fields of operation")
    parser.add_argument("--frames", type=int, default=4, help="pictures of each")
    parser.add_argument("--seed", type=int, default=0, help="of the first scene")
    parser.add_argument("--overwrite", action="store_true", help="replace a set made earlier")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.data.phantom.made_set import FEWEST_SCENES, write_made_set

    for name, value, least in (
        ("scenes", options.scenes, FEWEST_SCENES),
        ("frames", options.frames, 1),
        ("seed", options.seed, 0),
    ):
        if value < least:
            raise InputError(f"--{name} must be at least {least}, got {value}")
    write_made_set(
        options.output,
        scenes=options.scenes,
        frames=options.frames,
        seed=options.seed,
        overwrite=options.overwrite,
    )
    print(f"{options.output}: {options.scenes * options.frames} made pictures")
