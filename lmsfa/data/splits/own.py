"""Whose the pictures are in a set that brings its own splits, as far as its folders tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.data.splits.grouping import (
    BY_SEQUENCE,
    FEW_PATIENTS,
    NOBODY_KNOWN,
    Grouping,
    names_patients,
    names_sequences,
)
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.data.splits.record import Splits

_NO_PATIENT = frozenset(
    ("images", "train", "training", "val", "valid", "validation", "test", "testing")
)
"""Leading folders that sort pictures and name nobody; the splits' own names besides."""

_Folders = Mapping[str, tuple[str, ...]]
"""Folders that may name a patient, outermost first, by sample name."""


def own_splits(dataset: AnnotatedSet, *, force: bool = False) -> Splits:
    """The splits that a set brings along, checked by what `own_grouping` knows.

    Raises:
        DatasetError: a picture cannot be read.
        LeakError: the same patient, folder, picture or file is on two sides, and `force` is False.
    """
    return splits_from_lists(dataset, dataset.splits, own_grouping(dataset), force=force)


def own_grouping(dataset: AnnotatedSet) -> Grouping:
    """Whose each picture is, for a set with splits of its own; empty where nothing says so.

    Told by the folders below those of pictures and splits ("images/train/P01" is P01):

    - Ten first folders or more are patients, unless all are named as sequences ("seq3").
    - Of fewer, named as patients ("P01") or holding further folders, each whole on one side:
      patients.
    - Of fewer, with further folders, and one of them on both sides: those further folders are
      sequences, and everything is within patient. A sequence on both sides is then a leak.
    - Of fewer, without further folders, and one of them on both sides: a leak, of a patient where
      all are named as patients, of a sequence where not.
    - Nobody is known where there are no folders, one around all pictures that names no patient, or
      a few without such names that are each whole on one side.
    """
    folders = _telling(dataset)
    firsts = {parts[0] for parts in folders.values()}
    nested = any(len(parts) > 1 for parts in folders.values())
    named = names_patients(firsts)
    if not firsts or (len(firsts) == 1 and not nested and not named):
        return NOBODY_KNOWN
    if not nested and names_sequences(firsts):
        return _sequences(folders)
    patients = Grouping({name: parts[0] for name, parts in folders.items()}, "first folder")
    if len(firsts) >= FEW_PATIENTS:
        return patients
    if _any_torn(dataset, patients.groups):
        return patients if named and not nested else _sequences(folders)
    return patients if named or nested else NOBODY_KNOWN


def _sequences(folders: _Folders) -> Grouping:
    groups = {name: "/".join(parts) for name, parts in folders.items()}
    return Grouping(groups, "sequence", BY_SEQUENCE)


def _telling(dataset: AnnotatedSet) -> _Folders:
    """Without leading folders that name no patient, those around all pictures included."""
    passed = _NO_PATIENT | {split.lower() for split in dataset.splits}
    found = {sample.name: _below(sample, passed) for sample in dataset.samples}
    folders = {name: parts for name, parts in found.items() if parts}
    while folders and _around_all(folders):
        folders = {name: parts[1:] for name, parts in folders.items()}
    return folders


def _below(sample: Sample, passed: frozenset[str]) -> tuple[str, ...]:
    parts = tuple(part for part in sample.group.split("/") if part)
    while parts and parts[0].lower() in passed:
        parts = parts[1:]
    return parts


def _around_all(folders: _Folders) -> bool:
    firsts = {parts[0] for parts in folders.values()}
    deeper = all(len(parts) > 1 for parts in folders.values())
    return len(firsts) == 1 and deeper and not names_patients(firsts)


def _any_torn(dataset: AnnotatedSet, groups: Mapping[str, str]) -> bool:
    sides: dict[str, set[str]] = defaultdict(set)
    for split, names in dataset.splits.items():
        for name in names:
            if name in groups:
                sides[groups[name]].add(split)
    return any(len(splits) > 1 for splits in sides.values())
