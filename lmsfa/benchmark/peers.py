"""Networks of other people, from files; only their speed is of interest.

What makes the comparison fair:

- Equal work: our graph ends with decoded boxes, class probabilities after the sigmoid, mask
  coefficients and prototypes, and begins with a picture of bytes that it scales itself. A peer is
  run as it was exported; export it with its decoding, as the usual exporters do.
- Equal means: the same runtime, made by the same function with the same settings and threads, in
  the same process and the same rounds.
- Equal start and end: one picture that lies ready in memory, answers that lie in memory.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from lmsfa.backends.threads import thread_budget
from lmsfa.benchmark.contestants import FORWARD, Contestant
from lmsfa.errors import InputError
from lmsfa.interleaving import Run

PEER_RUNTIMES = {
    "openvino-bf16": ("bf16", "lmsfa.benchmark.peers_openvino:forward"),
    "openvino-fp32": ("fp32", "lmsfa.benchmark.peers_openvino:forward"),
    "onnxruntime-fp32": ("fp32", "lmsfa.benchmark.peers_onnxruntime:forward"),
}
"""Runtimes that take a network from a file: precision, "module:callable" of a `PeerLoader`."""


class PeerLoader(Protocol):
    """What an entry of `PEER_RUNTIMES` points to."""

    def __call__(self, path: Path, precision: str, shape: list[int], threads: int) -> Run:
        """Loads a network with one float32 input of `shape`; its run answers one picture.

        It may use as many of the processor's threads as ours, `threads`.

        Raises:
            InputError: no such file, no such network, or an input of another shape.
        """


def peer(path: Path, engine: str, size_px: int, threads: int | None = None) -> Contestant:
    """A peer on a runtime that ours is timed on too, with the same settings.

    Args:
        path: of a network with one float32 input (1, 3, S, S): ONNX; OpenVINO reads its IR too.
        engine: a key of `PEER_RUNTIMES`.
        size_px: S.
        threads: as `backends.threads.thread_budget`.

    Raises:
        InputError: as `PeerLoader`.
    """
    run = peer_forward(path, engine, size_px, threads)
    return Contestant(path.stem, engine, PEER_RUNTIMES[engine][0], {FORWARD: run})


def peer_forward(path: Path, engine: str, size_px: int, threads: int | None = None) -> Run:
    """What `peer` times, alone. Raises as `peer`."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; --versus takes networks as ONNX files")
    precision, place = PEER_RUNTIMES[engine]
    module, name = place.split(":")
    load = cast(PeerLoader, getattr(import_module(module), name))
    return load(path, precision, [1, 3, size_px, size_px], thread_budget(threads))
