"""`motion`: what it is worth to move an answer to the picture that it is painted on."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.evaluation.moved_overlays import MovedFigures


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument(
        "--scene", action="append", metavar="NAME", help="of the made ones; may be given again"
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many of each scene")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="of the pictures")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from lmsfa.data.phantom.scenes import SCENES
    from lmsfa.evaluation.moved_overlays import judge_moved_overlays

    scenes = options.scene or ["calm", "surgery", "brisk"]
    for scene in scenes:
        if scene not in SCENES:
            raise InputError(f"--scene: {scene!r} is not one of {', '.join(SCENES)}")
    if options.seeds < 1 or options.first_seed < 0:
        raise InputError("--seeds must be at least 1 and --first-seed at least 0")
    width, height = _size(options.size)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    found = [
        judge_moved_overlays(scene, seeds, width, height)
        for scene in tqdm(scenes, "motion", leave=False)
    ]
    if options.json:
        print(json.dumps([figures.as_json() for figures in found], indent=2))
    else:
        print(_table(found))


def _size(text: str) -> tuple[int, int]:
    sides = text.split("x")
    if len(sides) != 2 or not all(side.isdigit() and int(side) >= 64 for side in sides):
        raise InputError(f"--size must be WIDTHxHEIGHT of at least 64 each, got {text!r}")
    return int(sides[0]), int(sides[1])


def _table(found: list[MovedFigures]) -> str:
    from lmsfa.evaluation.moved_overlays import TIMED_INSTANCES
    from lmsfa.evaluation.tables import columns

    rows = [["scene", "age ms", "moved px", "unmoved", "moved", "gain", "masks", "withdrawn"]]
    rows += [
        [
            figures.scene,
            str(row.age_ms),
            f"{row.way_px:.1f}",
            f"{row.unmoved_iou:.3f}",
            f"{row.moved_iou:.3f}",
            f"{100 * row.gain:+.1f}",
            str(row.instances),
            str(row.withdrawn),
        ]
        for figures in found
        for row in figures.ages
    ]
    costs = "; ".join(
        f"{figures.scene} {figures.cost_ms:.1f} ms (95 %: {figures.cost_p95_ms:.1f})"
        for figures in found
    )
    return (
        f"{columns(rows)}\n"
        "mean IoU of made scenes' true masks with those of a later picture, left where they were "
        "and moved; gain in points\n"
        f"from frame to {TIMED_INSTANCES} moved instances, one core, median: {costs}"
    )
