"""`tracking`: what tracking does to answers where the truth of every frame is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmsfa.evaluation.tracking import TrackingFigures
    from lmsfa.registry import Engine

MADE = "made scene {0.scene!r}: {0.sequences} sequences, {0.frames} frames"
HELD = (
    "{0.scene}: {0.frames} frames of {0.sequences} labelled still pictures, each moved by a made"
    " camera\nthresholds, of weights and tracker, were tuned on these pictures: compare the two"
    " rows, and nothing else"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--weights", type=Path, required=True)
    add_runtime(parser)
    parser.add_argument("--scene", default="surgery", metavar="NAME", help="of the made ones")
    parser.add_argument("--seeds", type=int, default=3, help="how many sequences")
    parser.add_argument("--first-seed", type=int, default=910)
    parser.add_argument("--frames", type=int, default=240, help="of each sequence")
    parser.add_argument(
        "--clip", type=Path, help="in place of made scenes, a clip of a data set's held pictures"
    )
    parser.add_argument("--data", type=Path, help="that data set")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.registry import load_engine

    if (options.clip is None) != (options.data is None):
        raise InputError("--clip and --data go together: its labels are those of the data set")
    judge = _of_made_scenes(options) if options.clip is None else _of_clip(options)
    engine = load_engine(options.weights, options.runtime, threads=options.threads)
    try:
        found = judge(engine)
    finally:
        engine.close()
    if options.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print(_table(found, MADE if options.clip is None else HELD))


def _of_clip(options: argparse.Namespace) -> Callable[[Engine], TrackingFigures]:
    from lmsfa.data.opening import open_dataset
    from lmsfa.evaluation.held_clip import judge_held_clip

    dataset = open_dataset(options.data)
    return lambda engine: judge_held_clip(engine, options.clip, dataset)


def _of_made_scenes(options: argparse.Namespace) -> Callable[[Engine], TrackingFigures]:
    from lmsfa.data.phantom.scenes import SCENES
    from lmsfa.evaluation.tracking import judge_made_sequences

    if options.scene not in SCENES:
        raise InputError(f"--scene: {options.scene!r} is not one of {', '.join(SCENES)}")
    if options.seeds < 1 or options.first_seed < 0 or options.frames < 2:
        raise InputError("--seeds must be at least 1, --first-seed 0 and --frames 2")
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return lambda engine: judge_made_sequences(engine, options.scene, seeds, options.frames)


def _table(found: TrackingFigures, kind: str) -> str:
    from lmsfa.evaluation.tables import columns, share

    rows = [["", "AP", "AP50", "unrest", "blinks"]]
    for name, row in (("as answered", found.plain), ("tracked", found.tracked)):
        shares = [share(value) for value in (row.mask_ap, row.mask_ap50, row.unrest)]
        rows.append([name, *shares, "-" if row.blinks is None else f"{row.blinks:.1f}"])
    return (
        f"{kind.format(found)}\n"
        f"{columns(rows)}\n"
        "answers as they are shown, with the card's thresholds; AP is COCO's for masks; unrest and "
        "blinks per 100 frames as `flicker` counts them"
    )
