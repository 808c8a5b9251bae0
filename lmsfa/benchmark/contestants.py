"""Who is timed, and our own network as one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends import make_backend
from lmsfa.card import ModelCard
from lmsfa.engine import LmsfaEngine
from lmsfa.letterbox import Letterbox

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something to be timed.

    Attributes:
        name: ours: the card's; a peer's: its file's.
        engine: the runtime, a key of `backends.RUNTIMES`.
        precision: what it computes with: fp32, bf16 or fp16.
        device: where it runs, for people.
        forward: answers one picture of the input's size, which lies ready.
        end_to_end: answers one frame: letterbox, network, instances; None: it cannot.
    """

    name: str
    engine: str
    precision: str
    device: str
    forward: Callable[[], object]
    end_to_end: Callable[[], object] | None = None


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
        frames: (H, W, 3) uint8 RGB, answered in turn; at least one.
        threads: as `backends.threads.thread_budget`.

    Raises:
        InputError: the runtime is missing here, or cannot load the weights.
    """
    backend = make_backend(weights, card, engine, threads)
    model = LmsfaEngine(card, backend)
    size = card.input_size_px
    canvas = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    whole = Letterbox.fit(size, size, size)
    endless = cycle(frames)
    return Contestant(
        card.name,
        engine,
        backend.precision,
        backend.device,
        lambda: backend(canvas, whole),
        lambda: model.predict(next(endless)),
    )
