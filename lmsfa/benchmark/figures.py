"""From the times of all rounds to figures: medians, slow cases, ratios with their spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lmsfa.benchmark.contestants import (
    DECODE,
    END_TO_END,
    FORWARD,
    PAINT,
    PREPROCESS,
    Contestant,
)
from lmsfa.benchmark.rounds import Timed
from lmsfa.interleaving import Times

SPREAD = (5, 95)
"""Percentiles over the rounds."""
STAGES = {"preprocess": PREPROCESS, "network": FORWARD, "decode": DECODE, "paint": PAINT}
"""What a frame goes through, by the name of its run."""


def figures(
    own: Sequence[Timed], peers: Sequence[Timed], cuda_networks: Sequence[Timed] = ()
) -> dict[str, Any]:
    """What `bench` reports of times.

    Args:
        own: ours.
        peers: theirs, of the same rounds.
        cuda_networks: our network alone on a CUDA device, of the same rounds.

    Returns:
        Ready for JSON. `ratio_to_best_peer` is by precision the median over the rounds of the
        best peer's network time over ours, the best of each side over all engines being the one
        with the lowest median; `ratio_by_engine` is the same within each engine, where runtime
        and precision are the same.
    """
    by_precision = _ratios(own, peers, lambda who: who.precision)
    by_engine = _ratios(own, peers, lambda who: who.engine)
    return {
        "rounds": len(own[0].ms[FORWARD]),
        "ours": [_own_row(entry) for entry in own],
        "peers": [_row(entry) for entry in peers],
        "cuda_networks": [_row(entry) for entry in cuda_networks],
        "ratio_to_best_peer": {name: median(ratio) for name, ratio in by_precision.items()},
        "ratio_spread": {name: spread(ratio) for name, ratio in by_precision.items()},
        "ratio_by_engine": {name: median(ratio) for name, ratio in by_engine.items()},
        "ratio_by_engine_spread": {name: spread(ratio) for name, ratio in by_engine.items()},
    }


def _ratios(
    own: Sequence[Timed], peers: Sequence[Timed], kind: Callable[[Contestant], str]
) -> dict[str, Times]:
    """(rounds,) by what `kind` says of both sides."""
    shared = {kind(entry.who) for entry in own} & {kind(entry.who) for entry in peers}
    return {
        name: _best([entry for entry in peers if kind(entry.who) == name])
        / _best([entry for entry in own if kind(entry.who) == name])
        for name in sorted(shared)
    }


def _best(entries: Sequence[Timed]) -> Times:
    """(rounds,) of the network with the lowest median."""
    return min((entry.ms[FORWARD] for entry in entries), key=np.median)


def _row(entry: Timed) -> dict[str, Any]:
    who = entry.who
    return {
        "name": who.name,
        "engine": who.engine,
        "precision": who.precision,
        "forward_ms": percentiles(entry.ms[FORWARD]),
    }


def _own_row(entry: Timed) -> dict[str, Any]:
    return {
        **_row(entry),
        "end_to_end_ms": percentiles(entry.ms[END_TO_END]),
        "stages_ms": {name: percentiles(entry.ms[run]) for name, run in STAGES.items()},
        "instances": entry.who.instances,
    }


def percentiles(times: Times) -> dict[str, float]:
    """The median and the slow case of some times, milliseconds."""
    return {
        "p50": round(float(np.median(times)), 3),
        "p99": round(float(np.percentile(times, 99)), 3),
    }


def median(ratio: Times) -> float:
    """The middle of the rounds' ratios."""
    return round(float(np.median(ratio)), 3)


def spread(ratio: Times) -> list[float]:
    """Within what `SPREAD` of the rounds' ratios lie."""
    return [round(float(edge), 3) for edge in np.percentile(ratio, SPREAD)]
