"""Reader of LabelMe folders: a JSON file with shapes for every picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape, shape_region
from lmsfa.data.formats.class_names import ClassList, is_name
from lmsfa.data.formats.description import DESCRIPTION_FILE, read_json
from lmsfa.data.formats.folders import (
    direct_path,
    files_below,
    group_of,
    is_file,
    named_path,
    pictures_below,
)
from lmsfa.data.formats.labelme_schema import MARKS, check_file, check_shape
from lmsfa.data.formats.mask_picture import mask_of
from lmsfa.data.formats.reading import Reading, points_array
from lmsfa.data.pictures import PICTURE_ENDINGS, picture_bytes, picture_ending, picture_size
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region

IGNORED = "__ignore__"
"""What LabelMe's own converters call a region that is not to be learned from."""
_ROUNDNESS_PX = 0.02
"""How far the polygon that stands for a circle may lie inside it."""
_SLANT_PX = 0.01
"""How far the corners of an upright rectangle may lie from where they belong."""


@dataclass(frozen=True, slots=True)
class _Page:
    """A LabelMe file: its picture, and its shapes as they stand there, with their numbers."""

    path: Path
    sample: Sample
    height: int
    width: int
    shapes: tuple[tuple[int, dict[str, Any]], ...]


def is_labelme(said: object) -> bool:
    """Whether the content of a JSON file means to be a LabelMe file."""
    return isinstance(said, dict) and ("shapes" in said or "imagePath" in said)


def read_labelme(reading: Reading) -> AnnotatedSet:
    """The set of all LabelMe files below a folder.

    Raises:
        DatasetError: a file or shape is malformed, and is not to be left out.
    """
    pages: dict[str, _Page] = {}
    for path in files_below(reading.root):
        if path.suffix.lower() == ".json" and path != reading.root / DESCRIPTION_FILE:
            page = _read_page(reading, path)
            if page is not None and page.sample.name in pages:
                other = pages[page.sample.name].path
                reading.problems.bad(str(path), f"annotates the same picture as {other}")
            elif page is not None:
                pages[page.sample.name] = page
    _name_unannotated(reading, pages)
    void = {reading.description.void_label, IGNORED}
    labels = sorted({shape["label"] for page in pages.values() for _, shape in page.shapes})
    classes = reading.classes((label for label in labels if label not in void), keep_order=False)
    pages = {name: _of_known_classes(reading, page, classes, void) for name, page in pages.items()}
    return reading.finish(
        "labelme",
        classes.classes,
        (page.sample for page in pages.values()),
        {},
        partial(_annotation, pages, classes, void),
    )


def _name_unannotated(reading: Reading, pages: dict[str, _Page]) -> None:
    known = {page.sample.frame_path for page in pages.values()}
    others = [path for path in pictures_below(reading.root) if path not in known]
    if others:
        what = f"{len(others)} pictures have no LabelMe file, {others[0].name} for one; left out"
        reading.problems.odd(str(reading.root), what)


def _read_page(reading: Reading, path: Path) -> _Page | None:
    """The file, without the shapes that cannot be used; None where it cannot be used at all."""
    problems = reading.problems
    try:
        said = read_json(path)
    except DatasetError as error:
        problems.broken(path, error)
        return None
    if not is_labelme(said):
        problems.odd(str(path), "not a LabelMe file; left alone")
        return None
    try:
        check_file(said)
        frame_path = _frame_path(path, said)
        height, width = _size(frame_path, said)
    except DatasetError as error:
        problems.broken(path, error)
        return None
    sample = _sample(reading.root, path, frame_path)
    shapes = tuple(_usable(reading, path, said["shapes"], height, width))
    return _Page(path, sample, height, width, shapes)


def _usable(
    reading: Reading, path: Path, shapes: list[Any], height: int, width: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, said in enumerate(shapes):
        place = f"{path}: {_shape_name(number, said)}"
        try:
            check_shape(said)
            if said.get("shape_type") in MARKS:
                reading.problems.odd(place, f"a {said['shape_type']} covers no area; left out")
                continue
            _parts(said, height, width)
        except DatasetError as error:
            reading.problems.bad(place, error)
            continue
        # Only what is needed later: drawings are small, what else stands there may not be.
        kept = ("label", "points", "group_id", "shape_type", "mask")
        yield number, {key: said[key] for key in kept if key in said}


def _shape_name(number: int, said: object) -> str:
    label = said.get("label") if isinstance(said, dict) else None
    return f"shape {number} ({label})" if is_name(label) else f"shape {number}"


def _of_known_classes(reading: Reading, page: _Page, classes: ClassList, void: Set[str]) -> _Page:
    kept = []
    known = ", ".join(entry.name for entry in classes.classes)
    for number, said in page.shapes:
        if said["label"] in classes.ids or said["label"] in void:
            kept.append((number, said))
        else:
            place = f"{page.path}: {_shape_name(number, said)}"
            reading.problems.bad(place, f"unknown class; the set has {known}")
    return _Page(page.path, page.sample, page.height, page.width, tuple(kept))


def _frame_path(path: Path, said: dict[str, Any]) -> Path:
    """The picture's file, or the JSON file itself where only that holds the picture."""
    named = named_path(said["imagePath"])
    beside = (path.parent / named, path.parent / named.name)
    endings = (path.with_suffix(ending) for ending in (named.suffix, *PICTURE_ENDINGS) if ending)
    for place in (*beside, *endings):
        if place != path and is_file(place):
            return direct_path(place)
    if not said.get("imageData"):
        raise DatasetError(f"no picture {said['imagePath']!r} beside it, and none inside")
    return path


def _size(frame_path: Path, said: dict[str, Any]) -> tuple[int, int]:
    height, width = picture_size(frame_path)
    claimed = (said.get("imageHeight") or height, said.get("imageWidth") or width)
    if claimed != (height, width):
        raise DatasetError(
            f"says that its picture is {claimed[1]} x {claimed[0]}; "
            f"{frame_path.name} is {width} x {height}"
        )
    return height, width


def _sample(root: Path, path: Path, frame_path: Path) -> Sample:
    """The picture's name and group; one outside the set's folder lies where its JSON file lies."""
    if frame_path == path:
        below = path.relative_to(root).with_suffix(picture_ending(picture_bytes(path)))
    elif frame_path.is_relative_to(root) and ".." not in frame_path.relative_to(root).parts:
        below = frame_path.relative_to(root)
    else:
        below = path.relative_to(root).parent / frame_path.name
    return Sample(below.as_posix(), group_of(below), frame_path)


def _parts(
    said: dict[str, Any], height: int, width: int
) -> tuple[tuple[NDArray[np.float64], ...], tuple[Region, ...]]:
    """Polygons and masks of one shape."""
    kind = said.get("shape_type") or "polygon"
    points = points_array(said["points"], 3 if kind == "polygon" else 2)
    if kind == "polygon":
        return (points,), ()
    if kind == "rectangle" and len(points) == 4:
        return (_four_corners(points),), ()
    if len(points) != 2:
        corners = " or 4 corners" if kind == "rectangle" else ""
        raise DatasetError(f"a {kind} has 2 points{corners}, got {len(points)}")
    if kind == "mask":
        return (), (mask_of(said["mask"], points, height, width),)
    return (_rectangle(points) if kind == "rectangle" else _circle(points),), ()


def _rectangle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    (x1, y1), (x2, y2) = points
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


def _four_corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """An upright rectangle whatever the order of its corners; a turned one in their order."""
    upright = _rectangle(np.array([points.min(axis=0), points.max(axis=0)]))
    met = np.abs(upright[:, None] - points).max(axis=2) <= _SLANT_PX
    return upright if met.any(axis=0).all() and met.any(axis=1).all() else points


def _circle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A regular polygon for a circle, given by its centre and a point on it."""
    radius = float(np.hypot(*(points[1] - points[0])))
    if radius == 0:
        raise DatasetError("a circle of radius 0")
    # A side of n lies radius * (1 - cos(pi / n)) inside, about radius * pi^2 / (2 n^2).
    sides = min(4096, max(16, math.ceil(math.pi * math.sqrt(radius / (2 * _ROUNDNESS_PX)))))
    angles = np.arange(sides) * (2 * math.pi / sides)
    return np.column_stack(
        [points[0, 0] + radius * np.cos(angles), points[0, 1] + radius * np.sin(angles)]
    )


def _annotation(
    pages: dict[str, _Page], classes: ClassList, void_labels: Set[str], sample: Sample
) -> Annotation:
    page = pages[sample.name]
    void = np.zeros((page.height, page.width), dtype=np.bool_)
    joined: dict[object, Shape] = {}
    for number, said in page.shapes:
        polygons, masks = _parts(said, page.height, page.width)
        if said["label"] in void_labels:
            region = shape_region(Shape(0, polygons, masks), page.height, page.width)
            void[region.window] |= region.mask
            continue
        class_id, group = classes.ids[said["label"]], said.get("group_id")
        key = ("alone", number) if group is None else (class_id, group)
        before = joined.get(key, Shape(class_id))
        joined[key] = Shape(class_id, before.polygons + polygons, before.masks + masks)
    return Annotation(page.height, page.width, tuple(joined.values()), void)
