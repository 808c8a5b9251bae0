"""`flicker`: how steady answers are from frame to frame of a clip."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.evaluation.flicker import Flicker


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("clip", type=Path, help="a video file")
    parser.add_argument("--weights", type=Path, required=True)
    add_runtime(parser)
    parser.add_argument("--max-frames", type=int, metavar="N", help="the first N frames alone")
    parser.add_argument(
        "--tracked", action="store_true", help="also after tracking, on the same answers"
    )
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from lmsfa.data.clips import frames_of, rate_of
    from lmsfa.evaluation.flicker import judge_flicker, judge_tracking
    from lmsfa.registry import load_engine

    if options.max_frames is not None and options.max_frames < 1:
        raise InputError(f"--max-frames must be at least 1, got {options.max_frames}")
    # A clip that cannot be read is said before the model is loaded.
    next(frames_of(options.clip, 1), None)
    engine = load_engine(options.weights, options.runtime, threads=options.threads)
    frames = tqdm(frames_of(options.clip, options.max_frames), "flicker", leave=False)
    name, tracked = options.clip.name, None
    if options.tracked:
        found, tracked = judge_tracking(engine, frames, rate_of(options.clip))
    else:
        found = judge_flicker(engine, frames)
    engine.close()
    report = {"clip": name, **found.as_json()}
    if tracked is not None:
        report["tracked"] = tracked.as_json()
    if options.json:
        print(json.dumps(report, indent=2))
    elif tracked is None:
        print(_table(name, found))
    else:
        print(f"{_table(name, found)}\n\n{_table(f'{name}, tracked', tracked)}\n")
        print(_compared(found, tracked))


def _table(name: str, found: Flicker) -> str:
    from lmsfa.evaluation.flicker import BRIEF_FRAMES
    from lmsfa.evaluation.tables import columns, share

    shown = ["IoU", "carried", "area jump", "unrest"]
    rows = [["class", "frames", "appeared", "flashes", "dropouts", *shown]]
    for class_name, row in found.classes.items():
        rates = [f"{value:.1f}" for value in (row.appeared, row.flashes, row.dropouts)]
        shares = [share(value) for value in (row.iou, row.iou_carried, row.area_jump, row.unrest)]
        rows.append([class_name, str(row.frames), *rates, *shares])
    return (
        f"{name}: {found.frames} frames, {found.scenes} scenes, "
        f"motion {_percent(found.moved)} of the picture's side a frame\n{columns(rows)}\n"
        f"per 100 frames: instances that appeared; flashes, there for under {BRIEF_FRAMES} frames; "
        f"dropouts, gone for under {BRIEF_FRAMES}\n"
        "neighbouring frames: IoU as it is; carried along by the picture's motion; change of the "
        "area after that\n"
        "unrest: 1 - carried IoU, a frame that lost or gained the class counting 1; all classes "
        f"{share(found.unrest)}\n"
        "steadiness only: nobody annotated the clip, and what is never found does not flicker"
    )


def _compared(plain: Flicker, tracked: Flicker) -> str:
    from lmsfa.evaluation.tables import share

    less = "-"
    if plain.unrest and tracked.unrest is not None:
        less = f"{tracked.unrest / plain.unrest:.2f} of it"
    return (
        f"unrest {share(plain.unrest)} without tracking, {share(tracked.unrest)} with it: {less}; "
        f"blinks per 100 frames {plain.blinks:.1f} and {tracked.blinks:.1f}"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
