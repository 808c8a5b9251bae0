"""Writing a network for other runtimes; the ending of the file's name says which format."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

import numpy as np
import torch

from lmsfa.backends.agreement import check_frame
from lmsfa.backends.graph import PictureGraph, blank_canvas, load_network
from lmsfa.card import check_input_size
from lmsfa.errors import InputError
from lmsfa.models.detection import InstanceNetwork
from lmsfa.postprocess import MAX_CANDIDATES
from lmsfa.rewrites.rewritten import rewrite

ENDINGS = {".xml": (".xml", ".bin"), ".onnx": (".onnx",)}
"""Ending that is asked for -> endings of all files that are written."""


def export_network(
    weights: Path,
    path: Path,
    *,
    size_px: int | None = None,
    half: bool = False,
    winograd: bool = True,
    reference: bool = False,
    replace: bool = False,
) -> None:
    """Writes the folded network of `weights` as OpenVINO IR (.xml and .bin) or ONNX (.onnx).

    Inputs and answers are those of `PictureGraph`. In float32 the network is rewritten too, which
    processors compute faster; GPUs choose such tricks themselves.

    Args:
        weights: weights file with its card.
        path: file ending in .xml or .onnx, in a folder that exists.
        size_px: side of the input; the card's unless given.
        half: ONNX with float16 inside, and a float16 canvas of 0..255 in, for TensorRT.
        winograd: whether the head's 3x3 go by Winograd, where they are rewritten.
        reference: also write what the plain network answers to `agreement.check_frame`, as .npz.
        replace: whether existing files may be overwritten.

    Raises:
        InputError: the weights cannot be used, or `path` cannot be written.
    """
    _check_output(path, half=half, replace=replace)
    network, card = load_network(weights)
    size_px = size_px or card.input_size_px
    check_input_size(size_px, network.input_multiple_px)
    network.fuse()
    if reference:
        _write_reference(PictureGraph(network), size_px, path)
    graph = PictureGraph(network.half() if half else rewrite(network, winograd=winograd)).eval()
    canvas = blank_canvas(size_px)
    partial = path.with_name(f"{path.stem}-{os.getpid()}{path.suffix}")
    write = _write_onnx if path.suffix == ".onnx" else _write_openvino
    with torch.inference_mode(), warnings.catch_warnings():
        # Both converters warn of what they themselves, or torch below them, will drop one day.
        warnings.simplefilter("ignore")
        write(graph, canvas.half() if half else canvas, partial)
    # The .xml goes last: whoever sees it must find both.
    for ending in reversed(ENDINGS[path.suffix]):
        partial.with_suffix(ending).replace(path.with_suffix(ending))


def _write_openvino(graph: PictureGraph, canvas: torch.Tensor, path: Path) -> None:
    import openvino  # noqa: PLC0415  # who wants ONNX needs no OpenVINO

    # Left to itself the converter traces twice, and makes a script of every module on the way: a
    # function has none. Somebody is waiting for overlays.
    graph.requires_grad_(False)
    traced = torch.jit.trace(lambda x: graph(x), canvas, check_trace=False)  # type: ignore[no-untyped-call]  # noqa: PLW0108
    model = openvino.convert_model(traced, example_input=canvas, input=[tuple(canvas.shape)])
    openvino.save_model(model, path, compress_to_fp16=False)


def _write_onnx(graph: PictureGraph, canvas: torch.Tensor, path: Path) -> None:
    # It lists what it does without, torchvision first.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.onnx.export(
        graph,
        (canvas,),
        path,
        input_names=["canvas"],
        output_names=["detections", "prototypes"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def _write_reference(graph: PictureGraph, size_px: int, path: Path) -> None:
    with torch.inference_mode():
        detections, prototypes = graph(torch.from_numpy(check_frame(size_px))[None])
    if isinstance(graph.network, InstanceNetwork):
        best = detections[:, 4 : 4 + graph.network.config.classes].amax(1)
        detections = detections[best.topk(min(MAX_CANDIDATES, len(detections))).indices]
    np.savez(
        path.with_suffix(".npz"),
        detections=detections.numpy(),
        prototypes=prototypes.contiguous().numpy(),
    )


def _check_output(path: Path, *, half: bool, replace: bool) -> None:
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: the name must end in .xml (with a .bin beside it) or .onnx")
    if half and path.suffix != ".onnx":
        raise InputError(f"{path}: --half goes with .onnx; OpenVINO chooses its own precision")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    for file in (path.with_suffix(ending) for ending in ENDINGS[path.suffix]):
        if file.exists() and not replace:
            raise InputError(f"{file}: exists; give --overwrite to replace it, or another name")
