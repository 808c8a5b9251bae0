"""Peers on ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from lmsfa.backends.onnxruntime_cpu import compiled
from lmsfa.errors import InputError
from lmsfa.interleaving import Run


def forward(path: Path, precision: str, shape: list[int], threads: int) -> Run:  # noqa: ARG001  # it has one
    """As `peers.PeerLoader`; reads ONNX, computes with float32."""
    session = _session(path, threads)
    inputs = session.get_inputs()
    if len(inputs) != 1 or not _takes(inputs[0].shape, shape):
        found = ", ".join(str(entry.shape) for entry in inputs)
        raise InputError(f"{path}: its input is {found}, expected {shape}; choose another --size")
    name, picture = inputs[0].name, np.random.default_rng(0).random(shape, dtype=np.float32)
    binding = _bound(session, {name: picture})

    def run() -> list[onnxruntime.OrtValue]:
        binding.bind_cpu_input(name, picture)
        session.run_with_iobinding(binding)
        return binding.get_outputs()  # type: ignore[no-any-return]  # it comes without types

    return run


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    try:
        return compiled(path, threads)
    except Exception:  # noqa: BLE001  # its dozen error classes share no other
        raise InputError(f"{path}: not a network that ONNX Runtime reads") from None


def _takes(found: list[int | str | None], wanted: list[int]) -> bool:
    """Whether an input of this shape takes a picture of that; names stand for any number."""
    return len(found) == len(wanted) and all(
        there == side or not isinstance(there, int)
        for there, side in zip(found, wanted, strict=True)
    )


def _bound(
    session: onnxruntime.InferenceSession, feed: dict[str, np.ndarray]
) -> onnxruntime.IOBinding:
    """A binding that writes every answer into the same memory, as ours does."""
    binding = session.io_binding()
    for entry, answer in zip(session.get_outputs(), session.run(None, feed), strict=True):
        value = onnxruntime.OrtValue.ortvalue_from_numpy(answer)
        binding.bind_ortvalue_output(entry.name, value)
    return binding
