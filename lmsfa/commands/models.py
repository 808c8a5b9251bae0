"""`models`: the systems that weights can be of, with their sizes."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lmsfa.evaluation.tables import columns
from lmsfa.shipped import WEIGHTS_BY_SYSTEM


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.models.families import FAMILIES

    rows = [_row(model) for model in FAMILIES]
    print(json.dumps(rows, indent=2) if options.json else _table(rows))


def _row(model: str) -> dict[str, Any]:
    from lmsfa.complexity import costs
    from lmsfa.models.families import family_of

    family = family_of(model)
    network = family.make(family.config)
    weights = WEIGHTS_BY_SYSTEM.get(model)
    return {
        "model": model,
        "title": family.title,
        "size": family.size_px,
        "input_multiple": network.input_multiple_px,
        "weights": weights.name if weights and weights.is_file() else None,
        **costs(network, family.size_px),
    }


def _table(rows: list[dict[str, Any]]) -> str:
    head = ["model", "", "M parameters", "operations", "at px", "of a multiple of", "weights"]
    lines = [
        [
            row["model"],
            row["title"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['gmacs']:.2f} GMACs" if "gmacs" in row else f"{row['gflops']:.2f} GFLOPs",
            str(row["size"]),
            str(row["input_multiple"]),
            row["weights"] or "-",
        ]
        for row in rows
    ]
    return columns([head, *lines])
