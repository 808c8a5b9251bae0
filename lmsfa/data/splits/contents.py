"""What the parts of a split hold: pictures, patients and instances a class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.grouping import BY_SEQUENCE, FEW_PATIENTS, Grouping
from lmsfa.data.splits.record import Splits


def instance_counts(dataset: AnnotatedSet) -> NDArray[np.int64]:
    """(N, C) int64, the instances of each class in each sample, in the set's order.

    Raises:
        DatasetError: an annotation cannot be read.
    """
    counts = np.zeros((len(dataset.samples), len(dataset.classes)), dtype=np.int64)
    for row, sample in zip(counts, dataset.samples, strict=True):
        for class_id in dataset.truth(sample).classes:
            row[class_id] += 1
    return counts


def split_warnings(
    dataset: AnnotatedSet,
    samples: Mapping[str, tuple[str, ...]],
    counts: NDArray[np.int64],
    grouping: Grouping,
) -> tuple[str, ...]:
    """What somebody should know of splits before they believe figures; a sentence each.

    Args:
        dataset: the set.
        samples: sample names by split.
        counts: of `instance_counts`.
        grouping: of the samples; may be empty.
    """
    rows = {sample.name: row for sample, row in zip(dataset.samples, counts, strict=True)}
    found = []
    for split, names in samples.items():
        shown = sum((rows[name] for name in names), np.zeros(counts.shape[1], dtype=np.int64))
        found += [
            f"{split} shows no {entry.name}: it has no figures there"
            for entry, count in zip(dataset.classes, shown, strict=True)
            if count == 0
        ]
    patients = len(set(grouping.groups.values()))
    if not patients:
        found.append(
            "nothing says whose the pictures are: a patient on two sides would not be noticed"
        )
    if grouping.grouped_by == BY_SEQUENCE:
        found.append("grouped by sequence: the figures are within patient")
    elif 0 < patients < FEW_PATIENTS:
        found.append(f"{patients} patients are few: figures of so few say little about others")
    left = len(dataset.samples) - len({name for names in samples.values() for name in names})
    if left:
        found.append(f"{left} of {len(dataset.samples)} pictures are in no split")
    return tuple(found)


def split_table(dataset: AnnotatedSet, splits: Splits, counts: NDArray[np.int64]) -> str:
    """Pictures, groups and instances a class of every split, as a table for the terminal.

    `counts` is what `instance_counts` gives for the set.
    """
    rows = {sample.name: row for sample, row in zip(dataset.samples, counts, strict=True)}
    table = {"pictures": [len(names) for names in splits.samples.values()]}
    if splits.groups:
        table[f"{splits.unit}s"] = [
            len({splits.groups[name] for name in names if name in splits.groups})
            for names in splits.samples.values()
        ]
    for class_id, entry in enumerate(dataset.classes):
        table[entry.name] = [
            sum(int(rows[name][class_id]) for name in names) for names in splits.samples.values()
        ]
    wide = max(18, *(len(name) + 2 for name in table))
    lines = [f"{'':<{wide}}" + "".join(f"{split:>10}" for split in splits.samples)]
    lines += [
        f"{name:<{wide}}" + "".join(f"{count:>10}" for count in row) for name, row in table.items()
    ]
    return "\n".join(lines)
