"""Writes label maps: one PNG of class values for each picture, and dataset.json."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import Annotation, Sample, rasterise
from lmsfa.data.formats.label_map import LabelMaps
from lmsfa.data.formats.writing import Writing, inside, write_bytes
from lmsfa.errors import DatasetError

VOID_VALUE = 255
"""0 is background; classes count from 1."""


def write_label_maps(writing: Writing) -> None:
    """Writes the set. Where instances overlap or touch others of their class, some are lost.

    Raises:
        DatasetError: there are more classes than 8 bits hold.
    """
    writing.refuse_equal_stems()
    classes = writing.dataset.classes
    if len(classes) >= VOID_VALUE:
        raise DatasetError(f"{len(classes)} classes; a label map holds {VOID_VALUE - 1}")
    values = tuple(range(1, len(classes) + 1))
    labels = writing.output / "labels"
    maps = LabelMaps(writing.output / "images", labels, values, (VOID_VALUE,), 8, 0)
    for sample in writing.dataset.samples:
        writing.copy_picture(sample, maps.frames)
        annotation = writing.dataset.load(sample)
        picture = cv2.imencode(".png", _painted(writing, annotation))[1].tobytes()
        write_bytes(inside(labels, Path(sample.name).with_suffix(".png").as_posix()), picture)
        _count_changed(writing, annotation, maps, sample)
    writing.describe(
        "label-map",
        images="images",
        labels="labels",
        classes=[
            {"id": value, "name": entry.name, "colour": list(entry.colour), "role": entry.role}
            for value, entry in zip(values, classes, strict=True)
        ],
        void=[VOID_VALUE],
        instances={"from": "connected components", "connectivity": 8, "min_area_px": 0},
    )


def _painted(writing: Writing, annotation: Annotation) -> NDArray[np.uint8]:
    """The map; small instances are painted last, and protected structures after all others."""
    values = np.zeros((annotation.height, annotation.width), dtype=np.uint8)
    values[rasterise(annotation).void] = VOID_VALUE
    classes = writing.dataset.classes
    drawn = sorted(
        writing.visible(annotation),
        key=lambda pair: (
            classes[pair[0].class_id].role == "protected",
            -np.count_nonzero(pair[1].mask),
        ),
    )
    for shape, region in drawn:
        under = values[region.window][region.mask]
        covered = int(np.count_nonzero((under != 0) & (under != VOID_VALUE)))
        if covered:
            writing.losses["pixels painted over"] += covered
        values[region.window][region.mask] = shape.class_id + 1
    return values


def _count_changed(
    writing: Writing, annotation: Annotation, maps: LabelMaps, sample: Sample
) -> None:
    before, after = _instances(annotation), _instances(maps.annotation(sample))
    changed = (before - after).total()
    if changed:
        what = "instances changed: painted over, in parts, or joined to a neighbour of their class"
        writing.losses[what] += changed


def _instances(annotation: Annotation) -> Counter[tuple[int, bytes]]:
    truth = rasterise(annotation)
    return Counter(
        (class_id, np.packbits(truth.mask(number)).tobytes())
        for number, class_id in enumerate(truth.classes, 1)
    )
