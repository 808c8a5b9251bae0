"""Runtimes, one a file, each a `Backend`: a frame and its place on the input in, an answer out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer
from lmsfa.registry import EngineError

RUNTIMES = {
    "torch-cuda": "lmsfa.backends.torch_cuda:TorchCuda",
    "openvino-bf16": "lmsfa.backends.openvino_cpu:OpenVinoBf16",
    "openvino-fp32": "lmsfa.backends.openvino_cpu:OpenVinoFp32",
    "torch-cpu": "lmsfa.backends.torch_cpu:TorchCpu",
}
"""Runtime name -> "module:class"; a class is called with (weights, card)."""


class Backend(Protocol):
    """A network on one runtime. Made, called and closed on one thread."""

    @property
    def runtime(self) -> str:
        """Runtime and precision, for people."""

    @property
    def precision(self) -> str:
        """What it computes with: fp32, bf16 or fp16."""

    @property
    def device(self) -> str:
        """Name of the processor or GPU, for people."""

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """Answers a frame.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            place: how frames of this shape lie on the input.

        Returns:
            An answer that is valid until the next call.
        """

    def close(self) -> None:
        """Frees the device. Called once, last."""


class BackendMaker(Protocol):
    """What a line of `RUNTIMES` points to."""

    def __call__(self, weights: Path, card: ModelCard) -> Backend:
        """Loads `weights`; raises EngineError or CheckpointError in one line."""


def make_backend(weights: Path, card: ModelCard, runtime: str) -> Backend:
    """Loads weights on a runtime; "auto" is the first of the list that this machine has.

    Raises:
        EngineError: the runtime is unknown or missing here, or cannot load the weights.
    """
    name = chosen_runtime(runtime)
    if name not in RUNTIMES:
        raise EngineError(f"runtime {name!r} is not known; choose auto, {', '.join(RUNTIMES)}")
    module, attribute = RUNTIMES[name].split(":")
    try:
        maker = cast(BackendMaker, getattr(import_module(module), attribute))
    except ImportError as error:
        raise EngineError(
            f"runtime {name} is not installed here ({error}); choose another"
        ) from None
    return maker(weights, card)


def chosen_runtime(name: str) -> str:
    """The runtime that a name means here: "auto" is the first of `runtimes_here`."""
    return next(_found()) if name == "auto" else name


def runtimes_here() -> tuple[str, ...]:
    """The names of `RUNTIMES` that this machine has, the one to take first; never none."""
    return tuple(_found())


def _found() -> Iterator[str]:
    # One by one: who takes the first waits for no other's import.
    # torch takes seconds to import: it is asked only where an NVIDIA driver is installed.
    if shutil.which("nvidia-smi") and import_module("torch").cuda.is_available():
        yield "torch-cuda"
    if find_spec("openvino") is not None:
        from lmsfa.backends.openvino_cpu import has_bf16

        if has_bf16():
            yield "openvino-bf16"
        yield "openvino-fp32"
    yield "torch-cpu"
