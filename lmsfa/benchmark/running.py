"""A benchmark from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.backends import runtimes_here
from lmsfa.backends.choosing import choose
from lmsfa.benchmark.contestants import ours
from lmsfa.benchmark.figures import figures
from lmsfa.benchmark.peers import PEER_RUNTIMES, peer
from lmsfa.benchmark.rounds import interleaved_ms
from lmsfa.card import card_path, check_input_size, read_card
from lmsfa.models.detection import INPUT_MULTIPLE_PX


def bench(
    weights: Path,
    engines: Sequence[str],
    frames: Sequence[NDArray[np.uint8]],
    *,
    size_px: int,
    versus: Sequence[Path],
    rounds: int,
    threads: int | None = None,
) -> dict[str, Any]:
    """Times a weights file on runtimes, beside peers on the same ones, in the same rounds.

    Args:
        weights: weights file with its card.
        engines: keys of `backends.RUNTIMES`.
        frames: (H, W, 3) uint8 RGB, for the time from frame to prediction.
        size_px: side of the input, whatever the card says.
        versus: networks of others, as `contestants.peer` reads them.
        rounds: how often each is timed.
        threads: of each, as `backends.threads.thread_budget`.

    Returns:
        What `figures` says, with `device`, `size` and `frame`.

    Raises:
        InputError: something of it cannot be used here.
    """
    check_input_size(size_px, INPUT_MULTIPLE_PX)
    card = replace(read_card(card_path(weights)), input_size_px=size_px)
    own = [ours(weights, card, engine, frames, threads) for engine in engines]
    peers = [
        peer(path, engine, size_px, threads)
        for path in versus
        for engine in engines
        if engine in PEER_RUNTIMES
    ]
    forward = [entry.forward for entry in (*own, *peers)]
    whole = [entry.end_to_end for entry in own if entry.end_to_end]
    taken = interleaved_ms([*forward, *whole], rounds)
    own_ms, peers_ms, whole_ms = np.split(taken, [len(own), len(forward)], axis=1)
    height, width = frames[0].shape[:2]
    return {
        "device": own[0].device,
        "size": size_px,
        "frame": f"{width}x{height}",
        **figures(own, peers, own_ms, peers_ms, whole_ms),
    }


def engines_named(name: str, weights: Path, size_px: int) -> tuple[str, ...]:
    """The runtimes that "all", "auto" or one name means here, for weights and an input's side."""
    card = replace(read_card(card_path(weights)), input_size_px=size_px)
    if name == "all":
        return runtimes_here(weights, card)
    if name != "auto":
        return (name,)
    backend, choice = choose(weights, card)
    backend.close()
    return (choice.runtime,)
