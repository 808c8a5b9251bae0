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
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from lmsfa.data.clips import frames_of
    from lmsfa.evaluation.flicker import judge_flicker
    from lmsfa.registry import load_engine

    if options.max_frames is not None and options.max_frames < 1:
        raise InputError(f"--max-frames must be at least 1, got {options.max_frames}")
    # A clip that cannot be read is said before the model is loaded.
    next(frames_of(options.clip, 1), None)
    engine = load_engine(options.weights, options.runtime, threads=options.threads)
    frames = tqdm(frames_of(options.clip, options.max_frames), "flicker", leave=False)
    found = judge_flicker(engine, frames)
    engine.close()
    report = {"clip": options.clip.name, **found.as_json()}
    print(json.dumps(report, indent=2) if options.json else _table(options.clip.name, found))


def _table(name: str, found: Flicker) -> str:
    from lmsfa.evaluation.flicker import BRIEF_FRAMES
    from lmsfa.evaluation.tables import columns, share

    rows = [["class", "frames", "appeared", "flashes", "dropouts", "IoU", "carried", "area jump"]]
    for class_name, row in found.classes.items():
        rates = [f"{value:.1f}" for value in (row.appeared, row.flashes, row.dropouts)]
        shares = [share(value) for value in (row.iou, row.iou_carried, row.area_jump)]
        rows.append([class_name, str(row.frames), *rates, *shares])
    return (
        f"{name}: {found.frames} frames, {found.scenes} scenes, "
        f"motion {_percent(found.moved)} of the picture's side a frame\n{columns(rows)}\n"
        f"per 100 frames: instances that appeared; flashes, there for under {BRIEF_FRAMES} frames; "
        f"dropouts, gone for under {BRIEF_FRAMES}\n"
        "neighbouring frames: IoU as it is; carried along by the picture's motion; change of the "
        "area after that\n"
        "steadiness only: nobody annotated the clip, and what is never found does not flicker"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
