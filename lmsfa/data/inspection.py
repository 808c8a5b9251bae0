"""Looks through a data set: how much there is of what, and what looks wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape, shape_region
from lmsfa.data.near_duplicates import NearDuplicates
from lmsfa.data.pictures import picture_bytes, read_rgb
from lmsfa.errors import DatasetError

ALL, NO_SPLIT = "all", "in no split"
SAME_IOU = 0.95
OUTSIDE_PX = 1.0
"""Polygons drawn along the picture's edge overshoot by less."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at: its kind, where it is, and what it is."""

    kind: str
    picture: str
    what: str


@dataclass(slots=True)
class Inspection:
    """What was found in a set.

    Attributes:
        splits: names of the columns, in the set's order.
        pictures: number by split.
        groups: number of groups by split.
        instances: number by class and split, as annotated.
        findings: what looks wrong.
    """

    splits: tuple[str, ...]
    pictures: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    instances: dict[str, Counter[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain numbers and texts for `json.dumps`."""
        return {
            "pictures": {split: self.pictures[split] for split in self.splits},
            "groups": {split: self.groups[split] for split in self.splits},
            "instances": {
                name: {split: counts[split] for split in self.splits}
                for name, counts in self.instances.items()
            },
            "suspicious": [asdict(finding) for finding in self.findings],
        }


def inspect(
    dataset: AnnotatedSet,
    min_area_px: int,
    groups: Mapping[str, str] | None = None,
    leaks: Sequence[str] = (),
) -> Inspection:
    """Reads every picture and annotation of a set.

    Args:
        dataset: what is looked through.
        min_area_px: instances of fewer pixels are named.
        groups: patient or sequence by sample name, where somebody said; else folders are counted.
        leaks: what the set's splits share, a sentence each; a finding each.

    Raises:
        DatasetError: something cannot be read.
    """
    splits_of = _splits_of(dataset)
    found = Inspection(tuple(dict.fromkeys(s for names in splits_of.values() for s in names)))
    found.instances = {entry.name: Counter() for entry in dataset.classes}
    found.findings += [Finding("leak", dataset.name, leak) for leak in leaks]
    group_of = {sample.name: sample.group for sample in dataset.samples} | dict(groups or {})
    in_split: dict[str, set[str]] = {split: set() for split in found.splits}
    near, same = NearDuplicates(), dict[str, str]()
    for sample in dataset.samples:
        annotation = _checked(dataset, sample, near)
        for split in splits_of[sample.name]:
            found.pictures[split] += 1
            in_split[split].add(group_of[sample.name])
            for shape in annotation.shapes:
                found.instances[dataset.classes[shape.class_id].name][split] += 1
        found.findings += _oddities(dataset, sample, annotation, min_area_px)
        content = hashlib.sha256(picture_bytes(sample.frame_path)).hexdigest()
        first = same.setdefault(content, sample.name)
        if first != sample.name:
            found.findings.append(Finding("same picture", sample.name, f"the same as {first}"))
    found.groups = Counter({split: len(names) for split, names in in_split.items()})
    found.findings += _near(dataset, near, splits_of, group_of)
    return found


def _splits_of(dataset: AnnotatedSet) -> dict[str, list[str]]:
    """The splits of each sample, in the set's order of splits."""
    found: dict[str, list[str]] = {sample.name: [] for sample in dataset.samples}
    for split, names in dataset.splits.items():
        for name in names:
            found[name].append(split)
    nowhere = NO_SPLIT if dataset.splits else ALL
    # Splits go first, so that the column of the rest is the last.
    ordered = sorted(found, key=lambda name: not found[name])
    return {name: found[name] or [nowhere] for name in ordered}


def _checked(dataset: AnnotatedSet, sample: Sample, near: NearDuplicates) -> Annotation:
    rgb, annotation = read_rgb(sample.frame_path), dataset.load(sample)
    if rgb.shape[:2] != (annotation.height, annotation.width):
        raise DatasetError(f"{sample.name}: picture and annotation are of different sizes")
    near.add(sample.name, rgb)
    return annotation


def _oddities(
    dataset: AnnotatedSet, sample: Sample, annotation: Annotation, min_area_px: int
) -> Iterator[Finding]:
    if not annotation.shapes:
        yield Finding("no instance", sample.name, "nothing is annotated")
    size = (annotation.height, annotation.width)
    regions = [shape_region(shape, *size) for shape in annotation.shapes]
    for number, (shape, region) in enumerate(zip(annotation.shapes, regions, strict=True), 1):
        name = f"instance {number} ({dataset.classes[shape.class_id].name})"
        area = int(np.count_nonzero(region.mask))
        if area < min_area_px:
            yield Finding("tiny", sample.name, f"{name} has {area} pixels")
        beyond = _beyond(shape, *size)
        if beyond > OUTSIDE_PX:
            what = f"{name} reaches {beyond:.0f} pixels out of the picture"
            yield Finding("outside", sample.name, what)
    for (one, a), (other, b) in combinations(enumerate(regions), 2):
        class_id = annotation.shapes[one].class_id
        if class_id == annotation.shapes[other].class_id and a.iou(b) > SAME_IOU:
            what = f"instances {one + 1} and {other + 1} ({dataset.classes[class_id].name})"
            yield Finding("same instance", sample.name, f"{what} are nearly the same pixels")


def _beyond(shape: Shape, height: int, width: int) -> float:
    """How far the polygons of an instance reach out of the picture, pixels."""
    limits: NDArray[np.float64] = np.array([width, height], dtype=np.float64)
    return max((float(np.maximum(-p, p - limits).max()) for p in shape.polygons), default=0.0)


def _near(
    dataset: AnnotatedSet,
    near: NearDuplicates,
    splits_of: dict[str, list[str]],
    group_of: Mapping[str, str],
) -> Iterator[Finding]:
    """Near-duplicates between splits; where there are none yet, between groups."""
    sides = (
        {name: tuple(splits) for name, splits in splits_of.items()}
        if dataset.splits
        else {name: (group,) for name, group in group_of.items()}
    )
    for one, other, distance in near.pairs(sides):
        what = (
            f"nearly the same picture as {other} ({', '.join(sides[one])} and "
            f"{', '.join(sides[other])}; {distance} of 64 bits apart)"
        )
        yield Finding("near-duplicate", one, what)
