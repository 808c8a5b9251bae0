"""`bench`: how fast the model is here, beside others in the same rounds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.commands.runtime_options import add_threads
from lmsfa.errors import InputError
from lmsfa.shipped import DEMO_CLIP, WEIGHTS

CLIP_FRAMES = 32


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the shipped ones by default")
    parser.add_argument("--engine", default="all", help="all that are here, auto, or one by name")
    add_threads(parser)
    parser.add_argument("--size", type=int, default=640, help="side of the input, pixels")
    parser.add_argument(
        "--clip", type=Path, default=DEMO_CLIP, help="whose frames are answered; the demo's"
    )
    parser.add_argument(
        "--versus",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="networks of others, ONNX or OpenVINO, timed on the same runtimes",
    )
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.benchmark.figures import table
    from lmsfa.benchmark.running import bench, engines_named
    from lmsfa.data.clips import frames_of

    if options.rounds < 1:
        raise InputError(f"--rounds must be at least 1, got {options.rounds}")
    frames = list(frames_of(options.clip, CLIP_FRAMES))
    if not frames:
        raise InputError(f"{options.clip}: has no frames")
    report = bench(
        options.weights,
        engines_named(options.engine, options.weights, options.size),
        frames,
        size_px=options.size,
        versus=options.versus,
        rounds=options.rounds,
        threads=options.threads,
    )
    print(json.dumps(report, indent=2) if options.json else table(report))
