"""Reader of YOLO segmentation sets: `data.yaml`, and a text file of polygons for each picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import yaml

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape
from lmsfa.data.formats.class_names import is_name
from lmsfa.data.formats.folders import group_of, is_file, named_path, pictures_below
from lmsfa.data.formats.problems import one_line
from lmsfa.data.formats.reading import Reading, checked_points
from lmsfa.data.pictures import PICTURE_ENDINGS, picture_size
from lmsfa.errors import DatasetError

SPLITS = ("train", "val", "test")
_LARGEST_SHARE = 2.0
"""Polygons may reach out of the picture, but pixels instead of shares must not pass for shares."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A picture in a split, and its path in the folder that the split names."""

    path: Path
    below: PurePath


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
    named = [split for split in SPLITS if said.get(split)]
    listed = {split: list(_listed(reading, path, said, split)) for split in named}
    if not listed:
        raise DatasetError(f"{path}: names no pictures; expected train, val or test")
    names = _names(reading.root, [entry for entries in listed.values() for entry in entries])
    annotations: dict[str, Annotation] = {}
    samples: dict[Path, Sample] = {}
    for entry in (entry for entries in listed.values() for entry in entries):
        if entry.path in samples:
            continue
        sample = Sample(names[entry.path], group_of(entry.below), entry.path)
        try:
            annotations[sample.name] = _annotation(reading, entry.path, ids)
        except DatasetError as error:
            reading.problems.bad(str(entry.path), str(error).removeprefix(f"{entry.path}: "))
            continue
        samples[entry.path] = sample
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
        raise DatasetError(f"{path}: not readable YAML ({one_line(error)})") from None


def _labels(path: Path, names: object) -> dict[int, str]:
    """Class numbers of the files with their labels, in the order of the numbers."""
    entries = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(entries, dict) or not entries:
        raise DatasetError(f"{path}: names must be a list or a table of class names")
    for number, label in entries.items():
        if type(number) is not int or number < 0:
            raise DatasetError(f"{path}: names: {number!r} is no class number")
        if not is_name(label):
            raise DatasetError(f"{path}: names: {label!r} of class {number} cannot be a name")
    return {number: entries[number] for number in sorted(entries)}


def _listed(reading: Reading, path: Path, said: Mapping[str, Any], split: str) -> Iterator[_Listed]:
    """The pictures of a split: a folder, a text file that lists them, or several of these."""
    places = said[split] if isinstance(said[split], list) else [said[split]]
    for place in places:
        if not isinstance(place, str):
            raise DatasetError(f"{path}: {split}: expected folders or lists, got {place!r}")
        found = next((base / place for base in _bases(path, said) if _exists(base / place)), None)
        # Downloads name their splits as seen from a training program's folder.
        if found is None and place.startswith("../") and _exists(path.parent / place[3:]):
            found = path.parent / place[3:]
        if found is None:
            raise DatasetError(f"{path}: {split}: no folder or list {place!r}")
        if found.is_dir():
            yield from (_Listed(p, p.relative_to(found)) for p in pictures_below(found))
        else:
            yield from _in_list(reading, found, _bases(path, said))


def _bases(path: Path, said: Mapping[str, Any]) -> list[Path]:
    """Folders that places in `data.yaml` may count from."""
    base = said.get("path")
    named = [path.parent / base] if isinstance(base, str) else []
    return [*named, path.parent]


def _exists(place: Path) -> bool:
    try:
        return place.is_dir() or (place.suffix == ".txt" and place.is_file())
    except (OSError, ValueError):
        return False


def _in_list(reading: Reading, path: Path, bases: list[Path]) -> Iterator[_Listed]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        named = named_path(line.strip())
        found = next((b / named for b in (path.parent, *bases) if is_file(b / named)), None)
        if found is None or found.suffix.lower() not in PICTURE_ENDINGS:
            reading.problems.bad(f"{path}: line {number}", f"no picture {line.strip()!r}")
            continue
        yield _Listed(found, _after_pictures_folder(PurePath(*named.parts)))


def _after_pictures_folder(named: PurePath) -> PurePath:
    """The part of a path below its last folder `images`, which labels mirror."""
    parts = named.parts
    if "images" not in parts[:-1]:
        return PurePath(*parts[-2:])
    place = len(parts) - 1 - parts[-2::-1].index("images")
    return PurePath(*parts[place:])


def _names(root: Path, listed: list[_Listed]) -> dict[Path, str]:
    """A name for every picture: as its split names it where that is unique, else from the root."""
    below = {entry.path: entry.below.as_posix() for entry in listed}
    if len(set(below.values())) == len(below):
        return below
    return {
        path: (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
        for path in below
    }


def labels_path(frame_path: Path) -> Path:
    """The text file of a picture: `labels` instead of the last folder `images`, ending in .txt."""
    parts = list(frame_path.with_suffix(".txt").parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return Path(*parts)


def _annotation(reading: Reading, frame_path: Path, ids: Mapping[int, int | None]) -> Annotation:
    height, width = picture_size(frame_path)
    path = labels_path(frame_path)
    shapes: list[Shape] = []
    # A picture without a file holds nothing: the format's own rule.
    for number, line in enumerate(_lines(path) if is_file(path) else (), 1):
        try:
            if line.strip():
                shapes.append(_shape(line, ids, height, width))
        except DatasetError as error:
            reading.problems.bad(f"{path}: line {number}", error)
    return Annotation(height, width, tuple(shapes), np.zeros((height, width), dtype=np.bool_))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not readable text ({one_line(error)})") from None


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
