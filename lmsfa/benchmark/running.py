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
from lmsfa.benchmark.contestants import Contestant, Rgb, ours, predicting
from lmsfa.benchmark.figures import figures
from lmsfa.benchmark.memory import peak_memory
from lmsfa.benchmark.peers import PEER_RUNTIMES, peer, peer_forward
from lmsfa.benchmark.rounds import timed
from lmsfa.card import ModelCard, card_path, check_input_size, read_card
from lmsfa.errors import InputError


def bench(
    weights: Path,
    engines: Sequence[str],
    frames: Sequence[Rgb],
    *,
    size_px: int,
    versus: Sequence[Path],
    rounds: int,
    threads: int | None = None,
    tolerant: bool = False,
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
        tolerant: whether an engine that cannot be used is left out and named, not an error.

    Returns:
        What `figures` says, with `memory_mb` in each row, and `device`, `date`, `size`, `frame`;
        `left_out`, a sentence each; `cuda_networks`, the network alone on a CUDA device in rows
        like a peer's, where torch-cuda is among the engines.

    Raises:
        InputError: something of it cannot be used here.
    """
    card = read_card(card_path(weights))
    check_input_size(size_px, card.input_multiple_px)
    card = replace(card, input_size_px=size_px)
    own, left_out = _ours(weights, card, engines, frames, threads)
    if left_out and (not tolerant or not own):
        raise next(iter(left_out.values()))
    entered = _entered(versus, [who.engine for who in own])
    peers = [peer(path, engine, size_px, threads) for path, engine in entered]
    alone = _cuda_networks(weights, card, own)
    taken = timed([*own, *peers, *alone], rounds)
    both = len(own) + len(peers)
    found = figures(taken[: len(own)], taken[len(own) : both], taken[both:])
    loads = [
        *(partial(predicting, weights, card, who.engine, frames[0], threads) for who in own),
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
        "left_out": [f"{engine}: {error}" for engine, error in left_out.items()],
        **found,
    }


def _ours(
    weights: Path,
    card: ModelCard,
    engines: Sequence[str],
    frames: Sequence[Rgb],
    threads: int | None,
) -> tuple[list[Contestant], dict[str, InputError]]:
    """Our network on each engine that can be used, and by name why the others cannot."""
    own: list[Contestant] = []
    failed: dict[str, InputError] = {}
    for engine in engines:
        try:
            own.append(ours(weights, card, engine, frames, threads))
        except InputError as error:
            failed[engine] = error
    return own, failed


def _cuda_networks(weights: Path, card: ModelCard, own: Sequence[Contestant]) -> list[Contestant]:
    if not any(who.engine == "torch-cuda" for who in own):
        return []
    from lmsfa.benchmark.cuda_networks import (  # noqa: PLC0415  # torch takes seconds to import
        captured_fp16,
        eager_fp32,
    )

    return [captured_fp16(weights, card), eager_fp32(weights, card)]


def _entered(versus: Sequence[Path], engines: Sequence[str]) -> list[tuple[Path, str]]:
    """Every peer on every engine that takes peers."""
    taking = [engine for engine in engines if engine in PEER_RUNTIMES]
    if versus and not taking:
        raise InputError(
            f"--versus: {', '.join(engines)} takes no networks of others; choose --engine "
            f"{', '.join(PEER_RUNTIMES)} or all"
        )
    return [(path, engine) for path in versus for engine in taking]


def engines_named(
    name: str, weights: Path, size_px: int, threads: int | None = None
) -> tuple[str, ...]:
    """The runtimes that "all", "auto" or one name means here, for weights and an input's side."""
    card = replace(read_card(card_path(weights)), input_size_px=size_px)
    if name == "all":
        return runtimes_here(weights, card)
    if name != "auto":
        return (name,)
    backend, choice = choose(weights, card, threads)
    backend.close()
    return (choice.runtime,)
