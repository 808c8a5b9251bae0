"""Networks of other people, from files; only their speed is of interest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino

from lmsfa.backends.openvino_cpu import compiled, processor
from lmsfa.backends.threads import thread_budget
from lmsfa.benchmark.contestants import Contestant
from lmsfa.errors import InputError

PEER_RUNTIMES = {"openvino-bf16": "bf16", "openvino-fp32": "fp32"}
"""Runtimes that take a network from a file, and the precision of each."""


def peer(path: Path, engine: str, size_px: int, threads: int | None = None) -> Contestant:
    """A peer on a runtime that ours is timed on too, with the same settings.

    Args:
        path: of a network, ONNX or OpenVINO IR, with one float input (1, 3, S, S).
        engine: a key of `PEER_RUNTIMES`.
        size_px: S.
        threads: as `backends.threads.thread_budget`.

    Raises:
        InputError: no such file, no such network, or an input of another size.
    """
    core, precision = openvino.Core(), PEER_RUNTIMES[engine]
    network = _read(core, path, [1, 3, size_px, size_px])
    request = compiled(core, network, precision, thread_budget(threads))
    picture = np.random.default_rng(0).random((1, 3, size_px, size_px), dtype=np.float32)
    return Contestant(
        path.stem,
        engine,
        precision,
        processor(core),
        lambda: request.infer([picture], share_inputs=True),
    )


def _read(core: openvino.Core, path: Path, wanted: list[int]) -> openvino.Model:
    try:
        network = core.read_model(path)
        if network.is_dynamic():
            network.reshape(wanted)
        shape = list(network.input().shape)
    except RuntimeError:
        raise InputError(
            f"{path}: not a network that OpenVINO reads, with one input of {wanted}"
        ) from None
    if shape != wanted:
        raise InputError(f"{path}: its input is {shape}, expected {wanted}; choose another --size")
    return network
