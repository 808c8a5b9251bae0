"""From a weights file to an engine that answers: the table of systems; no torch in here."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import CardError, ModelCard, card_path, check_hash, read_card
from lmsfa.errors import InputError
from lmsfa.prediction import Prediction

SYSTEMS = {
    "lmsfa": "lmsfa.engine:load",
    "lmsfa_small": "lmsfa.engine:load",
    "yolo_baseline": "lmsfa.engine:load",
    "hrmedseg": "lmsfa.engine:load",
    "endoarss": "lmsfa.engine:load",
}
"""System name (in the card) -> "module:callable", an `EngineLoader`."""
TITLES = {
    "lmsfa": "LMSF-A",
    "lmsfa_small": "LMSF-A small",
    "yolo_baseline": "YOLOv8n-seg baseline",
    "hrmedseg": "HRMedSeg",
    "endoarss": "EndoARSS",
}
"""System name -> as people write it."""
SEMANTIC_SYSTEMS = ("hrmedseg", "endoarss")
"""Those whose networks tell the class of every cell, and not instances."""
SMALLER = {"lmsfa": "lmsfa_small"}
"""System name -> the one that answers the same in about half the time, a little less well."""


class EngineError(InputError):
    """An engine could not be loaded or could not answer: one line with what to do next."""


class Engine(Protocol):
    """A loaded model, ready to answer. Made, called and closed on one thread."""

    @property
    def card(self) -> ModelCard:
        """The card of the loaded weights."""

    @property
    def runtime(self) -> str:
        """Runtime and precision, for people: "OpenVINO bf16"."""

    @property
    def device(self) -> str:
        """Where it runs, for people: the processor's or the GPU's name."""

    @property
    def reason(self) -> str:
        """Why this runtime, for people; empty where it was asked for."""

    def predict(
        self, rgb: NDArray[np.uint8], frame_index: int = 0, captured_s: float = 0.0
    ) -> Prediction:
        """Answers one frame.

        Args:
            rgb: (H, W, 3) uint8, RGB, at least 1 x 1.
            frame_index: copied into the answer.
            captured_s: capture time, seconds on the monotonic clock, copied into the answer.

        Raises:
            EngineError: the frame cannot be read, or the model answered with NaN.
        """

    def close(self) -> None:
        """Frees the device. Called once, last."""


class EngineLoader(Protocol):
    """What a line of `SYSTEMS` points to."""

    def __call__(
        self, weights: Path, card: ModelCard, runtime: str, threads: int | None = None
    ) -> Engine:
        """Loads `weights` on `runtime` and answers one blank frame: the first real one is fast."""


def load_engine(
    weights: Path,
    runtime: str = "auto",
    score_threshold: float | None = None,
    threads: int | None = None,
) -> Engine:
    """Loads a weights file on the calling thread, which must be the one that predicts.

    Args:
        weights: a .safetensors file with its .json card beside it.
        runtime: "auto", or a name of `lmsfa.backends.RUNTIMES`.
        score_threshold: report from this score on instead of the card's; evaluation reads the
            whole curve, which also holds what would not be shown beside a better answer.
        threads: how many the model may use; None leaves the picture a core, of four or more.

    Raises:
        EngineError: in one line, naming the file, what was expected and what to do.
    """
    card = checked_card(weights)
    if score_threshold is not None:
        card = replace(card, score_threshold=score_threshold, score_thresholds={}, same_share=1.0)
    if card.system not in SYSTEMS:
        raise EngineError(
            f"{weights}: system {card.system!r} is not known; expected one of {', '.join(SYSTEMS)}"
        )
    module, name = SYSTEMS[card.system].split(":")
    loader = cast(EngineLoader, getattr(import_module(module), name))
    return loader(weights, card, runtime, threads)


def checked_card(weights: Path) -> ModelCard:
    """The card of a weights file, which is the one that it was written for.

    Raises:
        EngineError: in one line: a file is missing, or they do not belong together.
    """
    if not weights.is_file():
        raise EngineError(
            f"{weights}: no such weights file; "
            "give a .safetensors file with its .json card beside it"
        )
    try:
        card = read_card(card_path(weights))
        check_hash(weights, card)
    except CardError as error:
        raise EngineError(str(error)) from None
    return card
