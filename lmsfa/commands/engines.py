"""`engines`: what the model can run on here, how well each agrees, and which one is taken."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lmsfa.commands.runtime_options import add_threads
from lmsfa.evaluation.tables import columns
from lmsfa.shipped import WEIGHTS


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the shipped ones by default")
    parser.add_argument(
        "--data", type=Path, help="also compare masks and AP50 on this set's annotated pictures"
    )
    parser.add_argument("--split", default="val")
    parser.add_argument("--json", action="store_true")
    add_threads(parser)


def _run(options: argparse.Namespace) -> None:
    from lmsfa.backends import runtimes_here
    from lmsfa.backends.choosing import choose_among
    from lmsfa.registry import checked_card

    card = checked_card(options.weights)
    names = runtimes_here(options.weights, card)
    choice = choose_among(options.weights, card, names, options.threads)
    report: dict[str, Any] = {
        "weights": options.weights.name,
        "size": card.input_size_px,
        "auto": choice.runtime,
        "trials": [asdict(trial) for trial in choice.trials],
    }
    usable = [trial.runtime for trial in choice.trials if not trial.fault]
    if options.data:
        report["differences"] = _differences(options, usable)
    print(json.dumps(report, indent=2) if options.json else _table(report))


def _differences(options: argparse.Namespace, runtimes: list[str]) -> list[dict[str, Any]]:
    from lmsfa.data.opening import open_dataset
    from lmsfa.evaluation.runtimes import differences

    dataset = open_dataset(options.data)
    samples = dataset.in_split(options.split)
    return [asdict(row) for row in differences(options.weights, runtimes, dataset, samples)]


def _table(report: dict[str, Any]) -> str:
    rows = [["engine", "ms", "mask IoU", ""]]
    for trial in report["trials"]:
        figures = [_number(trial["p50_ms"], 1), _number(trial["agreement"], 3)]
        note = trial["fault"] or ("taken by auto" if trial["runtime"] == report["auto"] else "")
        rows.append([trial["runtime"], *figures, note])
    title = (
        f"{report['weights']}, {report['size']} px; mask IoU with the plain network, one picture"
    )
    parts = [title, columns(rows)]
    if "differences" in report:
        rows = [["engine", "shown", "matched", "median IoU", "5 % below", "AP50"]]
        rows += [
            [
                row["runtime"],
                str(row["instances"]),
                str(row["matched"]),
                _number(row["median_iou"], 4),
                _number(row["low_iou"], 4),
                _number(row["ap50"], 4),
            ]
            for row in report["differences"]
        ]
        parts += ["", "masks of matched instances, and AP50, on annotated pictures", columns(rows)]
    return "\n".join(parts)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
