"""`quality`: how often the window would say why an overlay is weak, rightly and wrongly."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lmsfa.commands.data_options import add_data, open_data
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.evaluation.fields import FieldRow
    from lmsfa.evaluation.quality import QualityRow


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_data(parser)
    parser.add_argument(
        "--every", type=int, default=8, metavar="N", help="spoil each N-th picture (default 8)"
    )
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.evaluation.fields import judge_fields
    from lmsfa.evaluation.quality import judge_quality

    if options.every < 1:
        raise InputError(f"--every must be at least 1, got {options.every}")
    dataset = open_data(options)
    rows = judge_quality(dataset.samples, options.every)
    fields = judge_fields(dataset.samples, options.every)
    report = {
        "data": dataset.name,
        "rows": [row.as_json() for row in rows],
        "fields": [row.as_json() for row in fields],
    }
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        print(_table(dataset.name, rows), _fields_table(fields), sep="\n\n")


def _table(name: str, rows: list[QualityRow]) -> str:
    from lmsfa.evaluation.tables import columns

    table = [["pictures", "level", "number", "own word", "off", "circles", "what was said"]]
    for row in rows:
        lines = ", ".join(f"{count} {line or 'nothing'}" for line, count in row.lines.items())
        own = str(row.named) if row.corruption not in ("", "noise") else "-"
        table.append(
            [
                row.corruption or "as they are",
                *(str(row.level), str(row.pictures), own, str(row.off), str(row.circles), lines),
            ]
        )
    return (
        f"{name}, each picture shown for a moment, moving, with a sensor's noise\n{columns(table)}"
    )


def _fields_table(fields: list[FieldRow]) -> str:
    from lmsfa.evaluation.tables import columns

    table = [
        ["field of view", "with", "number", "found"],
        *([row.field, row.added or "-", str(row.pictures), str(row.found)] for row in fields),
    ]
    return f"Each picture by itself, shown as endoscopes do\n{columns(table)}"
