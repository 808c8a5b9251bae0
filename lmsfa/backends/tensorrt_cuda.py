"""TensorRT on a CUDA device: built on the user's machine, for its GPU, and kept.

Not run on hardware in this release's tests: those that need a GPU are marked `gpu`. TensorRT is not
among the program's own packages; where a user has installed version 10 or later, it is used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorrt
import torch
from numpy.typing import NDArray
from torch import Tensor

from lmsfa.backends.conversion_cache import Format, conversion_key, converted, hashed, kept_folder
from lmsfa.backends.cuda_frames import CudaFrames
from lmsfa.backends.graphics import gpu_and_driver
from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer
from lmsfa.registry import EngineError

ONNX_HALF = Format("onnx-fp16", "network.onnx", version=1, options=("--half",))
PLAN_FILE = "network.plan"
DTYPES = {tensorrt.float32: torch.float32, tensorrt.float16: torch.float16}


class TensorRtFp16:
    """float16; boxes and scores in float32. Lives on the thread that made it."""

    runtime = "TensorRT fp16"
    precision = "fp16"

    def __init__(self, weights: Path, card: ModelCard, threads: int) -> None:  # noqa: ARG002  # nothing of it runs on the processor
        if not torch.cuda.is_available():
            raise EngineError("no CUDA device that TensorRT can use; choose another runtime")
        self.device = torch.cuda.get_device_name()
        # A plan runs only on what it was built for.
        key = hashed(
            conversion_key(weights, card, ONNX_HALF),
            [self.device, gpu_and_driver(), tensorrt.__version__],
        )

        def build(folder: Path) -> None:
            with converted(weights, card, ONNX_HALF) as onnx_file:
                (folder / PLAN_FILE).write_bytes(_plan(onnx_file))

        with kept_folder("tensorrt", key, build) as folder:
            self._frames = CudaFrames(_Plan((folder / PLAN_FILE).read_bytes()), card)

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        return self._frames(rgb, place)

    def close(self) -> None:
        """As `Backend`."""
        self._frames.close()


class _Plan:
    """A plan with memory of its own for input and answers; a `Network`."""

    def __init__(self, plan: bytes) -> None:
        # All four are kept: each needs the one before for as long as it lives.
        self._logger = tensorrt.Logger(tensorrt.Logger.ERROR)
        self._runtime = tensorrt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineError("TensorRT cannot read its own plan; try --engine torch-cuda")
        self._context = self._engine.create_execution_context()
        self._memory: dict[str, Tensor] = {}
        for number in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(number)
            shape = tuple(self._engine.get_tensor_shape(name))
            dtype = DTYPES[self._engine.get_tensor_dtype(name)]
            self._memory[name] = torch.empty(shape, dtype=dtype, device="cuda")
            self._context.set_tensor_address(name, self._memory[name].data_ptr())

    def __call__(self, canvas: Tensor) -> tuple[Tensor, Tensor]:
        """(1, S, S, 3) 0..255 -> the two answers, valid until the next call."""
        self._memory["canvas"].copy_(canvas)
        if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise EngineError("TensorRT could not run its plan; try --engine torch-cuda")
        return self._memory["detections"], self._memory["prototypes"]


def _plan(onnx_file: Path) -> bytes:
    """Builds a plan; takes minutes."""
    logger = tensorrt.Logger(tensorrt.Logger.ERROR)
    builder = tensorrt.Builder(logger)
    # The file's own types are kept: boxes would be off by half a pixel in float16. Version 11 keeps
    # them always, and may not know the flag.
    flag = getattr(tensorrt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if flag is None else 1 << int(flag))
    parser = tensorrt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(onnx_file)):
        raise EngineError(f"TensorRT cannot read the network ({parser.get_error(0).desc()})")
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    if plan is None:
        raise EngineError("TensorRT could not build the network; try --engine torch-cuda")
    return bytes(plan)
