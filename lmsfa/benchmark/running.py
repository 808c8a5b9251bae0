"""A benchmark from beginning to end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lmsfa.backends import RUNTIMES, runtimes_here
from lmsfa.backends.choosing import choose
from lmsfa.benchmark.contestants import Rgb, ours, predicting
from lmsfa.benchmark.figures import figures
from lmsfa.benchmark.memory import peak_memory
from lmsfa.benchmark.peers import PEER_RUNTIMES, peer, peer_forward
from lmsfa.benchmark.rounds import timed
from lmsfa.card import card_path, check_input_size, read_card
from lmsfa.errors import InputError
from lmsfa.models.detection import INPUT_MULTIPLE_PX


def bench(
    weights: Path,
    engines: Sequence[str],
    frames: Sequence[Rgb],
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
        versus: networks of others, as `peers.peer` reads them.
        rounds: how often each is timed.
        threads: of each, as `backends.threads.thread_budget`.

    Returns:
        What `figures` says, with `memory_mb` in each row, and `device`, `date`, `size`, `frame`.

    Raises:
        InputError: something of it cannot be used here.
    """
    check_input_size(size_px, INPUT_MULTIPLE_PX)
    card = replace(read_card(card_path(weights)), input_size_px=size_px)
    own = [ours(weights, card, engine, frames, threads) for engine in engines]
    entered = _entered(versus, engines)
    peers = [peer(path, engine, size_px, threads) for path, engine in entered]
    taken = timed([*own, *peers], rounds)
    found = figures(taken[: len(own)], taken[len(own) :])
    loads = [
        *(partial(predicting, weights, card, engine, frames[0], threads) for engine in engines),
        *(partial(peer_forward, path, engine, size_px, threads) for path, engine in entered),
    ]
    for row, load in zip([*found["ours"], *found["peers"]], loads, strict=True):
        module = RUNTIMES[row["engine"]].split(":")[0]
        row["memory_mb"] = peak_memory(module, load).as_json()
    height, width = frames[0].shape[:2]
    return {
        "device": own[0].device,
        "date": time.strftime("%Y-%m-%d"),
        "size": size_px,
        "frame": f"{width}x{height}",
        **found,
    }


def _entered(versus: Sequence[Path], engines: Sequence[str]) -> list[tuple[Path, str]]:
    """Every peer on every engine that takes peers."""
    taking = [engine for engine in engines if engine in PEER_RUNTIMES]
    if versus and not taking:
        raise InputError(
            f"--versus: {', '.join(engines)} takes no networks of others; choose --engine "
            f"{', '.join(PEER_RUNTIMES)} or all"
        )
    return [(path, engine) for path in versus for engine in taking]


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
