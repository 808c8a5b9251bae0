"""ONNX Runtime on the CPU. Runs without importing torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lmsfa.backends.conversion_cache import Format, converted
from lmsfa.backends.processor import processor_name
from lmsfa.card import ModelCard
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import Answer
from lmsfa.semantic_answer import raw_answer

ONNX = Format("onnx", "network.onnx", version=1)


class OnnxRuntimeFp32:
    """float32; one session that writes every answer into the same memory."""

    runtime = "ONNX Runtime fp32"
    precision = "fp32"

    def __init__(self, weights: Path, card: ModelCard, threads: int) -> None:
        self.device = processor_name()
        self._card, self._canvas = card, Canvas(card.input_size_px)
        with converted(weights, card, ONNX) as path:
            self._session = compiled(path, threads)
        self._binding = self._session.io_binding()
        self._answers = [np.empty(out.shape, np.float32) for out in self._session.get_outputs()]
        for out, answer in zip(self._session.get_outputs(), self._answers, strict=True):
            self._binding.bind_output(
                out.name, "cpu", 0, answer.dtype, answer.shape, answer.ctypes.data
            )

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        self._binding.bind_cpu_input("canvas", self._canvas.draw(rgb, place)[None])
        self._session.run_with_iobinding(self._binding)
        first, second = self._answers
        return raw_answer(self._card, first, second, place)

    def close(self) -> None:
        """Drops the session; ONNX Runtime frees its memory and threads with it."""
        del self._binding, self._session


def compiled(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session of an ONNX file, made to answer one picture soonest.

    Args:
        path: the file.
        threads: how many it may use.
    """
    return onnxruntime.InferenceSession(path, _options(threads), providers=["CPUExecutionProvider"])


def _options(threads: int) -> onnxruntime.SessionOptions:
    """For one picture at a time, soonest."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Between two frames its threads would go on turning, on cores that the picture needs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options
