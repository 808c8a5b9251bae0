"""torch on a CUDA device: fp16, channels last, as one captured graph.

Not run on hardware in this release's tests: those that need a GPU are marked `gpu`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lmsfa.backends.cuda_frames import CudaFrames
from lmsfa.backends.graph import load_graph
from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer
from lmsfa.registry import EngineError


class TorchCuda:
    """The folded network in float16; boxes and scores in float32. Lives on its maker's thread."""

    runtime = "torch CUDA fp16"
    precision = "fp16"

    def __init__(self, weights: Path, card: ModelCard, threads: int) -> None:  # noqa: ARG002  # nothing of it runs on the processor
        if not torch.cuda.is_available():
            raise EngineError("no CUDA device that torch can use; choose another runtime")
        self.device = torch.cuda.get_device_name()
        graph = load_graph(weights).half().cuda()
        graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self._frames = CudaFrames(graph, card)

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        return self._frames(rgb, place)

    def close(self) -> None:
        """As `Backend`."""
        self._frames.close()
