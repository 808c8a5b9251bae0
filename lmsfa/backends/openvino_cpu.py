"""OpenVINO on the CPU, the default where there is no GPU. Runs without importing torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from lmsfa.backends.conversion_cache import Format, converted
from lmsfa.backends.openvino_core import CORE
from lmsfa.card import ModelCard
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import Answer
from lmsfa.semantic_answer import raw_answer

OPENVINO = Format("openvino", "network.xml", version=4, options=("--reference",))
HINTS = {"fp32": "f32", "bf16": "bf16"}
"""OpenVINO's word for a precision."""


class OpenVino:
    """One compiled network with one request, at a fixed precision; a `Backend`."""

    runtime = "OpenVINO"
    precision = "fp32"

    def __init__(self, weights: Path, card: ModelCard, threads: int) -> None:
        self._card, self._canvas = card, Canvas(card.input_size_px)
        self.device = processor()
        self._request = compiled(self.read(weights, card), self.inner_precision, threads)

    @property
    def inner_precision(self) -> str:
        """What it computes with where the network does not say it, a key of `HINTS`."""
        return self.precision

    def read(self, weights: Path, card: ModelCard) -> openvino.Model:
        """The network to compile, converted now where need be.

        Raises:
            EngineError: in one line: it cannot be had.
        """
        with converted(weights, card, OPENVINO) as path:
            return CORE.read_model(path)

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        canvas = self._canvas.draw(rgb, place)
        self._request.infer([canvas[None]], share_inputs=True, share_outputs=True)
        first, second = (self._request.get_output_tensor(number).data for number in (0, 1))
        return raw_answer(self._card, first, second, place)

    def close(self) -> None:
        """Drops the request; OpenVINO frees its memory with it."""
        del self._request


class OpenVinoFp32(OpenVino):
    """float32."""

    runtime = "OpenVINO fp32"
    precision = "fp32"


class OpenVinoBf16(OpenVino):
    """bfloat16 inside, float32 at the border; for processors that compute with it."""

    runtime = "OpenVINO bf16"
    precision = "bf16"


def compiled(model: openvino.Model, precision: str, threads: int) -> openvino.InferRequest:
    """One request of `model`, compiled to answer one picture soonest.

    Args:
        model: with inputs of fixed shapes.
        precision: a key of `HINTS`.
        threads: how many it may use.
    """
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "INFERENCE_NUM_THREADS": threads,
    }
    return CORE.compile_model(model, "CPU", settings).create_infer_request()


def kept_answer(weights: Path, card: ModelCard) -> Answer:
    """What plain torch answers to `agreement.check_frame`, its best cells. Errors: `converted`."""
    size = card.input_size_px
    whole = Letterbox.fit(size, size, size)
    with converted(weights, card, OPENVINO) as path, np.load(path.with_suffix(".npz")) as kept:
        return raw_answer(card, kept["detections"], kept["prototypes"], whole)


def processor() -> str:
    """The processor's name."""
    return str(CORE.get_property("CPU", "FULL_DEVICE_NAME")).strip()


def has_bf16() -> bool:
    """Whether this processor computes with bfloat16."""
    return "BF16" in CORE.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
