"""The options that say which data set a command reads, and how strictly."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.data.activities import activities_from
from lmsfa.data.opening import open_dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmsfa.card import ModelCard
    from lmsfa.data.activities import Activities
    from lmsfa.data.annotated import AnnotatedSet, Sample

_log = logging.getLogger(__name__)


def add_data(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Adds `--data`, `--classes` and `--skip-bad`; `needed`: not without `--data`."""
    parser.add_argument("--data", type=Path, required=needed, help="an annotated data set")
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Adds `--classes` and `--skip-bad`."""
    parser.add_argument("--classes", type=Path, metavar="FILE", help="JSON list of the classes")
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave out, count and name what cannot be used"
    )


def add_activities(parser: argparse.ArgumentParser) -> None:
    """Adds `--activities`."""
    parser.add_argument(
        "--activities",
        metavar="RULE",
        help="what is being done in each picture: a CSV file (picture, activity), folders, or "
        "present:CLASS, whether a class is in view",
    )


def open_activities(options: argparse.Namespace, dataset: AnnotatedSet) -> Activities | None:
    """The activities that were asked for.

    Raises:
        DatasetError: as `activities_from`.
    """
    return activities_from(options.activities, dataset) if options.activities else None


def open_judged_activities(
    options: argparse.Namespace, dataset: AnnotatedSet, samples: Sequence[Sample], card: ModelCard
) -> tuple[Activities | None, tuple[str, ...]]:
    """The activities that the answers on samples are judged by.

    Args:
        options: with `add_activities`'s.
        dataset: whose activities are known.
        samples: of it, those that are judged.
        card: of the weights that answer.

    Returns:
        The activities that were asked for, and what a reader must know of them, a sentence each.

    Raises:
        DatasetError: as `activities_from`, or the weights tell other activities.
    """
    from lmsfa.evaluation.activity import check_activities

    activities = open_activities(options, dataset)
    if activities is None:
        return None, ()
    names = [sample.name for sample in samples]
    check_activities(card.activities, activities.told_of(names), activities.source)
    return activities, activities.silence_about(names)


def open_data(options: argparse.Namespace) -> AnnotatedSet:
    """The data set of these options; what was left out is said.

    Raises:
        DatasetError: as `open_dataset`.
    """
    dataset = open_dataset(options.data, classes=options.classes, skip_bad=options.skip_bad)
    if options.skip_bad:
        for problem in dataset.problems:
            _log.warning("left out: %s", problem)
    return dataset
