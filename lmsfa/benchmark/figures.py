"""From the times of all rounds to figures: medians, slow cases, ratios with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.benchmark.contestants import Contestant
from lmsfa.evaluation.tables import columns

Times = NDArray[np.float64]
SPREAD = (5, 95)
"""Percentiles over the rounds."""


def figures(
    own: Sequence[Contestant],
    peers: Sequence[Contestant],
    own_ms: Times,
    peers_ms: Times,
    end_to_end_ms: Times,
) -> dict[str, Any]:
    """What `bench` reports.

    Args:
        own: ours.
        peers: theirs.
        own_ms: (rounds, ours), the network alone.
        peers_ms: (rounds, theirs), the network alone.
        end_to_end_ms: (rounds, ours), frame to prediction.

    Returns:
        Ready for JSON. `ratio_to_best_peer` is by precision the median over the rounds of the
        best peer's time over ours, the best each being the one with the lowest median.
    """
    ratios = _ratios(own, peers, own_ms, peers_ms)
    return {
        "rounds": len(own_ms),
        "ours": [
            _who(entry)
            | {"forward_ms": _times(own_ms[:, k]), "end_to_end_ms": _times(end_to_end_ms[:, k])}
            for k, entry in enumerate(own)
        ],
        "peers": [
            _who(entry) | {"forward_ms": _times(peers_ms[:, k])} for k, entry in enumerate(peers)
        ],
        "ratio_to_best_peer": {
            precision: round(float(np.median(ratio)), 3) for precision, ratio in ratios.items()
        },
        "ratio_spread": {
            precision: [round(float(edge), 3) for edge in np.percentile(ratio, SPREAD)]
            for precision, ratio in ratios.items()
        },
    }


def _ratios(
    own: Sequence[Contestant], peers: Sequence[Contestant], own_ms: Times, peers_ms: Times
) -> dict[str, Times]:
    """(rounds,) by precision."""
    shared = {entry.precision for entry in own} & {entry.precision for entry in peers}
    return {
        precision: _best(peers, peers_ms, precision) / _best(own, own_ms, precision)
        for precision in sorted(shared)
    }


def _best(entries: Sequence[Contestant], times: Times, precision: str) -> Times:
    """(rounds,) of the one with the lowest median."""
    columns_there = [k for k, entry in enumerate(entries) if entry.precision == precision]
    found = times[:, columns_there]
    best: Times = found[:, np.median(found, 0).argmin()]
    return best


def _who(entry: Contestant) -> dict[str, Any]:
    return {"name": entry.name, "engine": entry.engine, "precision": entry.precision}


def _times(times: Times) -> dict[str, float]:
    return {
        "p50": round(float(np.median(times)), 3),
        "p99": round(float(np.percentile(times, 99)), 3),
    }


def table(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    head = ["network", "engine", "precision", "network ms", "p99", "frame ms", "p99", "FPS"]
    rows = [head]
    for row in (*report["ours"], *report["peers"]):
        whole = row.get("end_to_end_ms")
        cells = [_ms(row["forward_ms"]["p50"]), _ms(row["forward_ms"]["p99"])]
        cells += (
            [_ms(whole["p50"]), _ms(whole["p99"]), f"{1000 / whole['p50']:.1f}"]
            if whole
            else ["-"] * 3
        )
        rows.append([row["name"], row["engine"], row["precision"], *cells])
    lines = [
        f"{precision}: {ratio:.3f} times as fast as the best peer "
        f"({SPREAD[0]} to {SPREAD[1]} % of the rounds: {low:.3f} to {high:.3f})"
        for (precision, ratio), (low, high) in zip(
            report["ratio_to_best_peer"].items(), report["ratio_spread"].values(), strict=True
        )
    ]
    title = (
        f"{report['device']}: {report['size']} px, {report['rounds']} interleaved rounds, medians"
    )
    return "\n".join([title, columns(rows), *lines])


def _ms(value: float) -> str:
    return f"{value:.1f}"
