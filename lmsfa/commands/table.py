"""`table`: the paper's Table II with rows for weights of one's own below it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.evaluate import add_frames, open_frames
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.data.formats.class_names import PELD_CLASSES
from lmsfa.evaluation.tables import columns
from lmsfa.published import TABLE_II

if TYPE_CHECKING:
    from lmsfa.data.annotated import AnnotatedSet

METRICS = ("mask_ap50", "mask_ap", "precision", "average_recall")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    parser.add_argument("--weights", type=Path, nargs="+", required=True, metavar="W")
    add_runtime(parser)


def _run(options: argparse.Namespace) -> None:
    dataset = open_frames(options).dataset
    measured = [_row(options, dataset, weights) for weights in options.weights]
    quoted = [[row.method, *(f"{getattr(row, name):.1f}" for name in METRICS)] for row in TABLE_II]
    head = ["%", "mAP50", "mAP50-95", "precision", "A.R."]
    print("Published (arXiv:2512.21984, Table II, PELD; not measured here)")
    print(columns([head, *quoted]))
    print(f"\nMeasured here on {dataset.name}, split {options.split}")
    print(columns([head, *measured]))
    if dataset.classes != PELD_CLASSES:
        print("\nThis is not PELD: the two tables cannot be compared.")
    else:
        print("\nThey can be compared only if this is PELD, split as in the paper.")


def _row(options: argparse.Namespace, dataset: AnnotatedSet, weights: Path) -> list[str]:
    from lmsfa.card import card_path, read_card
    from lmsfa.evaluation.answers import answers_of
    from lmsfa.evaluation.coco import judge

    samples = dataset.in_split(options.split)
    answers = answers_of(weights, options.runtime, dataset, samples, options.threads)
    figures = judge(answers).as_json()
    shown = ["-" if figures[name] is None else f"{100 * figures[name]:.1f}" for name in METRICS]
    return [read_card(card_path(weights)).name, *shown]
