"""`export`: writes a network for other runtimes."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmsfa.commands.runtime_options import add_weights, weights_of


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_weights(parser)
    parser.add_argument(
        "--output", type=Path, required=True, help="file ending in .xml (OpenVINO) or .onnx"
    )
    parser.add_argument("--size", type=int, help="side of the input, pixels; the card's by default")
    parser.add_argument("--half", action="store_true", help="ONNX in float16, for GPUs")
    parser.add_argument(
        "--reference", action="store_true", help="also an answer to compare with, as .npz"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")


def _run(options: argparse.Namespace) -> None:
    with _no_garbage_collection():
        from lmsfa.export import export_network

        export_network(
            weights_of(options),
            options.output,
            size_px=options.size,
            half=options.half,
            reference=options.reference,
            replace=options.overwrite,
        )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A first start waits for this; looking through torch's many objects is a tenth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
