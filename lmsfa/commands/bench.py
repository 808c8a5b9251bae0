"""`bench`: how fast the model is here, beside others in the same rounds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lmsfa.card import card_path, read_card
from lmsfa.commands.runtime_options import add_threads, add_weights, weights_of
from lmsfa.errors import InputError
from lmsfa.registry import SEMANTIC_SYSTEMS
from lmsfa.shipped import DEMO_CLIP, WEIGHTS

CLIP_FRAMES = 32
SIZE_PX = 640
"""Of the input, for those who say none: where networks of instances are compared. Those of regions
are timed at the size that their card runs them at."""

Report = Mapping[str, Any]


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_weights(parser)
    parser.add_argument(
        "--engine", help="all that are here, auto, or one by name; all, with --growth auto"
    )
    add_threads(parser)
    parser.add_argument(
        "--size", type=int, help=f"side of the input, pixels; {SIZE_PX}, of regions the card's"
    )
    parser.add_argument(
        "--clip", type=Path, default=DEMO_CLIP, help="whose frames are answered; the demo's"
    )
    parser.add_argument(
        "--versus",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="networks of others, ONNX, timed on the same runtimes",
    )
    parser.add_argument(
        "--growth",
        type=int,
        nargs="*",
        metavar="PX",
        help="time and memory as inputs, structures and frames grow; inputs of about 320 to "
        "1280 px, or of these sides",
    )
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draws it too")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.benchmark.plots import bench_plot, check_plot_path, growth_plot
    from lmsfa.benchmark.tables import bench_table, growth_table

    options.weights = weights_of(options, WEIGHTS)
    if options.size is None:
        card = read_card(card_path(options.weights))
        options.size = card.input_size_px if card.system in SEMANTIC_SYSTEMS else SIZE_PX
    if options.rounds < 1:
        raise InputError(f"--rounds must be at least 1, got {options.rounds}")
    if options.plot is not None:
        check_plot_path(options.plot)
    if options.growth is None:
        _show(options, _bench(options), bench_table, bench_plot)
    else:
        _show(options, _growth(options), growth_table, growth_plot)


def _bench(options: argparse.Namespace) -> Report:
    from lmsfa.benchmark.running import bench, engines_named

    return bench(
        options.weights,
        engines_named(options.engine or "all", options.weights, options.size, options.threads),
        _frames(options.clip),
        size_px=options.size,
        versus=options.versus,
        rounds=options.rounds,
        threads=options.threads,
        tolerant=options.engine in (None, "all"),
    )


def _growth(options: argparse.Namespace) -> Report:
    from lmsfa.backends import RUNTIMES
    from lmsfa.benchmark.growth import growth, usual_sizes

    if options.versus:
        raise InputError("--growth looks at our network alone; leave out --versus")
    if options.engine == "all":
        raise InputError(f"--growth takes one engine; choose auto or one of {', '.join(RUNTIMES)}")
    card = read_card(card_path(options.weights))
    return growth(
        options.weights,
        options.engine or "auto",
        _frames(options.clip),
        sizes_px=options.growth or usual_sizes(card.input_multiple_px),
        size_px=options.size,
        rounds=options.rounds,
        threads=options.threads,
    )


def _frames(clip: Path) -> list[Any]:
    from lmsfa.data.clips import frames_of

    frames = list(frames_of(clip, CLIP_FRAMES))
    if not frames:
        raise InputError(f"{clip}: has no frames")
    return frames


def _show(
    options: argparse.Namespace,
    report: Report,
    table: Callable[[Report], str],
    plot: Callable[[Report], bytes],
) -> None:
    from lmsfa.whole_file import write_whole

    print(json.dumps(report, indent=2) if options.json else table(report))
    if options.plot is not None:
        write_whole(options.plot, plot(report))
