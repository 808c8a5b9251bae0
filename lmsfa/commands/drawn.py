"""`drawn`: what the eye gets of weights: the painted layer judged, beside the truth drawn alike."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmsfa.commands.evaluate import Frames, add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime, add_weights, weights_of
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.data.annotated import Sample
    from lmsfa.evaluation.drawn.side_by_side import Painted
    from lmsfa.registry import Engine


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser, needed=False)
    parser.add_argument("--clip", type=Path, help="also a video file, or alone without --data")
    add_weights(parser)
    add_runtime(parser)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="write twelve painted pictures, no figures"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="F.jpg", help="write the twelve beside others, no figures"
    )
    others = parser.add_mutually_exclusive_group()
    others.add_argument("--beside", type=Path, metavar="FOLDER", help="written by --pictures")
    others.add_argument("--against", type=Path, metavar="W", help="painted by other weights")


def _run(options: argparse.Namespace) -> None:
    _check(options)
    frames = open_frames(options) if options.data else None
    if frames and (options.pictures or options.sheet):
        _write_pictures(options, frames)
        return
    from lmsfa.evaluation.drawn.tables import drawn_table

    report = _report(options, frames)
    print(json.dumps(report, indent=2, allow_nan=False) if options.json else drawn_table(report))


def _check(options: argparse.Namespace) -> None:
    if options.data is None and options.clip is None:
        raise InputError("give annotated pictures by --data, or a video file by --clip")
    if options.data is None and (options.pictures or options.sheet):
        raise InputError("--pictures and --sheet need annotated pictures: give --data")
    if bool(options.sheet) != bool(options.beside or options.against):
        raise InputError("--sheet goes with --beside FOLDER or --against WEIGHTS, and they with it")


def _report(options: argparse.Namespace, frames: Frames | None) -> dict[str, Any]:
    from lmsfa.data.clips import frames_of
    from lmsfa.evaluation.drawn.judging import judge_drawn, judge_drawn_clip

    weights = weights_of(options)
    engine = _loaded(options, weights)
    report: dict[str, Any] = {"weights": str(weights), "runtime": engine.runtime}
    try:
        if frames:
            found = judge_drawn(engine, frames.dataset, frames.dataset.in_split(options.split))
            report |= {"data": frames.dataset.name, "split": options.split, **found.as_json()}
        if options.clip:
            of_clip = judge_drawn_clip(engine, frames_of(options.clip))
            report["clip"] = {"name": options.clip.name, **of_clip.as_json()}
    finally:
        engine.close()
    return report


def _write_pictures(options: argparse.Namespace, frames: Frames) -> None:
    from lmsfa.evaluation.drawn.side_by_side import (
        evenly_spaced,
        read_singles,
        write_sheet,
        write_singles,
    )

    samples = evenly_spaced(frames.dataset.in_split(options.split))
    after = _painted(options, weights_of(options), frames, samples)
    if options.pictures:
        write_singles(options.pictures, after)
        print(options.pictures)
    if options.sheet:
        if options.beside:
            before = read_singles(options.beside, [sample.name for sample in samples])
        else:
            before = _painted(options, options.against, frames, samples)
        write_sheet(options.sheet, {"before": before, "after": after})
        print(options.sheet)


def _painted(
    options: argparse.Namespace, weights: Path, frames: Frames, samples: list[Sample]
) -> list[Painted]:
    from lmsfa.evaluation.drawn.side_by_side import painted

    engine = _loaded(options, weights)
    try:
        return list(painted(engine, frames.dataset, samples))
    finally:
        engine.close()


def _loaded(options: argparse.Namespace, weights: Path) -> Engine:
    from lmsfa.registry import load_engine

    return load_engine(weights, options.runtime, threads=options.threads)
