"""Reader of COCO instance files: one JSON for many pictures, often one for each split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape, shape_region
from lmsfa.data.formats.class_names import is_name
from lmsfa.data.formats.description import DESCRIPTION_FILE, read_json
from lmsfa.data.formats.folders import direct_path, files_below, group_of, named_path, unique_names
from lmsfa.data.formats.picture_finder import PictureFinder
from lmsfa.data.formats.reading import Reading, points_array
from lmsfa.data.formats.run_length import run_lengths, runs_region
from lmsfa.data.pictures import picture_size
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region

_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One annotation of a picture as its file has it, with what messages call it."""

    place: str
    label: str
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Page:
    """A picture and the annotations that can be used."""

    sample: Sample
    height: int
    width: int
    entries: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """One COCO file: its split, if its name tells one, and its parts by their ids."""

    path: Path
    split: str
    labels: Mapping[str, str]
    frames: Mapping[str, dict[str, Any]]
    entries: Mapping[str, tuple[tuple[int, dict[str, Any]], ...]]


def is_coco(said: object) -> bool:
    """Whether the content of a JSON file means to be a COCO file of instances."""
    return isinstance(said, dict) and {"images", "annotations", "categories"} <= said.keys()


def read_coco(reading: Reading) -> AnnotatedSet:
    """The set of all COCO files below a folder.

    Raises:
        DatasetError: a file, picture or annotation is malformed, and is not to be left out.
    """
    contents = list(_contents(reading))
    files = [_file(reading, path, said) for path, said in contents]
    headings = _headings(contents) - {label for file in files for label in _used(file)}
    classes = reading.classes(
        (label for file in files for label in file.labels.values() if label not in headings),
        keep_order=True,
    )
    finder = PictureFinder(reading.root)
    found: dict[Path, tuple[_Page, str]] = {}
    for file in files:
        for page in _pages(reading, file, finder, classes.ids):
            if page.sample.frame_path in found:
                what = f"picture {page.sample.name!r} comes twice in the set"
                reading.problems.bad(str(file.path), what)
            else:
                found[page.sample.frame_path] = (page, file.split)
    names = unique_names(
        reading.root, {path: page.sample.name for path, (page, _) in found.items()}
    )
    pages: dict[str, _Page] = {}
    splits: dict[str, list[str]] = {}
    for path, (page, split) in found.items():
        pages[names[path]] = replace(page, sample=replace(page.sample, name=names[path]))
        if split:
            splits.setdefault(split, []).append(names[path])
    licence, attribution = _owed(contents)
    return reading.finish(
        "coco",
        classes.classes,
        [page.sample for page in pages.values()],
        splits,
        partial(_annotation, pages, classes.ids),
        licence=licence,
        attribution=attribution,
    )


def _contents(reading: Reading) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in files_below(reading.root):
        if path.suffix.lower() != ".json" or path == reading.root / DESCRIPTION_FILE:
            continue
        try:
            said = read_json(path)
        except DatasetError as error:
            reading.problems.broken(path, error)
            continue
        if is_coco(said):
            yield path, said
        else:
            reading.problems.odd(str(path), "not a COCO file of instances; left alone")


def _file(reading: Reading, path: Path, said: dict[str, Any]) -> _File:
    labels = {}
    for number, entry in _by_id(reading, path, said, "categories").items():
        if not is_name(entry.get("name")):
            raise DatasetError(f"{path}: category {number}: {entry.get('name')!r} cannot be a name")
        labels[number] = str(entry["name"])
    frames = _by_id(reading, path, said, "images")
    entries: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for index, entry in _objects(reading, path, said, "annotations"):
        owner = _id(entry.get("image_id"))
        if owner is not None and owner in frames:
            entries.setdefault(owner, []).append((index, entry))
        else:
            what = f"image_id {entry.get('image_id')!r} is no picture of the file"
            reading.problems.bad(f"{path}: annotation {index}", what)
    return _File(
        path,
        split_of(path),
        dict(sorted(labels.items(), key=lambda item: (len(item[0]), item[0]))),
        frames,
        {number: tuple(found) for number, found in entries.items()},
    )


def _headings(contents: list[tuple[Path, dict[str, Any]]]) -> set[object]:
    """Categories under which others stand: programs list them beside those that are drawn."""
    entries = [e for _, said in contents for e in said["categories"] if isinstance(e, dict)]
    pairs = [(entry.get("name"), entry.get("supercategory")) for entry in entries]
    return {above for name, above in pairs if isinstance(above, str) and above != name}


def _used(file: _File) -> Iterator[str]:
    """The labels of a file's annotations."""
    for entries in file.entries.values():
        for _, said in entries:
            category = _id(said.get("category_id"))
            if category is not None and category in file.labels:
                yield file.labels[category]


def _objects(
    reading: Reading, path: Path, said: dict[str, Any], part: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    if not isinstance(said[part], list):
        raise DatasetError(f"{path}: {part}: expected a list, got {type(said[part]).__name__}")
    for index, entry in enumerate(said[part]):
        if isinstance(entry, dict):
            yield index, entry
        else:
            reading.problems.bad(f"{path}: {part}[{index}]", "expected an object")


def _by_id(
    reading: Reading, path: Path, said: dict[str, Any], part: str
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for index, entry in _objects(reading, path, said, part):
        key = _id(entry.get("id"))
        if key is None or key in found:
            what = "is no whole number or text" if key is None else "comes twice"
            reading.problems.bad(f"{path}: {part}[{index}]", f"id {entry.get('id')!r} {what}")
        else:
            found[key] = entry
    return found


def _id(said: object) -> str | None:
    """An id as text: some programs put numbers into quotation marks, or have other ids."""
    if isinstance(said, int) and not isinstance(said, bool):
        return str(said)
    return said if isinstance(said, str) and is_name(said) else None


def split_of(path: Path) -> str:
    """The split that a file's name tells, else its folder's name; "" where neither does."""
    for name in (path.stem, path.parent.name):
        words = re.split(r"[^a-z]+", name.lower())
        found = [_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS]
        if found:
            return found[0]
    return ""


def _pages(
    reading: Reading, file: _File, finder: PictureFinder, ids: Mapping[str, int]
) -> Iterator[_Page]:
    for number, frame in file.frames.items():
        place = f"{file.path}: image {number}"
        try:
            said = finder.find(frame.get("file_name"), file.path.parent, file.split)
            frame_path = direct_path(said)
            height, width = picture_size(frame_path)
            _check_size(frame, (height, width), frame_path)
        except DatasetError as error:
            reading.problems.bad(place, error)
            continue
        name = named_path(str(frame["file_name"]))
        sample = Sample(name.as_posix(), group_of(name), frame_path)
        usable = _usable(reading, file, number, (height, width), ids)
        yield _Page(sample, height, width, tuple(usable))


def _check_size(frame: dict[str, Any], size: tuple[int, int], frame_path: Path) -> None:
    said = (frame.get("height"), frame.get("width"))
    claimed = tuple(own if part is None else part for part, own in zip(said, size, strict=True))
    if claimed != size:
        raise DatasetError(
            f"says {claimed[1]} x {claimed[0]}; {frame_path.name} is {size[1]} x {size[0]}"
        )


def _usable(
    reading: Reading, file: _File, number: str, size: tuple[int, int], ids: Mapping[str, int]
) -> Iterator[_Entry]:
    for index, said in file.entries.get(number, ()):
        category = _id(said.get("category_id"))
        label = None if category is None else file.labels.get(category)
        place = f"{file.path}: annotation {index} ({label or said.get('category_id')!r})"
        if label is None or (label not in ids and not said.get("iscrowd")):
            reading.problems.bad(place, "unknown class; the set has " + ", ".join(ids))
            continue
        try:
            _parts(said, *size)
        except DatasetError as error:
            reading.problems.bad(place, error)
            continue
        yield _Entry(place, label, said)


def _parts(
    said: dict[str, Any], height: int, width: int
) -> tuple[tuple[NDArray[np.float64], ...], tuple[Region, ...]]:
    """Polygons and masks of one annotation."""
    drawn = said.get("segmentation")
    if isinstance(drawn, dict):
        return (), (_mask(drawn, height, width),)
    if not isinstance(drawn, list) or not drawn:
        raise DatasetError("has no segmentation; only polygons and masks can be learned from")
    return tuple(_polygon(flat) for flat in drawn), ()


def _polygon(flat: object) -> NDArray[np.float64]:
    if not isinstance(flat, list) or len(flat) % 2:
        raise DatasetError("a polygon must be a list of x and y in turn")
    return points_array([flat[place : place + 2] for place in range(0, len(flat), 2)], 3)


def _mask(said: dict[str, Any], height: int, width: int) -> Region:
    counts = said.get("counts")
    if said.get("size") != [height, width]:
        raise DatasetError(f"run lengths of size {said.get('size')!r}, not [{height}, {width}]")
    if not isinstance(counts, str | list):
        raise DatasetError("run lengths must be a list or a string")
    return runs_region(run_lengths(counts) if isinstance(counts, str) else counts, height, width)


def _annotation(pages: Mapping[str, _Page], ids: Mapping[str, int], sample: Sample) -> Annotation:
    page = pages[sample.name]
    void = np.zeros((page.height, page.width), dtype=np.bool_)
    shapes = []
    for entry in page.entries:
        parts = _parts(entry.said, page.height, page.width)
        if entry.said.get("iscrowd"):
            # A crowd is a region in which nobody told the instances apart.
            region = shape_region(Shape(0, *parts), page.height, page.width)
            void[region.window] |= region.mask
        else:
            shapes.append(Shape(ids[entry.label], *parts))
    return Annotation(page.height, page.width, tuple(shapes), void)


def _owed(contents: list[tuple[Path, dict[str, Any]]]) -> tuple[str, str]:
    """Licence and attribution, where the files name one."""
    licences, givers = [], []
    for _, said in contents:
        listed = said.get("licenses")
        if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], dict):
            licences.append(str(listed[0].get("name", "")))
        if isinstance(said.get("info"), dict):
            givers.append(str(said["info"].get("contributor", "")))
    return next(filter(None, licences), ""), next(filter(None, givers), "")
