"""`data`: looks through an annotated data set, or writes it in another format."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands import made, split
from lmsfa.commands.data_options import add_reading
from lmsfa.data.opening import FORMATS, open_dataset
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.data.annotated import AnnotatedSet
    from lmsfa.data.inspection import Inspection
    from lmsfa.data.splits.grouping import Grouping

MOST_LINES = 20
"""Of one kind of finding; --json prints all."""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the commands below this one."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands.add_parser("check", help="count instances, name what looks wrong"))
    _add_convert(commands.add_parser("convert", help="write the set in another format"))
    made.add(commands.add_parser("phantom", help="write a made set with exact masks"))
    split.add(commands.add_parser("split", help="deal the pictures into train, val and test"))


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="folder of a LabelMe, YOLO, COCO or label-map set")
    add_reading(parser)
    parser.add_argument("--splits", type=Path, metavar="FILE", help="instead of the set's own")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_check)
    _add_source(parser)
    parser.add_argument(
        "--min-area", type=int, default=64, metavar="PX", help="smaller instances are named"
    )
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="write a contact sheet")
    parser.add_argument("--overwrite", action="store_true", help="replace the sheet")
    parser.add_argument("--json", action="store_true")


def _check(options: argparse.Namespace) -> None:
    from lmsfa.data.inspection import inspect
    from lmsfa.data.splits.leaks import find_leaks
    from lmsfa.data.splits.own import own_grouping

    if options.sheet and options.sheet.exists() and not options.overwrite:
        raise InputError(f"{options.sheet}: exists; --overwrite replaces it")
    dataset, grouping = _opened(options, force=True)
    # Leaks are what a check should show, not what should stop it.
    grouping = grouping or own_grouping(dataset)
    leaks = find_leaks(dataset, dataset.splits, grouping.groups, grouping.unit)
    found = inspect(dataset, options.min_area, grouping.groups, leaks)
    if options.sheet:
        _write_sheet(dataset, options.sheet)
    if options.json:
        report = {"name": dataset.name, "format": dataset.format, **found.as_json()}
        print(json.dumps(report | {"problems": list(dataset.problems)}, indent=2))
    else:
        print(
            "\n".join(
                [f"{dataset.name}: {dataset.format}", "", *_table(found), *_lines(dataset, found)]
            )
        )


def _opened(
    options: argparse.Namespace, *, force: bool = False
) -> tuple[AnnotatedSet, Grouping | None]:
    """The set, with the splits that were asked for; and whose each picture is in these."""
    from lmsfa.data.splits.record import apply, read_splits

    dataset = open_dataset(options.data, classes=options.classes, skip_bad=options.skip_bad)
    if options.splits is None:
        return dataset, None
    splits = read_splits(options.splits)
    return apply(dataset, splits, force=force), splits.grouping


def _write_sheet(dataset: AnnotatedSet, path: Path) -> None:
    from PIL import Image

    from lmsfa.data.contact_sheet import contact_sheet

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(contact_sheet(dataset)).save(path, "PNG")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _table(found: Inspection) -> list[str]:
    """Instances by class and split, with the number of pictures and groups."""
    rows = [["", *found.splits]]
    rows += [
        [name, *(str(counts[s]) for s in found.splits)] for name, counts in found.instances.items()
    ]
    rows.append(["pictures", *(str(found.pictures[split]) for split in found.splits)])
    rows.append(["groups", *(str(found.groups[split]) for split in found.splits)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    ]


def _lines(dataset: AnnotatedSet, found: Inspection) -> list[str]:
    """What was left out, and what should be looked at, by kind."""
    lines = []
    by_kind: dict[str, list[str]] = {"problem": list(dataset.problems)}
    for finding in found.findings:
        where = "" if finding.kind == "leak" else f"{finding.picture}: "
        by_kind.setdefault(finding.kind, []).append(f"{where}{finding.what}")
    for kind, entries in by_kind.items():
        if entries:
            lines += [
                "",
                f"{kind}: {len(entries)}",
                *(f"  {line}" for line in entries[:MOST_LINES]),
            ]
        if len(entries) > MOST_LINES:
            lines.append(f"  and {len(entries) - MOST_LINES} more; --json names all")
    return lines or ["", "nothing suspicious"]


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_convert)
    _add_source(parser)
    parser.add_argument("--to", choices=FORMATS, required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--overwrite", action="store_true", help="replace a converted set")


def _convert(options: argparse.Namespace) -> None:
    from lmsfa.data.conversion import convert

    dataset, _ = _opened(options)
    losses = convert(dataset, options.to, options.output, overwrite=options.overwrite)
    print(f"{options.output}: {len(dataset.samples)} pictures as {options.to}")
    for what, count in losses.items():
        print(f"  {count} {what}")
    for line in dataset.problems:
        print(f"  left out: {line}")
