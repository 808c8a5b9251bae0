"""`tracking`: what tracking does to answers on made sequences with known truth."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.evaluation.tracking import TrackingFigures


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--weights", type=Path, required=True, help="that know the made scene")
    add_runtime(parser)
    parser.add_argument("--scene", default="surgery", metavar="NAME", help="of the made ones")
    parser.add_argument("--seeds", type=int, default=3, help="how many sequences")
    parser.add_argument("--first-seed", type=int, default=910)
    parser.add_argument("--frames", type=int, default=240, help="of each sequence")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.data.phantom.scenes import SCENES
    from lmsfa.evaluation.tracking import judge_made_sequences
    from lmsfa.registry import load_engine

    if options.scene not in SCENES:
        raise InputError(f"--scene: {options.scene!r} is not one of {', '.join(SCENES)}")
    if options.seeds < 1 or options.first_seed < 0 or options.frames < 2:
        raise InputError("--seeds must be at least 1, --first-seed 0 and --frames 2")
    engine = load_engine(options.weights, options.runtime, threads=options.threads)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    try:
        found = judge_made_sequences(engine, options.scene, seeds, options.frames)
    finally:
        engine.close()
    print(json.dumps(found.as_json(), indent=2) if options.json else _table(found))


def _table(found: TrackingFigures) -> str:
    from lmsfa.evaluation.tables import columns, share

    rows = [["", "AP", "AP50", "unrest", "blinks"]]
    for name, row in (("as answered", found.plain), ("tracked", found.tracked)):
        shares = [share(value) for value in (row.mask_ap, row.mask_ap50, row.unrest)]
        rows.append([name, *shares, "-" if row.blinks is None else f"{row.blinks:.1f}"])
    return (
        f"made scene {found.scene!r}: {found.sequences} sequences, {found.frames} frames\n"
        f"{columns(rows)}\n"
        "answers as they are shown, with the card's thresholds; AP is COCO's for masks; unrest and "
        "blinks per 100 frames as `flicker` counts them"
    )
