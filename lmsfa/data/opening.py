"""Opens a data set of any known format, which is found out by what its files hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.formats.coco import is_coco, read_coco
from lmsfa.data.formats.description import (
    DESCRIPTION_FILE,
    Description,
    read_classes,
    read_description,
    read_json,
)
from lmsfa.data.formats.folders import files_below, is_file
from lmsfa.data.formats.label_map import read_label_maps
from lmsfa.data.formats.labelme import is_labelme, read_labelme
from lmsfa.data.formats.problems import Problems
from lmsfa.data.formats.reading import Reading, check_any
from lmsfa.data.formats.yolo import find_yolo, read_yolo
from lmsfa.errors import DatasetError, printable

FORMATS = ("label-map", "labelme", "yolo", "coco")


def open_dataset(
    root: Path, *, classes: Path | None = None, skip_bad: bool = False
) -> AnnotatedSet:
    """Reads a data set's annotations, not yet its pictures.

    Args:
        root: its folder.
        classes: a JSON list of its classes, where neither the set nor its labels say them right.
        skip_bad: what cannot be used is left out and named in `problems`; every picture is then
            looked at, which takes time. Else the first such entry is an error.

    Raises:
        DatasetError: there is none, or something in it cannot be used. One line with the file.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder")
    given = None if classes is None else read_classes(classes)
    problems = Problems(skip_bad=skip_bad)
    description = read_description(root)
    if description is None:
        description = Description(root.resolve().name)
    reading = Reading(root, description, given or description.classes, problems)
    found = _read(reading, classes)
    return _whole(found, problems) if skip_bad else found


def _read(reading: Reading, classes: Path | None) -> AnnotatedSet:
    format_name = _format(reading.root)
    if format_name == "labelme":
        return read_labelme(reading)
    if format_name == "coco":
        return read_coco(reading)
    if format_name == "yolo":
        path = find_yolo(reading.root)
        if path is None:
            raise DatasetError(f"{reading.root}: no data.yaml")
        return read_yolo(reading, path)
    if classes is not None:
        path = reading.root / DESCRIPTION_FILE
        raise DatasetError(f"{classes}: not needed, {path} says the classes of label maps")
    return read_label_maps(reading)


def _format(root: Path) -> str:
    """The format that dataset.json names, else the one that the files show."""
    path = root / DESCRIPTION_FILE
    said = read_json(path) if is_file(path) else {}
    if isinstance(said, dict) and "format" in said:
        if said["format"] not in FORMATS:
            raise DatasetError(
                f"{path}: format must be one of {', '.join(FORMATS)}, got {said['format']!r}"
            )
        return str(said["format"])
    if find_yolo(root) is not None:
        return "yolo"
    looked_at = []
    for path, what in _json_formats(root):
        if what in FORMATS:
            return what
        looked_at.append(f"{path}: {what}")
    first = f"; the first of {len(looked_at)} JSON files, {looked_at[0]}" if looked_at else ""
    raise DatasetError(
        f"{root}: no data set found; expected LabelMe or COCO JSON files, a YOLO data.yaml, or a "
        f"{DESCRIPTION_FILE} with label maps{first}"
    )


def _json_formats(root: Path) -> Iterator[tuple[Path, str]]:
    """The format of each JSON file, or what is wrong with it."""
    for path in files_below(root):
        if path.suffix.lower() != ".json":
            continue
        try:
            said = read_json(path)
        except DatasetError as error:
            yield path, str(error).removeprefix(f"{path}: ")
            continue
        if is_coco(said):
            yield path, "coco"
        else:
            yield path, "labelme" if is_labelme(said) else "neither LabelMe nor COCO"


def _whole(found: AnnotatedSet, problems: Problems) -> AnnotatedSet:
    """The set without the pictures or label maps that cannot be decoded."""
    kept = []
    for sample in found.samples:
        try:
            found.annotated(sample)
        except DatasetError as error:
            problems.lines.append(f"{printable(str(error))}; picture left out")
        else:
            kept.append(sample)
    check_any(found.root, kept, problems)
    names = {sample.name for sample in kept}
    splits = {
        split: tuple(name for name in members if name in names)
        for split, members in found.splits.items()
    }
    return replace(found, samples=tuple(kept), splits=splits, problems=tuple(problems.lines))
