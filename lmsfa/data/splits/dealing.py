"""Splits made so that no patient is on two sides, and k folds by patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.balancing import Groups, deal
from lmsfa.data.splits.contents import instance_counts, split_warnings
from lmsfa.data.splits.grouping import BY_PATIENT, BY_SEQUENCE, Grouping
from lmsfa.data.splits.record import Splits, fingerprint, without_leaks
from lmsfa.errors import DatasetError

PAPER_SIZES = (490, 60, 60)
"""Pictures for training, validation and test in the paper's protocol."""

_SPLIT_NAMES = {2: ("train", "val"), 3: ("train", "val", "test")}


def make_splits(
    dataset: AnnotatedSet,
    grouping: Grouping,
    sizes: Sequence[float] = PAPER_SIZES,
    seed: int = 0,
    *,
    force: bool = False,
) -> Splits:
    """Deals whole groups into train, val and test, every class on every side as far as it goes.

    Args:
        dataset: all of whose samples are dealt.
        grouping: of every sample.
        sizes: two or three; pictures that sum to the set's, or ratios that sum to 1.
        seed: the same seed gives the same splits.
        force: record leaks (the same file in two groups) instead of raising.

    Raises:
        DatasetError: the sizes do not fit the set, or there are fewer groups than splits.
        LeakError: two groups that came apart share a file, and `force` is False.
    """
    targets = _targets(dataset, sizes)
    counts = instance_counts(dataset)
    part_of = _dealt(dataset, grouping, counts, targets, seed, learns_from=0)
    samples = {
        split: tuple(s.name for s, part in zip(dataset.samples, part_of, strict=True) if part == n)
        for n, split in enumerate(_SPLIT_NAMES[len(targets)])
    }
    asked = tuple(float(size) for size in sizes)
    made = _made(dataset, grouping, samples, counts, asked=asked, seed=seed)
    return without_leaks(dataset, made, force=force)


def k_folds(
    dataset: AnnotatedSet, grouping: Grouping, k: int, seed: int = 0, *, force: bool = False
) -> tuple[Splits, ...]:
    """K splits into train and val; the val parts hold every picture once and no group twice.

    Raises:
        DatasetError: `k` is not from 2 to the number of groups.
        LeakError: two groups that came apart share a file, and `force` is False.
    """
    if k < 2:
        raise DatasetError(f"{k} folds: at least 2 expected")
    counts = instance_counts(dataset)
    targets = np.full(k, len(dataset.samples) / k)
    part_of = _dealt(dataset, grouping, counts, targets, seed)
    folds = []
    for fold in range(k):
        inside = part_of == fold
        samples = {
            split: tuple(s.name for s, here in zip(dataset.samples, chosen, strict=True) if here)
            for split, chosen in (("train", ~inside), ("val", inside))
        }
        made = _made(dataset, grouping, samples, counts, asked=(1 - 1 / k, 1 / k), seed=seed)
        folds.append(without_leaks(dataset, made, force=force))
    return tuple(folds)


def _targets(dataset: AnnotatedSet, sizes: Sequence[float]) -> NDArray[np.float64]:
    """Pictures wanted in each split."""
    asked, pictures = np.asarray(sizes, dtype=np.float64), len(dataset.samples)
    if len(asked) not in _SPLIT_NAMES or not (asked > 0).all():
        raise DatasetError(f"expected two or three sizes or ratios above 0, got {list(sizes)}")
    if abs(asked.sum() - 1) < 1e-3:
        return np.asarray(asked / asked.sum() * pictures)
    if asked.sum() != pictures:
        raise DatasetError(
            f"{dataset.name} has {pictures} pictures, the sizes sum to {asked.sum():g}: "
            "give sizes that sum to the first, or ratios that sum to 1"
        )
    return asked


def _dealt(
    dataset: AnnotatedSet,
    grouping: Grouping,
    counts: NDArray[np.int64],
    targets: NDArray[np.float64],
    seed: int,
    *,
    learns_from: int | None = None,
) -> NDArray[np.int64]:
    """The part of each sample, (N,)."""
    if seed < 0:
        raise DatasetError(f"seed must be 0 or more, got {seed}")
    groups, group_of = np.unique(
        [grouping.groups[sample.name] for sample in dataset.samples], return_inverse=True
    )
    if len(groups) < len(targets):
        raise DatasetError(_too_few(dataset, grouping, len(groups), len(targets)))
    presence = np.zeros((len(groups), counts.shape[1]), dtype=np.int64)
    np.add.at(presence, group_of, counts > 0)
    return deal(Groups(np.bincount(group_of), presence), targets, seed, learns_from)[group_of]


def _too_few(dataset: AnnotatedSet, grouping: Grouping, groups: int, parts: int) -> str:
    unit = "sequence" if grouping.grouped_by == BY_SEQUENCE else "patient"
    advice = (
        "name patients otherwise, or take --group-by sequence, which is within patient"
        if grouping.grouped_by == BY_PATIENT
        else "ask for fewer splits"
    )
    found = ", ".join(sorted(set(grouping.groups.values()))[:3])
    return (
        f"{dataset.name}: {groups} {unit}{'s' * (groups != 1)} by {grouping.rule} ({found}) "
        f"cannot fill {parts} splits; {advice}"
    )


def _made(
    dataset: AnnotatedSet,
    grouping: Grouping,
    samples: dict[str, tuple[str, ...]],
    counts: NDArray[np.int64],
    *,
    asked: tuple[float, ...],
    seed: int,
) -> Splits:
    return Splits(
        dataset.name,
        fingerprint(dataset),
        samples,
        grouping.groups,
        grouping.grouped_by,
        grouping.rule,
        asked,
        seed,
        warnings=split_warnings(dataset, samples, counts, grouping),
    )
