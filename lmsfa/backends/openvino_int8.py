"""OpenVINO with eight-bit integers: a network that `quantise` has put beside its weights."""

from __future__ import annotations

from pathlib import Path

import openvino

from lmsfa.backends.openvino_core import CORE
from lmsfa.backends.openvino_cpu import OpenVino, has_bf16
from lmsfa.card import ModelCard, int8_path
from lmsfa.registry import EngineError

MADE_FROM = ["lmsfa", "weights_sha256"]
"""Where the network says which weights it was made from."""


class OpenVinoInt8(OpenVino):
    """int8 where it was calibrated; what is between computes with bfloat16 or float32."""

    runtime = "OpenVINO int8"
    precision = "int8"

    @property
    def inner_precision(self) -> str:
        """As `OpenVino`."""
        return "bf16" if has_bf16() else "fp32"

    def read(self, weights: Path, card: ModelCard) -> openvino.Model:
        """As `OpenVino`."""
        path = int8_path(weights, card.input_size_px)
        if not path.is_file():
            raise EngineError(
                f"{path}: no such int8 network; make it by `python -m lmsfa quantise`"
            )
        try:
            model = CORE.read_model(path)
            made_from = str(model.get_rt_info(MADE_FROM).astype(str))
        except RuntimeError:
            raise EngineError(
                f"{path}: not a whole int8 network; make it again by `python -m lmsfa quantise`"
            ) from None
        if made_from != card.sha256:
            raise EngineError(
                f"{path}: made from other weights; make it again by `python -m lmsfa quantise`"
            )
        return model
