"""What would let a model be judged on what it was trained on."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.data.pictures import picture_bytes
from lmsfa.errors import DatasetError


def find_leaks(
    dataset: AnnotatedSet,
    parts: Mapping[str, tuple[str, ...]],
    groups: Mapping[str, str],
    unit: str,
) -> tuple[str, ...]:
    """Sentences, one a leak; none if no two splits share anything.

    Looked for are a group, a picture, and pictures that are the same byte for byte.

    Args:
        dataset: whose files are compared.
        parts: sample names by split; all of them in the set.
        groups: group by sample name; samples may be missing from it.
        unit: what a group is called ("patient", "sequence").

    Raises:
        DatasetError: a picture cannot be read.
    """
    return (
        *shared_groups(parts, groups, unit),
        *_shared_pictures(parts),
        *_same_bytes(dataset, parts),
    )


def shared_groups(
    parts: Mapping[str, tuple[str, ...]], groups: Mapping[str, str], unit: str
) -> Iterable[str]:
    """Sentences, one a group that is in two splits; arguments as in `find_leaks`."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for split, names in parts.items():
        for name in names:
            if name in groups:
                counts[groups[name]][split] += 1
    for group, pictures in counts.items():
        if len(pictures) > 1:
            numbers = ", ".join(f"{count} in {split}" for split, count in pictures.items())
            yield f"{unit} {group} is in {_listed(pictures)} (pictures: {numbers})"


def _shared_pictures(parts: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    splits: dict[str, list[str]] = defaultdict(list)
    for split, names in parts.items():
        for name in names:
            splits[name].append(split)
    for name, found in splits.items():
        if len(found) > 1:
            yield f"picture {name} is in {_listed(found)}"


def _same_bytes(dataset: AnnotatedSet, parts: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    split_of = {name: split for split, names in parts.items() for name in names}
    used = [sample for sample in dataset.samples if sample.name in split_of]
    # Only files of one size can be the same: most are never read.
    for same_size in _alike(used, _size):
        for same in _alike(same_size, _hash):
            one_a_split = {split_of[sample.name]: sample.name for sample in same}
            for first, second in itertools.combinations(one_a_split, 2):
                yield (
                    f"pictures {one_a_split[first]} in {first} and {one_a_split[second]} "
                    f"in {second} are the same file"
                )


def _alike(samples: Iterable[Sample], key: Callable[[Sample], str]) -> list[list[Sample]]:
    """Samples of equal key, two or more together."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        found[key(sample)].append(sample)
    return [same for same in found.values() if len(same) > 1]


def _size(sample: Sample) -> str:
    """Bytes of the picture, without reading it where it is a file of its own."""
    path = sample.frame_path
    if path.suffix.lower() == ".json":
        return str(len(picture_bytes(path)))
    try:
        return str(path.stat().st_size)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None


def _hash(sample: Sample) -> str:
    return hashlib.sha256(picture_bytes(sample.frame_path)).hexdigest()


def _listed(splits: Iterable[str]) -> str:
    return " and ".join(splits)
