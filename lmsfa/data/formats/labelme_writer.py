"""Writes LabelMe folders: every picture with its JSON file beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmsfa.data.annotated import Annotation
from lmsfa.data.formats.mask_picture import mask_text
from lmsfa.data.formats.writing import Writing, inside, write_json
from lmsfa.data.polygon import cut_to_box
from lmsfa.prediction import Region

FORMAT_VERSION = "5.5.0"
"""The first that has masks and groups as they are written here."""
VOID_LABEL = "void"


def write_labelme(writing: Writing) -> None:
    """Writes the set; nothing is lost."""
    dataset = writing.dataset
    names = [entry.name for entry in dataset.classes]
    void_label = next(
        f"{VOID_LABEL}{'_' * n}" for n in range(99) if VOID_LABEL + "_" * n not in names
    )
    stems = Counter(str(Path(sample.name).with_suffix("")) for sample in dataset.samples)
    for sample in dataset.samples:
        picture = writing.copy_picture(sample, writing.output)
        annotation = dataset.load(sample)
        stem = str(Path(sample.name).with_suffix(""))
        # Pictures that differ only by their endings keep them in the name of the JSON file.
        name = f"{stem if stems[stem] == 1 else sample.name}.json"
        said: dict[str, Any] = {
            "version": FORMAT_VERSION,
            "flags": {},
            "shapes": list(_shapes(annotation, names, void_label)),
            "imagePath": picture.name,
            "imageData": None,
            "imageHeight": annotation.height,
            "imageWidth": annotation.width,
        }
        write_json(inside(writing.output, name), said)
    writing.describe("labelme", void_label=void_label)


def _shapes(annotation: Annotation, names: list[str], void_label: str) -> Iterator[dict[str, Any]]:
    for number, shape in enumerate(annotation.shapes, 1):
        parts = len(shape.polygons) + len(shape.masks)
        group = None if parts == 1 else number
        for points in shape.polygons:
            yield _shape(names[shape.class_id], points.tolist(), "polygon", group)
        for region in shape.masks:
            yield _mask(names[shape.class_id], region, group)
    void = cut_to_box(annotation.void)
    if void.mask.any():
        yield _mask(void_label, void, None)


def _mask(label: str, region: Region, group: int | None) -> dict[str, Any]:
    height, width = region.mask.shape
    right, bottom = region.left + width - 1, region.top + height - 1
    corners = [[region.left, region.top], [right, bottom]]
    return _shape(label, corners, "mask", group) | {"mask": mask_text(region.mask)}


def _shape(label: str, points: list[list[float]], kind: str, group: int | None) -> dict[str, Any]:
    return {
        "label": label,
        "points": points,
        "group_id": group,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }
