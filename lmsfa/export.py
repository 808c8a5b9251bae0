"""Writing a network for other runtimes."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import openvino
import torch

from lmsfa.backends.graph import PictureGraph, blank_canvas, load_network
from lmsfa.card import card_path, check_input_size, read_card
from lmsfa.errors import InputError
from lmsfa.models.detection import INPUT_MULTIPLE_PX
from lmsfa.rewrites.rewritten import rewrite


def export_openvino(
    weights: Path, path: Path, *, size_px: int | None = None, replace: bool = False
) -> None:
    """Writes the network of `weights`, folded and rewritten, as OpenVINO IR: `path` and its .bin.

    Args:
        weights: weights file with its card.
        path: file ending in .xml, in a folder that exists.
        size_px: side of the input; the card's unless given.
        replace: whether existing files may be overwritten.

    Raises:
        InputError: the weights cannot be used, or `path` cannot be written.
    """
    _check_output(path, replace=replace)
    size_px = size_px or read_card(card_path(weights)).input_size_px
    check_input_size(size_px, INPUT_MULTIPLE_PX)
    graph = PictureGraph(rewrite(load_network(weights)[0].fuse())).eval()
    canvas = blank_canvas(size_px)
    with torch.inference_mode(), warnings.catch_warnings():
        # The converter traces with torch's older tracer, which warns of its own coming removal.
        warnings.simplefilter("ignore")
        model = openvino.convert_model(graph, example_input=canvas, input=[tuple(canvas.shape)])
    partial = path.with_name(f"{path.stem}-{os.getpid()}.xml")
    openvino.save_model(model, partial, compress_to_fp16=False)
    # The .bin goes first: whoever sees the .xml must find both.
    partial.with_suffix(".bin").replace(path.with_suffix(".bin"))
    partial.replace(path)


def _check_output(path: Path, *, replace: bool) -> None:
    if path.suffix != ".xml":
        raise InputError(f"{path}: the name must end in .xml; the constants go beside it, in .bin")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    for file in (path, path.with_suffix(".bin")):
        if file.exists() and not replace:
            raise InputError(f"{file}: exists; give --overwrite to replace it, or another name")
