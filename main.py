"""Structures over live endoscope video: `python main.py` opens the window. Research use only."""

from __future__ import annotations

import argparse
import logging
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from app.core.display import missing_libraries_line, why_no_window
from app.core.headless import Job, run_job
from app.core.recorder import OutputError
from app.core.self_test.promise import SelfTestAnswer, keep
from app.core.sources import SourceError, is_made
from app.core.sources.listing import list_sources, listed_lines
from lmsfa import __version__
from lmsfa.errors import InputError
from lmsfa.registry import EngineError, load_engine
from lmsfa.shipped import DEMO_CLIP, PHANTOM_WEIGHTS, WEIGHTS

FAILED = 1
BAD_INPUT = 2


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code.

    0; 1 where the self-test failed; 2, with one line on stderr, for bad input.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list_sources:
        print("\n".join(listed_lines(list_sources())))
        return 0
    if options.weights is None:
        options.weights = PHANTOM_WEIGHTS if is_made(options.source) else WEIGHTS
    if options.headless:
        if options.output is None and options.report is None:
            parser.error("--headless needs --output VIDEO.mkv, --report REPORT.json or both")
        return _headless(options)
    for name in ("output", "report", "max_frames", "live", "overwrite"):
        if getattr(options, name):
            parser.error(f"--{name.replace('_', '-')} goes with --headless")
    return _window(options)


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Ends the program with one line; --help tells the rest."""
        sys.exit(_refuse(message))


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(
        prog="main.py",
        description="Shows structures over live or recorded endoscope video. "
        "Research use only; not a medical device.",
    )
    add = parser.add_argument
    source = "file, folder of pictures, camera:0, a stream's URL, screen: or phantom: (made scene)"
    add("--source", default=str(DEMO_CLIP), help=source)
    listing = "what can be opened here now, cameras with their modes"
    add("--list-sources", action="store_true", help=listing)
    add("--weights", type=Path, help=".safetensors file with its card beside it")
    engine = "what the model runs on (default: auto, the fastest that agrees here)"
    add("--engine", "--runtime", dest="runtime", default="auto", help=engine)
    threads = "how many the model may use (default: the picture keeps a core)"
    add("--threads", type=_positive, metavar="N", help=threads)
    add("--self-test", action="store_true", help="try the program's promises here, in a minute")
    add("--headless", action="store_true", help="no window: write overlays and a report to files")
    add("--output", type=Path, help="video to write, ending in .mkv")
    add("--report", type=Path, help="JSON file with the run's figures")
    add("--max-frames", type=_positive, help="stop after this many frames")
    add(
        "--live", action="store_true", help="paced like the window, instead of every frame answered"
    )
    add("--overwrite", action="store_true", help="replace existing files")
    version = f"%(prog)s {__version__} (research use only)"
    add("--version", action="version", version=version)
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is expected, got {text!r}")
    return int(text)


def _headless(options: argparse.Namespace) -> int:
    job = Job(
        source=options.source,
        weights=options.weights,
        runtime=options.runtime,
        output=options.output,
        report=options.report,
        max_frames=options.max_frames,
        live=options.live,
        overwrite=options.overwrite,
    )
    try:
        outcome = run_job(job, partial(load_engine, threads=options.threads))
    except (SourceError, EngineError, OutputError) as error:
        return _refuse(str(error))
    return _refuse(outcome.fault) if outcome.fault else 0


def _window(options: argparse.Namespace) -> int:
    why = why_no_window()
    if why:
        return _refuse(why)
    try:
        # Only here, so that --headless runs where Qt does not.
        from app.ui.application import run_window  # noqa: PLC0415
        from app.ui.self_test.run import self_test  # noqa: PLC0415
    except ModuleNotFoundError as error:
        return _refuse(f"{error.name} is not installed; install the program as README.md says")
    except ImportError as error:
        return _refuse(missing_libraries_line(str(error)))
    if options.self_test:
        return _told(self_test(options.weights, options.runtime, options.threads))
    return run_window(options.source, options.weights, options.runtime, options.threads)


def _told(answer: SelfTestAnswer) -> int:
    print(answer.table())
    try:
        keep(answer)
    except InputError as error:
        # What was found stands all the same.
        print(f"main.py: {error}", file=sys.stderr)
    return 0 if answer.passed else FAILED


def _refuse(line: str) -> int:
    print(f"main.py: {line}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
