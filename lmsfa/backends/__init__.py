"""Runtimes, one a file, each a `Backend`: a frame and its place on the input in, an answer out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends.threads import keep_numpy_on_one_thread, thread_budget
from lmsfa.card import ModelCard, int8_path
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer
from lmsfa.registry import EngineError

# ONNX Runtime, and OpenVINO's converter, report to their makers unless they are told not to. What
# runs in an operating room reports to nobody. Set before either is imported, and for child
# processes; OpenVINO takes a missing package for a no.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: not importable

RUNTIMES = {
    "tensorrt-fp16": "lmsfa.backends.tensorrt_cuda:TensorRtFp16",
    "torch-cuda": "lmsfa.backends.torch_cuda:TorchCuda",
    "openvino-int8": "lmsfa.backends.openvino_int8:OpenVinoInt8",
    "openvino-bf16": "lmsfa.backends.openvino_cpu:OpenVinoBf16",
    "openvino-fp32": "lmsfa.backends.openvino_cpu:OpenVinoFp32",
    "onnxruntime-fp32": "lmsfa.backends.onnxruntime_cpu:OnnxRuntimeFp32",
    "torch-cpu-bf16": "lmsfa.backends.torch_cpu:TorchCpuBf16",
    "torch-cpu": "lmsfa.backends.torch_cpu:TorchCpu",
}
"""Runtime name -> "module:class", a `BackendMaker`; what is likely to be the fastest first."""


class Backend(Protocol):
    """A network on one runtime. Made, called and closed on one thread."""

    @property
    def runtime(self) -> str:
        """Runtime and precision, for people."""

    @property
    def precision(self) -> str:
        """What it computes with: fp32, bf16, fp16 or int8."""

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

    def __call__(self, weights: Path, card: ModelCard, threads: int) -> Backend:
        """Loads a network.

        Args:
            weights: weights file.
            card: of the weights.
            threads: how many of the processor's it may use.

        Raises:
            EngineError: in one line; or CheckpointError.
        """


def make_backend(
    weights: Path, card: ModelCard, runtime: str, threads: int | None = None
) -> Backend:
    """Loads weights on a runtime.

    Args:
        weights: weights file.
        card: of the weights.
        runtime: a key of `RUNTIMES`.
        threads: as `threads.thread_budget`.

    Raises:
        EngineError: the runtime is unknown or missing here, or cannot load the weights; or as
            `thread_budget`.
    """
    budget = thread_budget(threads)
    keep_numpy_on_one_thread()
    if runtime not in RUNTIMES:
        raise EngineError(f"runtime {runtime!r} is not known; choose auto, {', '.join(RUNTIMES)}")
    module, attribute = RUNTIMES[runtime].split(":")
    try:
        maker = cast(BackendMaker, getattr(import_module(module), attribute))
    except ImportError as error:
        raise EngineError(
            f"runtime {runtime} is not installed here ({error}); choose another"
        ) from None
    return maker(weights, card, budget)


def runtimes_here(weights: Path, card: ModelCard) -> tuple[str, ...]:
    """The names of `RUNTIMES` that this machine has for these weights, in that order; never none.

    Args:
        weights: weights file.
        card: of the weights.
    """
    return tuple(_found(weights, card))


def _found(weights: Path, card: ModelCard) -> Iterator[str]:
    # torch takes seconds to import: it is asked only where an NVIDIA driver is installed.
    if shutil.which("nvidia-smi") and import_module("torch").cuda.is_available():
        if find_spec("tensorrt") is not None:
            yield "tensorrt-fp16"
        yield "torch-cuda"
    bf16 = _has_bf16()
    if find_spec("openvino") is not None:
        if int8_path(weights, card.input_size_px).is_file():
            yield "openvino-int8"
        if bf16:
            yield "openvino-bf16"
        yield "openvino-fp32"
    if find_spec("onnxruntime") is not None:
        yield "onnxruntime-fp32"
    if bf16:
        yield "torch-cpu-bf16"
    yield "torch-cpu"


def _has_bf16() -> bool:
    """Whether the processor computes with bfloat16, as far as OpenVINO is here to tell."""
    if find_spec("openvino") is None:
        return False
    from lmsfa.backends.openvino_cpu import has_bf16

    return has_bf16()
