"""Splits that somebody gives as lists of files are taken as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.contents import instance_counts, split_warnings
from lmsfa.data.splits.grouping import BY_LISTS, BY_SEQUENCE, NOBODY_KNOWN, Grouping
from lmsfa.data.splits.record import Splits, fingerprint, without_leaks
from lmsfa.data.splits.sample_names import SampleNames
from lmsfa.errors import DatasetError, InputError


def splits_from_lists(
    dataset: AnnotatedSet,
    lists: Mapping[str, Sequence[str]],
    grouping: Grouping | None = None,
    *,
    force: bool = False,
) -> Splits:
    """Splits as somebody gives them, taken as they are.

    Args:
        dataset: whose samples are meant; those in no list are in no split.
        lists: by split, sample names, paths or stems.
        grouping: where it is known, to see whether a patient is on two sides.
        force: record leaks instead of raising.

    Raises:
        DatasetError: a line means no picture or several, or a list names one twice.
        LeakError: the lists leak, and `force` is False.
    """
    names = SampleNames(dataset)
    samples = {split: _meant(dataset, names, split, lines) for split, lines in lists.items()}
    found = grouping or NOBODY_KNOWN
    by = BY_SEQUENCE if found.grouped_by == BY_SEQUENCE else BY_LISTS
    given = Splits(
        dataset.name,
        fingerprint(dataset),
        samples,
        found.groups,
        by,
        rule=f"lists, {found.rule}",
        warnings=split_warnings(dataset, samples, instance_counts(dataset), found),
    )
    return without_leaks(dataset, given, force=force)


def read_lists(folder: Path) -> dict[str, tuple[str, ...]]:
    """The lines of every text file of a folder, by its stem: train.txt is the split "train".

    Raises:
        InputError: there are no such files, or one cannot be read or is empty.
    """
    paths = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if not paths:
        raise InputError(f"{folder}: expected a folder of text files such as train.txt and val.txt")
    # The usual three in their usual order, others behind them.
    paths.sort(key=lambda path: ("train", "val", "test", path.stem).index(path.stem))
    return {path.stem: _lines(path) for path in paths}


def _lines(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8") from None
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise InputError(f"{path}: names no pictures")
    return lines


def _meant(
    dataset: AnnotatedSet, names: SampleNames, split: str, lines: Sequence[str]
) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for line in lines:
        sample = names.find(line)
        if sample is None:
            raise DatasetError(f"{dataset.name}: split {split!r}: no picture fits {line!r}")
        if sample.name in found:
            raise DatasetError(f"{dataset.name}: split {split!r} names {sample.name} twice")
        found[sample.name] = line
    return tuple(found)
