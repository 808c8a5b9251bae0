"""torch on a CUDA device: fp16, one captured graph, pinned copies in and out.

Not run on hardware in this release's tests: those that need a GPU are marked `gpu`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lmsfa.backends.graph import blank_canvas, load_graph
from lmsfa.card import ModelCard
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import RawAnswer
from lmsfa.registry import EngineError

WARM_UP_RUNS = 3
"""Runs before capture, so that cuDNN has chosen its kernels and the allocator its blocks."""


class TorchCuda:
    """Static buffers and a CUDA graph; lives on the thread that made it."""

    runtime = "torch CUDA fp16"
    precision = "fp16"

    def __init__(self, weights: Path, card: ModelCard) -> None:
        if not torch.cuda.is_available():
            raise EngineError("no CUDA device that torch can use; choose another runtime")
        self._canvas = Canvas(card.input_size_px)
        self.device = torch.cuda.get_device_name()
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        graph = load_graph(weights).cuda().half()
        graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self._pinned_in = blank_canvas(card.input_size_px).pin_memory()
        self._input = self._pinned_in.cuda()
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            for _ in range(WARM_UP_RUNS):
                graph(self._input)
        self._stream.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.inference_mode(), torch.cuda.graph(self._graph, stream=self._stream):
            detections, prototypes = graph(self._input)
            self._outputs = (detections.float(), prototypes.float().contiguous())
        self._pinned_out = tuple(
            torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            for tensor in self._outputs
        )

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> RawAnswer:
        """As `Backend`."""
        canvas = self._canvas.draw(rgb, place)
        self._pinned_in[0].copy_(torch.from_numpy(canvas))
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            self._input.copy_(self._pinned_in, non_blocking=True)
            self._graph.replay()
            for pinned, tensor in zip(self._pinned_out, self._outputs, strict=True):
                pinned.copy_(tensor, non_blocking=True)
        self._stream.synchronize()
        detections, prototypes = self._pinned_out
        return RawAnswer(detections.numpy(), prototypes.numpy())

    def close(self) -> None:
        """Waits for the device and drops the graph before its buffers."""
        self._stream.synchronize()
        self._graph.reset()
