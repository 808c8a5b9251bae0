"""Writes YOLO segmentation sets: a `data.yaml`, lists of pictures, a text file for each picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from lmsfa.data.annotated import Sample, Shape
from lmsfa.data.formats.rings import rings_of, seamed
from lmsfa.data.formats.writing import Writing, inside, within, write_bytes
from lmsfa.data.formats.yolo import SPLITS
from lmsfa.prediction import Region

DIGITS = 9
"""Of a share: far below a thousandth of a pixel."""


def write_yolo(writing: Writing) -> None:
    """Writes the set. Void is lost; splits of other names than the format's, too."""
    writing.refuse_equal_stems()
    for sample in writing.dataset.samples:
        writing.copy_picture(sample, writing.output / "images")
        lines = "".join(f"{line}\n" for line in _lines(writing, sample))
        name = Path(sample.name).with_suffix(".txt").as_posix()
        write_bytes(inside(writing.output / "labels", name), lines.encode("ascii"))
    said: dict[str, object] = {"path": "."}
    for split, names in _lists(writing).items():
        listed = "".join(f"./images/{name}\n" for name in names)
        write_bytes(writing.output / f"{split}.txt", listed.encode("utf-8"))
        said[split] = f"{split}.txt"
    said["names"] = {n: entry.name for n, entry in enumerate(writing.dataset.classes)}
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
    write_bytes(writing.output / "data.yaml", text.encode("utf-8"))
    writing.describe("yolo")


def _lists(writing: Writing) -> dict[str, list[str]]:
    """Sample names by the splits that the format knows; who is in none of them goes to train."""
    splits = writing.dataset.splits
    lists = {split: list(splits[split]) for split in SPLITS if split in splits}
    listed = {name for names in lists.values() for name in names}
    others = [s.name for s in writing.dataset.samples if s.name not in listed]
    if others:
        writing.losses["pictures in no split that YOLO knows, listed under train"] += len(others)
        lists["train"] = lists.get("train", []) + others
    return lists


def _lines(writing: Writing, sample: Sample) -> list[str]:
    annotation = writing.dataset.load(sample)
    size = (annotation.height, annotation.width)
    if annotation.void.any():
        writing.losses["pictures with void, which becomes background"] += 1
    lines = []
    for shape, region in writing.visible(annotation):
        points = _outline(writing, shape, region, size) / (annotation.width, annotation.height)
        numbers = " ".join(f"{part:.{DIGITS}f}" for part in points.ravel())
        lines.append(f"{shape.class_id} {numbers}")
    return lines


def _outline(
    writing: Writing, shape: Shape, region: Region, size: tuple[int, int]
) -> NDArray[np.float64]:
    """One polygon: the annotator's where there is just one, else along the pixels' edges."""
    if len(shape.polygons) == 1 and not shape.masks and within(shape.polygons[0], *size):
        return shape.polygons[0]
    rings = rings_of(region)
    if len(rings) > 1:
        writing.losses["instances of several parts or with holes, joined by seams"] += 1
    return seamed(rings)
