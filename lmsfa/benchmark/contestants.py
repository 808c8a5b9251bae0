"""Who is timed, and our own network as one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends import make_backend
from lmsfa.card import ModelCard
from lmsfa.engine import NetworkEngine, decoded
from lmsfa.interleaving import Run
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.overlay import OverlayStyle, Painter
from lmsfa.postprocess import Answer
from lmsfa.prediction import Prediction

Rgb = NDArray[np.uint8]

FORWARD = "forward"
"""The network alone: a picture of the input's size lies ready, the answer ends in memory. On a GPU,
where one graph is the whole way, with the copies, the letterbox and the choice of answers."""
END_TO_END = "end_to_end"
"""A frame in, its prediction out."""
PREPROCESS, DECODE, PAINT = "preprocess", "decode", "paint"
"""The letterbox alone, on the processor; an answer to instances; a prediction to its layer."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something to be timed.

    Attributes:
        name: ours: the card's; a peer's: its file's.
        engine: the runtime, a key of `backends.RUNTIMES`.
        precision: what it computes with, as its backend says.
        runs: what is timed, by name; a peer has `FORWARD` alone.
        device: where it runs, for people; said by ours.
        instances: how many structures the answer holds that is decoded and painted.
    """

    name: str
    engine: str
    precision: str
    runs: Mapping[str, Run]
    device: str = ""
    instances: int = 0


def ours(
    weights: Path,
    card: ModelCard,
    engine: str,
    frames: Sequence[Rgb],
    threads: int | None = None,
) -> Contestant:
    """Our network on a runtime.

    Args:
        weights: weights file.
        card: of the weights, with the input size that is to be timed.
        engine: a key of `backends.RUNTIMES`.
        frames: (H, W, 3) uint8 RGB, answered in turn; at least one, all of one shape. The stages
            are timed with the middle one.
        threads: as `backends.threads.thread_budget`.

    Raises:
        InputError: the runtime is missing here, or cannot load the weights.
    """
    backend = make_backend(weights, card, engine, threads)
    model = NetworkEngine(card, backend)
    size = card.input_size_px
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    whole = Letterbox.fit(size, size, size)
    endless = cycle(frames)
    runs: dict[str, Run] = {
        FORWARD: lambda: backend(picture, whole),
        END_TO_END: lambda: model.predict(next(endless)),
    }
    frame = frames[len(frames) // 2]
    place = Letterbox.fit(frame.shape[0], frame.shape[1], size)
    # A backend's answer is valid until its next call only: what is kept is a copy.
    around, instances = stages(deepcopy(backend(frame, place)), card, frame, place)
    return Contestant(
        card.name, engine, backend.precision, runs | around, backend.device, instances
    )


def stages(
    answer: Answer, card: ModelCard, frame: Rgb, place: Letterbox
) -> tuple[dict[str, Run], int]:
    """What stands around the network: `PREPROCESS`, `DECODE`, `PAINT`.

    Args:
        answer: what is decoded and painted, again and again.
        card: of the network whose answer it is.
        frame: (H, W, 3) uint8 RGB, what is answered.
        place: how it lies on the input.

    Returns:
        The runs, and how many instances are painted.
    """
    height, width = frame.shape[:2]
    canvas = Canvas(card.input_size_px)
    prediction = Prediction(0, 0.0, decoded(answer, card, place), None, card.sha256)
    style, painter = OverlayStyle(), Painter()
    runs: dict[str, Run] = {
        PREPROCESS: lambda: canvas.draw(frame, place),
        DECODE: lambda: decoded(answer, card, place),
        PAINT: lambda: painter.paint(prediction, card, style, height, width),
    }
    return runs, len(prediction.instances)


def predicting(
    weights: Path, card: ModelCard, engine: str, frame: Rgb, threads: int | None = None
) -> Run:
    """Our engine and nothing else, as the application holds it: a run answers `frame`."""
    model = NetworkEngine(card, make_backend(weights, card, engine, threads))
    return lambda: model.predict(frame)
