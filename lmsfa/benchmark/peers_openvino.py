"""Peers on OpenVINO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino

from lmsfa.backends.openvino_core import CORE
from lmsfa.backends.openvino_cpu import compiled
from lmsfa.errors import InputError
from lmsfa.interleaving import Run


def forward(path: Path, precision: str, shape: list[int], threads: int) -> Run:
    """As `peers.PeerLoader`; reads ONNX and IR."""
    request = compiled(_read(path, shape), precision, threads)
    picture = np.random.default_rng(0).random(shape, dtype=np.float32)
    return lambda: request.infer([picture], share_inputs=True, share_outputs=True)


def _read(path: Path, wanted: list[int]) -> openvino.Model:
    try:
        network = CORE.read_model(path)
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
