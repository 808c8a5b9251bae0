"""`familiar`: what a model's training pictures are like, and whether others are told from them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.data_options import add_reading, open_data
from lmsfa.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lmsfa.evaluation.familiarity import LikenessReport


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument(
        "--data", type=Path, required=True, help="the annotated data set of the weights' training"
    )
    add_reading(parser)
    parser.add_argument("--splits", type=Path, metavar="FILE", help="instead of the set's own")
    parser.add_argument("--split", default="val", help="pictures that must pass (default val)")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument(
        "--others", type=Path, nargs="+", default=[], metavar="FOLDER", help="must be told apart"
    )
    parser.add_argument("--write", action="store_true", help="write it into the weights' card")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.card import card_path, write_card
    from lmsfa.data.splits.record import apply, read_splits
    from lmsfa.evaluation.familiarity import (
        judge_familiarity,
        made_pictures,
        measure_familiarity,
    )
    from lmsfa.registry import checked_card

    card = checked_card(options.weights)
    dataset = open_data(options)
    if options.splits:
        dataset = apply(dataset, read_splits(options.splits))
    others = [(folder.name, _pictures(folder)) for folder in options.others]
    held = dataset.in_split(options.split)
    familiarity = measure_familiarity(dataset.in_split("train"))
    found = judge_familiarity(familiarity, held, [*made_pictures(), *others])
    if options.write:
        write_card(replace(card, familiarity=familiarity), card_path(options.weights))
    report = {
        "data": dataset.name,
        "split": options.split,
        "card": str(card_path(options.weights)),
        "written": options.write,
        "measured": familiarity.pictures,
        "bound": familiarity.bound,
        **found.as_json(),
    }
    print(json.dumps(report, indent=2) if options.json else _table(dataset.name, found))


def _pictures(folder: Path) -> Iterator[NDArray[np.uint8]]:
    from lmsfa.data.pictures import PICTURE_ENDINGS, read_rgb

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of pictures")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURE_ENDINGS]
    if not files:
        raise InputError(f"{folder}: holds no pictures ({', '.join(PICTURE_ENDINGS)})")
    return map(read_rgb, files)


def _table(name: str, found: LikenessReport) -> str:
    from lmsfa.evaluation.tables import columns, share

    rows = [["pictures", "number", "AUROC", "named", "far off", "tenth", "median", "most"]]
    for row in (*found.known, *found.others):
        figures = (f"{value:.2f}" for value in (row.least, row.middle, row.most))
        auroc = "-" if row.auroc is None else f"{row.auroc:.4f}"
        shares = share(row.unlike), share(row.far)
        rows.append([row.name, str(row.pictures), auroc, *shares, *figures])
    auroc = "-" if found.auroc is None else f"{found.auroc:.4f}"
    return (
        f"{name}: what must pass, then what must be told from it; 1 is the bound\n{columns(rows)}\n"
        f"AUROC {auroc}, false alarms {share(found.false_alarms)}, named {share(found.named)}"
    )
