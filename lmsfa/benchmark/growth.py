"""Time and memory as work grows: larger inputs, more structures, larger frames."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lmsfa.backends import RUNTIMES
from lmsfa.benchmark.contestants import (
    DECODE,
    END_TO_END,
    FORWARD,
    PAINT,
    PREPROCESS,
    Contestant,
    Rgb,
    ours,
    predicting,
    stages,
)
from lmsfa.benchmark.figures import median, percentiles, spread
from lmsfa.benchmark.made_answer import made_tensors
from lmsfa.benchmark.memory import allocated_mb, peak_memory
from lmsfa.benchmark.rounds import Timed, timed
from lmsfa.benchmark.running import engines_named
from lmsfa.card import ModelCard, card_path, check_input_size, read_card
from lmsfa.engine import decoded
from lmsfa.letterbox import Letterbox
from lmsfa.semantic_answer import raw_answer

SIZES_PX = (320, 480, 640, 960, 1280)
"""Of the input, each as near as the network takes it."""
STRUCTURES = (1, 8, 32, 100)
FRAMES = ((854, 480), (1280, 720), (1920, 1080), (3840, 2160))
"""Width and height: 480p to 4K."""
FRAME = (1920, 1080)
"""While structures grow in number."""
USUAL_STRUCTURES = 8
"""While frames grow; and what `STRUCTURES[-1]` are compared with."""


def usual_sizes(multiple_px: int) -> tuple[int, ...]:
    """`SIZES_PX`, rounded to what a network of this input multiple takes."""
    return tuple(round(side / multiple_px) * multiple_px for side in SIZES_PX)


def growth(
    weights: Path,
    engine: str,
    frames: Sequence[Rgb],
    *,
    sizes_px: Sequence[int],
    size_px: int,
    rounds: int,
    threads: int | None = None,
) -> dict[str, Any]:
    """How time and memory grow with the input's size, the structures and the frame's size.

    The network answers real frames. What is decoded and painted is made, so that it holds as many
    structures as wanted; they fill the frame, so that many of them are small. Decoding begins at
    the network's two tensors: a semantic network's regions are found in it.

    Args:
        weights: weights file with its card.
        engine: a key of `backends.RUNTIMES`, or auto.
        frames: (H, W, 3) uint8 RGB, answered at every size.
        sizes_px: sides of the input that are compared.
        size_px: side of the input while structures and frames grow.
        rounds: how often each is timed.
        threads: as `backends.threads.thread_budget`.

    Returns:
        Ready for JSON. `network`, `instances` and `frames` are rows, the work that grows first.
        `*_mb` of a step is what it holds at most while it runs. `paint_ratio` is how many times as
        long the most structures take to paint as the usual number.

    Raises:
        InputError: something of it cannot be used here.
    """
    card = read_card(card_path(weights))
    for side in (*sizes_px, size_px):
        check_input_size(side, card.input_multiple_px)
    (engine,) = engines_named(engine, weights, size_px, threads)
    cards = [replace(card, input_size_px=side) for side in sorted(set(sizes_px))]
    entries = [ours(weights, sized, engine, frames, threads) for sized in cards]
    found = timed([_cut(entry, (FORWARD, END_TO_END)) for entry in entries], rounds)
    loads = [partial(predicting, weights, sized, engine, frames[0], threads) for sized in cards]
    module = RUNTIMES[engine].split(":")[0]
    rows = [
        {
            "px": sized.input_size_px,
            **_times(entry),
            "memory_mb": peak_memory(module, load).as_json(),
        }
        for sized, entry, load in zip(cards, found, loads, strict=True)
    ]
    return {
        "device": entries[0].device,
        "date": time.strftime("%Y-%m-%d"),
        "engine": engine,
        "precision": entries[0].precision,
        "size": size_px,
        "rounds": rounds,
        "network": rows,
        **_steps(replace(card, input_size_px=size_px), rounds),
    }


def _steps(card: ModelCard, rounds: int) -> dict[str, Any]:
    """What stands around the network, all in the same rounds."""
    crowds = [_scene(card, FRAME, number, (DECODE, PAINT)) for number in STRUCTURES]
    views = [_scene(card, frame, USUAL_STRUCTURES, (PREPROCESS, PAINT)) for frame in FRAMES]
    found = timed([*crowds, *views], rounds)
    by_crowd, by_view = found[: len(crowds)], found[len(crowds) :]
    usual = by_crowd[STRUCTURES.index(USUAL_STRUCTURES)]
    ratio = by_crowd[-1].ms[PAINT] / usual.ms[PAINT]
    return {
        "structures": "structures are made, ellipses side by side that fill the frame",
        "frame": _named(FRAME),
        "instances": [
            {"instances": entry.who.instances, **_times(entry), **_held(entry)}
            for entry in by_crowd
        ],
        "frames": [
            {"frame": _named(frame), **_times(entry), **_held(entry)}
            for frame, entry in zip(FRAMES, by_view, strict=True)
        ],
        "paint_ratio": {
            "of": [by_crowd[-1].who.instances, usual.who.instances],
            "median": median(ratio),
            "spread": spread(ratio),
        },
    }


def _scene(
    card: ModelCard, frame: tuple[int, int], structures: int, names: Sequence[str]
) -> Contestant:
    """A made answer of the card's kind of network on a frame of a size."""
    width, height = frame
    place = Letterbox.fit(height, width, card.input_size_px)
    tensors = made_tensors(place, card, structures)
    blank = np.zeros((height, width, 3), dtype=np.uint8)
    runs, instances = stages(raw_answer(card, *tensors, place), card, blank, place)
    runs[DECODE] = lambda: decoded(raw_answer(card, *tensors, place), card, place)
    return _cut(Contestant("made", "", "", runs, instances=instances), names)


def _cut(who: Contestant, names: Sequence[str]) -> Contestant:
    """The same with some of its runs."""
    return replace(who, runs={name: who.runs[name] for name in names})


def _times(entry: Timed) -> dict[str, Any]:
    return {f"{name}_ms": percentiles(times) for name, times in entry.ms.items()}


def _held(entry: Timed) -> dict[str, float]:
    return {f"{name}_mb": round(allocated_mb(run), 2) for name, run in entry.who.runs.items()}


def _named(frame: tuple[int, int]) -> str:
    return f"{frame[0]}x{frame[1]}"
