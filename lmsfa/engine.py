"""The engine of every system: letterbox, network, instances. One frame at a time, on one thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends import Backend, make_backend
from lmsfa.backends.choosing import choose
from lmsfa.card import ModelCard
from lmsfa.familiarity.judgement import Yardstick
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer, to_instances
from lmsfa.prediction import Instance, Prediction
from lmsfa.registry import EngineError

CANDIDATE_SHARE = 0.4
"""Of a class's threshold: from there on an instance is answered, as a candidate at first."""


class NetworkEngine:
    """Answers frames of any size; satisfies `registry.Engine`."""

    def __init__(self, card: ModelCard, backend: Backend, reason: str = "") -> None:
        self.card, self.reason = card, reason
        self._backend = backend
        self._weaker, self._least = weaker(card), card.class_thresholds
        self._yardstick = Yardstick.of(card.familiarity)
        self._shape: tuple[int, ...] = ()
        self._place = Letterbox.fit(1, 1, card.input_size_px)

    @property
    def runtime(self) -> str:
        """As `registry.Engine`."""
        return self._backend.runtime

    @property
    def device(self) -> str:
        """As `registry.Engine`."""
        return self._backend.device

    def predict(
        self, rgb: NDArray[np.uint8], frame_index: int = 0, captured_s: float = 0.0
    ) -> Prediction:
        """As `registry.Engine`."""
        place = self._placed(rgb)
        answer = self._backend(rgb, place)
        found = decoded(answer, self._weaker, place)
        strong = tuple(entry for entry in found if entry.score >= self._least[entry.class_id])
        weak = tuple(entry for entry in found if entry.score < self._least[entry.class_id])
        activity, sure = likeliest(answer, self.card)
        unlikeness = self._yardstick.unlikeness(rgb) if self._yardstick else None
        return Prediction(
            frame_index, captured_s, strong, activity, self.card.sha256, weak, sure, unlikeness
        )

    def _placed(self, rgb: NDArray[np.uint8]) -> Letterbox:
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
            raise EngineError(
                "a frame must be (H, W, 3) uint8 RGB with at least one pixel, "
                f"got {rgb.shape} {rgb.dtype}"
            )
        if rgb.shape != self._shape:
            self._place = Letterbox.fit(rgb.shape[0], rgb.shape[1], self.card.input_size_px)
            self._shape = rgb.shape
        return self._place

    def close(self) -> None:
        """As `registry.Engine`."""
        self._backend.close()


def weaker(card: ModelCard) -> ModelCard:
    """The card by which candidates are answered too: its thresholds are lower."""
    return replace(
        card,
        score_threshold=card.score_threshold * CANDIDATE_SHARE,
        score_thresholds={
            name: score * CANDIDATE_SHARE for name, score in card.score_thresholds.items()
        },
    )


def decoded(answer: Answer, card: ModelCard, place: Letterbox) -> tuple[Instance, ...]:
    """A backend's answer as instances, with the card's thresholds, highest score first.

    Raises:
        EngineError: the answer holds NaN or infinite numbers.
    """
    if not answer.is_finite():
        raise EngineError("the model answered with numbers that are not finite; load other weights")
    return to_instances(
        answer,
        len(card.classes),
        card.class_thresholds,
        card.nms_iou,
        place,
        temperature=card.temperature,
        same_share=card.same_share,
    )


def likeliest(answer: Answer, card: ModelCard) -> tuple[str | None, float | None]:
    """The most probable of the card's activities and its probability; two times None without any.

    Args:
        answer: a backend's, finite.
        card: of the network whose answer it is.
    """
    if not answer.activities.size:
        return None, None
    index = int(answer.activities.argmax())
    return card.activities[index], float(answer.activities[index])


def load(weights: Path, card: ModelCard, runtime: str, threads: int | None = None) -> NetworkEngine:
    """Loads a weights file and answers one blank frame, so that the first real one is fast.

    Raises:
        EngineError: as `registry.load_engine`.
    """
    if runtime == "auto":
        backend, choice = choose(weights, weaker(card), threads)
        engine = NetworkEngine(card, backend, choice.reason)
    else:
        engine = NetworkEngine(card, make_backend(weights, weaker(card), runtime, threads))
    size = card.input_size_px
    engine.predict(np.zeros((size, size, 3), dtype=np.uint8))
    return engine
