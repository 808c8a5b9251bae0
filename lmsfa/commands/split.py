"""`data split`: deals a data set's pictures into train, val and test, and writes that down."""

from __future__ import annotations

import argparse
from pathlib import Path

from lmsfa.commands.data_options import add_reading
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.contents import instance_counts, split_table
from lmsfa.data.splits.dealing import PAPER_SIZES, k_folds, make_splits
from lmsfa.data.splits.grouping import RULES, Grouping, grouping_from
from lmsfa.data.splits.lists import read_lists, splits_from_lists
from lmsfa.data.splits.record import Splits, refuse_to_replace, write_splits
from lmsfa.errors import InputError

DEFAULT_RULE = "folder:1"


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("data", type=Path, help="an annotated data set")
    parser.add_argument(
        "--output", type=Path, required=True, help="JSON file to write; a folder with --folds"
    )
    parser.add_argument(
        "--group-by",
        metavar="RULE",
        help=f"{RULES}; {DEFAULT_RULE} unless given: what is a patient",
    )
    add_reading(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--force-leak", action="store_true", help="accept leaks; the model card will name them"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--sizes", type=int, nargs="+", metavar="N", help="pictures for train, val (and test)"
    )
    way.add_argument(
        "--ratios", type=float, nargs="+", metavar="R", help="their shares; the paper's by default"
    )
    way.add_argument("--folds", type=int, metavar="K", help="K splits for cross-validation")
    way.add_argument(
        "--lists", type=Path, metavar="DIR", help="take train.txt, val.txt and others as they are"
    )


def _run(options: argparse.Namespace) -> None:
    paths = _paths(options)
    for path in paths:
        refuse_to_replace(path, allowed=options.overwrite)
    dataset = open_dataset(options.data, classes=options.classes, skip_bad=options.skip_bad)
    for problem in dataset.problems:
        print(problem)
    made = _made(options, dataset)
    counts = instance_counts(dataset)
    for path, splits in zip(paths, made, strict=True):
        write_splits(splits, path, replace_file=options.overwrite)
        print(f"{path}: {dataset.name}, by {splits.grouped_by} ({splits.rule})")
        print(split_table(dataset, splits, counts))
        for leak in splits.leaks:
            print(f"leak, forced: {leak}")
        for warning in splits.warnings:
            print(f"note: {warning}")


def _paths(options: argparse.Namespace) -> list[Path]:
    """The files to be written."""
    if options.folds is None:
        return [options.output]
    return [options.output / f"fold-{number}.json" for number in range(1, options.folds + 1)]


def _made(options: argparse.Namespace, dataset: AnnotatedSet) -> tuple[Splits, ...]:
    """What is to be written, in the order of the files."""
    force = options.force_leak
    if options.lists:
        grouping = _known_patients(options, dataset)
        lists = read_lists(options.lists)
        return (splits_from_lists(dataset, lists, grouping, force=force),)
    grouping = grouping_from(options.group_by or DEFAULT_RULE, dataset)
    if options.folds is not None:
        return k_folds(dataset, grouping, options.folds, options.seed, force=force)
    sizes = options.sizes or options.ratios or [size / sum(PAPER_SIZES) for size in PAPER_SIZES]
    return (make_splits(dataset, grouping, sizes, options.seed, force=force),)


def _known_patients(options: argparse.Namespace, dataset: AnnotatedSet) -> Grouping | None:
    """Lists are checked for patients on two sides, if anything says who is who."""
    if options.group_by:
        return grouping_from(options.group_by, dataset)
    try:
        grouping = grouping_from(DEFAULT_RULE, dataset)
    except InputError:
        return None
    # One folder around all pictures is no patient.
    return grouping if len(set(grouping.groups.values())) > 1 else None
