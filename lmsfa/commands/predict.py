"""`predict`: answers one picture and writes it with its overlay."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmsfa.commands.runtime_options import add_runtime
from lmsfa.tables import instance_lines


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("image", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="PNG with the overlay")
    add_runtime(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")
    parser.add_argument("--json", action="store_true", help="print the instances")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.picture import predict_picture

    report = predict_picture(
        options.image,
        options.weights,
        options.output,
        options.runtime,
        threads=options.threads,
        replace=options.overwrite,
    )
    print(json.dumps(report, indent=2) if options.json else instance_lines(report))
