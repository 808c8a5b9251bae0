"""What the plain network answers to a made picture: every other runtime is compared with it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lmsfa.backends.agreement import check_frame
from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer


def reference_answer(weights: Path, card: ModelCard) -> Answer:
    """The answer of plain torch, in float32, to `check_frame`.

    It is kept with OpenVINO's network, so that who has that need not load torch.

    Raises:
        EngineError: the weights cannot be used.
    """
    if find_spec("openvino") is not None:
        from lmsfa.backends.openvino_cpu import kept_answer  # noqa: PLC0415  # may be missing

        return kept_answer(weights, card)
    from lmsfa.backends.torch_cpu import TorchCpu  # noqa: PLC0415  # takes seconds, rarely needed

    size = card.input_size_px
    backend = TorchCpu(weights, card, 1)
    try:
        return backend(check_frame(size), Letterbox.fit(size, size, size))
    finally:
        backend.close()
