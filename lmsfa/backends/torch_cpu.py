"""torch on the CPU: the plain reference that every other runtime must agree with."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lmsfa.backends.graph import load_graph
from lmsfa.card import ModelCard
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import RawAnswer


class TorchCpu:
    """float32, channels last."""

    runtime = "torch fp32"
    precision = "fp32"

    def __init__(self, weights: Path, card: ModelCard) -> None:
        self._canvas = Canvas(card.input_size_px)
        self.device = platform.processor() or platform.machine()
        self._graph = load_graph(weights).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> RawAnswer:
        """As `Backend`."""
        canvas = self._canvas.draw(rgb, place)
        with torch.inference_mode():
            detections, prototypes = self._graph(torch.from_numpy(canvas)[None])
        return RawAnswer(detections.numpy(), prototypes.contiguous().numpy())

    def close(self) -> None:
        """Nothing is held outside Python's memory."""
