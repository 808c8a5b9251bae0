"""`drawn`: what the eye gets of weights: the painted layer judged, beside the truth drawn alike."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lmsfa.commands.evaluate import add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime, add_weights, weights_of
from lmsfa.errors import InputError


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser, needed=False)
    parser.add_argument("--clip", type=Path, help="also a video file, or alone without --data")
    add_weights(parser)
    add_runtime(parser)
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.evaluation.drawn.tables import drawn_table
    from lmsfa.registry import load_engine

    if options.data is None and options.clip is None:
        raise InputError("give annotated pictures by --data, or a video file by --clip")
    weights = weights_of(options)
    report: dict[str, Any] = {"weights": str(weights)}
    frames = open_frames(options) if options.data else None
    engine = load_engine(weights, options.runtime, threads=options.threads)
    try:
        if frames:
            from lmsfa.evaluation.drawn.judging import judge_drawn

            found = judge_drawn(engine, frames.dataset, frames.dataset.in_split(options.split))
            report |= {"data": frames.dataset.name, "split": options.split, **found.as_json()}
        if options.clip:
            from lmsfa.data.clips import frames_of
            from lmsfa.evaluation.drawn.judging import judge_drawn_clip

            of_clip = judge_drawn_clip(engine, frames_of(options.clip))
            report["clip"] = {"name": options.clip.name, **of_clip.as_json()}
    finally:
        engine.close()
    print(json.dumps(report, indent=2, allow_nan=False) if options.json else drawn_table(report))
