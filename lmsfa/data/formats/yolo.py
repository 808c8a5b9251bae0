"""Reader of YOLO segmentation sets: `data.yaml`, and a text file of polygons for each picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape
from lmsfa.data.formats.class_names import is_name
from lmsfa.data.formats.folders import group_of, is_file, unique_names
from lmsfa.data.formats.problems import reason
from lmsfa.data.formats.reading import Reading, checked_points
from lmsfa.data.formats.yolo_places import Listed, listed_pictures, looks_listed, text_lines
from lmsfa.data.pictures import picture_size
from lmsfa.errors import DatasetError, one_line

SPLITS = ("train", "val", "test")
_SPLIT_KEYS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_OTHER_KEYS = ("path", "names", "nc", "download")
_LARGEST_SHARE = 2.0
"""Polygons may reach out of the picture, but pixels instead of shares must not pass for shares."""


def find_yolo(root: Path) -> Path | None:
    """The file in a folder that describes a YOLO set, if there is one."""
    for path in sorted((*root.glob("*.yaml"), *root.glob("*.yml"))):
        try:
            said = _read_yaml(path)
        except DatasetError:
            if path.name == "data.yaml":
                return path
            continue
        if isinstance(said, dict) and "names" in said:
            return path
    return None


def read_yolo(reading: Reading, path: Path) -> AnnotatedSet:
    """The set that a `data.yaml` describes.

    Raises:
        DatasetError: it cannot be understood, or an annotation is malformed and not to be left out.
    """
    said = _read_yaml(path)
    if not isinstance(said, dict):
        raise DatasetError(f"{path}: expected names and splits, got {type(said).__name__}")
    labels = _labels(path, said.get("names"))
    classes = reading.classes(labels.values(), keep_order=True)
    ids = {number: classes.ids.get(label) for number, label in labels.items()}
    _name_unknown_splits(reading, path, said)
    listed: dict[str, list[Listed]] = {}
    for key, split in _SPLIT_KEYS.items():
        if said.get(key):
            listed.setdefault(split, []).extend(listed_pictures(reading, path, said, key))
    if not listed:
        raise DatasetError(f"{path}: names no pictures; expected train, val or test")
    below = {e.path: e.below.as_posix() for entries in listed.values() for e in entries}
    names = unique_names(reading.root, below)
    annotations: dict[str, Annotation] = {}
    samples: dict[Path, Sample] = {}
    for entry in (entry for entries in listed.values() for entry in entries):
        if entry.path in samples:
            continue
        sample = Sample(names[entry.path], group_of(entry.below), entry.path)
        annotation = _annotation(reading, entry.path, ids)
        if annotation is not None:
            annotations[sample.name], samples[entry.path] = annotation, sample
    splits = {
        split: [samples[entry.path].name for entry in entries if entry.path in samples]
        for split, entries in listed.items()
    }
    return reading.finish(
        "yolo", classes.classes, samples.values(), splits, partial(_loaded, annotations)
    )


def _loaded(annotations: Mapping[str, Annotation], sample: Sample) -> Annotation:
    return annotations[sample.name]


def _read_yaml(path: Path) -> Any:  # noqa: ANN401 - YAML is anything until it is looked at
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise DatasetError(f"{path}: not readable YAML ({reason(error)})") from None


def _labels(path: Path, names: object) -> dict[int, str]:
    """Class numbers of the files with their labels, in the order of the numbers."""
    entries = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(entries, dict) or not entries:
        raise DatasetError(f"{path}: names must be a list or a table of class names")
    found: dict[int, str] = {}
    for key, label in entries.items():
        number = _class_number(key)
        if number is None:
            raise DatasetError(f"{path}: names: {key!r} is no class number")
        if not is_name(label):
            raise DatasetError(f"{path}: names: {label!r} of class {number} cannot be a name")
        if number in found:
            raise DatasetError(f"{path}: names: class {number} comes twice")
        found[number] = label
    return {number: found[number] for number in sorted(found)}


def _class_number(key: object) -> int | None:
    """A class number, which some programs put into quotation marks."""
    if isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) < 10:
        return int(key)
    return key if isinstance(key, int) and not isinstance(key, bool) and key >= 0 else None


def _name_unknown_splits(reading: Reading, path: Path, said: Mapping[Any, Any]) -> None:
    """Names what looks like a split of pictures under a key that means none."""
    for key, value in said.items():
        if key not in (*_SPLIT_KEYS, *_OTHER_KEYS) and looks_listed(path, said, value):
            what = f"looks like a split, but none is called so; expected {', '.join(_SPLIT_KEYS)}"
            reading.problems.odd(str(path), f"{one_line(key)}: {what}")


def labels_path(frame_path: Path) -> Path:
    """The text file of a picture: `labels` instead of the last folder `images`, ending in .txt."""
    parts = list(frame_path.with_suffix(".txt").parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return Path(*parts)


def _annotation(
    reading: Reading, frame_path: Path, ids: Mapping[int, int | None]
) -> Annotation | None:
    """What is drawn in a picture; None where its files cannot be read."""
    path = frame_path
    try:
        height, width = picture_size(frame_path)
        path = labels_path(frame_path)
        # A picture without a file holds nothing: the format's own rule.
        lines = text_lines(path) if is_file(path) else []
    except DatasetError as error:
        reading.problems.broken(path, error)
        return None
    shapes: list[Shape] = []
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                shapes.append(_shape(line, ids, height, width))
        except DatasetError as error:
            reading.problems.bad(f"{path}: line {number}", error)
    return Annotation(height, width, tuple(shapes), np.zeros((height, width), dtype=np.bool_))


def _shape(line: str, ids: Mapping[int, int | None], height: int, width: int) -> Shape:
    try:
        numbers = np.array([float(part) for part in line.split()])
    except ValueError:
        raise DatasetError("expected numbers only") from None
    if numbers.size == 5:
        raise DatasetError("a box, not a polygon; only segmentation can be learned from")
    if numbers.size < 7 or numbers.size % 2 == 0:
        raise DatasetError(f"expected a class and 3 points or more, got {numbers.size} numbers")
    class_id = ids.get(int(numbers[0])) if numbers[0] in ids else None
    if class_id is None:
        raise DatasetError(f"unknown class {line.split(maxsplit=1)[0]}")
    shares = checked_points(numbers[1:].reshape(-1, 2))
    if shares.min() < 1 - _LARGEST_SHARE or shares.max() > _LARGEST_SHARE:
        raise DatasetError("coordinates must be shares of the picture's width and height, 0 to 1")
    return Shape(class_id, (shares * (width, height),))
