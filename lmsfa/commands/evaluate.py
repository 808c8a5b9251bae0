"""`evaluate`: every figure of weights on a split, with intervals."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from lmsfa.commands.data_options import (
    add_activities,
    add_data,
    open_data,
    open_judged_activities,
)
from lmsfa.commands.runtime_options import add_runtime, add_weights, weights_of
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.errors import InputError
from lmsfa.evaluation.tables import evaluation_table


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_frames(parser)
    add_activities(parser)
    add_without(parser)
    add_weights(parser)
    add_runtime(parser)
    parser.add_argument("--json", action="store_true")


def add_frames(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Adds what says which frames are judged.

    Args:
        parser: of a command.
        needed: whether the command judges no others.
    """
    add_data(parser, needed=needed)
    parser.add_argument("--split", default="val")
    parser.add_argument("--splits", type=Path, metavar="FILE", help="instead of the set's own")
    parser.add_argument(
        "--group-by", metavar="RULE", help="whose each picture is, as `data split` takes it"
    )


def add_without(parser: argparse.ArgumentParser) -> None:
    """Adds which classes are left out of a further mean."""
    parser.add_argument(
        "--without", action="append", default=[], metavar="CLASS", help="also mean over the others"
    )


def check_without(names: list[str], dataset: AnnotatedSet) -> None:
    """Checks `add_without`'s argument.

    Raises:
        InputError: the set has no such class.
    """
    unknown = set(names) - {entry.name for entry in dataset.classes}
    if unknown:
        raise InputError(f"--without: {dataset.name} has no class {sorted(unknown)[0]!r}")


@dataclass(frozen=True, slots=True)
class Frames:
    """What `add_frames` asks for.

    Attributes:
        dataset: with the splits that were asked for.
        patients: whose each sample is; None where nobody said.
        leaks: what the splits share, a sentence each.
    """

    dataset: AnnotatedSet
    patients: dict[str, str] | None
    leaks: tuple[str, ...]


def open_frames(options: argparse.Namespace) -> Frames:
    """Opens the data set with the splits and patients that were asked for.

    Raises:
        InputError: something in `add_frames`'s arguments does not fit the data set.
    """
    from lmsfa.data.splits.grouping import grouping_from
    from lmsfa.data.splits.leaks import shared_groups
    from lmsfa.data.splits.own import own_grouping
    from lmsfa.data.splits.record import apply, read_splits

    dataset = open_data(options)
    leaks: tuple[str, ...] = ()
    if options.splits:
        splits = read_splits(options.splits)
        dataset, grouping, leaks = apply(dataset, splits), splits.grouping, splits.leaks
    else:
        grouping = own_grouping(dataset)
    if options.group_by:
        grouping = grouping_from(options.group_by, dataset)
    found = (*leaks, *shared_groups(dataset.splits, grouping.groups, grouping.unit))
    said = tuple(f"these splits leak: {leak}" for leak in dict.fromkeys(found))
    return Frames(dataset, grouping.patients, said)


def _run(options: argparse.Namespace) -> None:
    from lmsfa.evaluation.answers import answers_of
    from lmsfa.evaluation.report import full_report
    from lmsfa.registry import checked_card

    weights = weights_of(options)
    frames = open_frames(options)
    dataset = frames.dataset
    check_without(options.without, dataset)
    samples = dataset.in_split(options.split)
    card = checked_card(weights)
    activities, notes = open_judged_activities(options, dataset, samples, card)
    answers = answers_of(
        weights,
        options.runtime,
        dataset,
        samples,
        options.threads,
        activities=activities,
    )
    report = {
        "data": dataset.name,
        "split": options.split,
        **full_report(answers, card, options.without, frames.patients),
    }
    report["warnings"] += (*notes, *frames.leaks)
    print(
        json.dumps(report, indent=2, allow_nan=False) if options.json else evaluation_table(report)
    )
