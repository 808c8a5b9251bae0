"""torch on the CPU: in float32 the plain reference that every other runtime must agree with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lmsfa.backends.graph import load_graph
from lmsfa.backends.processor import processor_name
from lmsfa.card import ModelCard
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import Answer
from lmsfa.semantic_answer import raw_answer


class TorchCpu:
    """float32, channels last."""

    runtime = "torch fp32"
    precision = "fp32"
    dtype = torch.float32

    def __init__(self, weights: Path, card: ModelCard, threads: int) -> None:
        self.device = processor_name()
        self._card, self._canvas = card, Canvas(card.input_size_px)
        torch.set_num_threads(threads)
        graph = load_graph(weights).to(self.dtype)
        self._graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        canvas = self._canvas.draw(rgb, place)
        with torch.inference_mode():
            first, second = self._graph(torch.from_numpy(canvas)[None])
        rows, maps = first.float().numpy(), second.float().contiguous().numpy()
        return raw_answer(self._card, rows, maps, place)

    def close(self) -> None:
        """Nothing is held outside Python's memory."""


class TorchCpuBf16(TorchCpu):
    """bfloat16 inside, float32 at the border; for processors that compute with it."""

    runtime = "torch bf16"
    precision = "bf16"
    dtype = torch.bfloat16
