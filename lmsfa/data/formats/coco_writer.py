"""Writes COCO instance files: one for each split, and one for pictures in none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray

from lmsfa.data.annotated import Annotation, Sample, Shape, rasterise
from lmsfa.data.formats.writing import Writing, write_json
from lmsfa.data.polygon import cut_to_box
from lmsfa.prediction import Region

NO_SPLIT = "instances"


def write_coco(writing: Writing) -> None:
    """Writes the set; only instances without a pixel are lost."""
    for name, samples in _files(writing).items():
        images, annotations = [], []
        for number, sample in enumerate(samples, 1):
            writing.copy_picture(sample, writing.output / "images")
            annotation = writing.dataset.load(sample)
            size = {"height": annotation.height, "width": annotation.width}
            images.append({"id": number, "file_name": sample.name, **size, "license": 1})
            annotations += [
                {"image_id": number, **entry} for entry in _annotations(writing, annotation)
            ]
        said = {
            "info": {
                "description": writing.dataset.name,
                "contributor": writing.dataset.attribution,
            },
            "licenses": [{"id": 1, "name": writing.dataset.licence, "url": ""}],
            "categories": [
                {"id": number, "name": entry.name, "supercategory": ""}
                for number, entry in enumerate(writing.dataset.classes, 1)
            ],
            "images": images,
            "annotations": [{"id": n, **entry} for n, entry in enumerate(annotations, 1)],
        }
        write_json(writing.output / "annotations" / f"{name}.json", said)
    writing.describe("coco")


def _files(writing: Writing) -> dict[str, list[Sample]]:
    """The samples of each file: a sample stands in that of its first split."""
    first: dict[str, str] = {}
    for split, names in writing.dataset.splits.items():
        for name in names:
            first.setdefault(name, f"{NO_SPLIT}_{split}")
    files: dict[str, list[Sample]] = {}
    for sample in writing.dataset.samples:
        files.setdefault(first.get(sample.name, NO_SPLIT), []).append(sample)
    return files


def _annotations(writing: Writing, annotation: Annotation) -> Iterator[dict[str, Any]]:
    size = (annotation.height, annotation.width)
    for shape, region in writing.visible(annotation):
        yield _entry(shape.class_id, region, _segmentation(shape, region, size), 0)
    void = cut_to_box(rasterise(annotation).void)
    if void.mask.any():
        coded = _run_lengths(void, size)
        # A crowd is taken out of figures for its own category only, so each gets it.
        for class_id in range(len(writing.dataset.classes)):
            yield _entry(class_id, void, coded, 1)


def _entry(class_id: int, region: Region, drawn: object, is_crowd: int) -> dict[str, Any]:
    mask = cut_to_box(region.mask)
    height, width = mask.mask.shape
    return {
        "category_id": class_id + 1,
        "segmentation": drawn,
        "area": int(np.count_nonzero(region.mask)),
        "bbox": [region.left + mask.left, region.top + mask.top, width, height],
        "iscrowd": is_crowd,
    }


def _segmentation(shape: Shape, region: Region, size: tuple[int, int]) -> object:
    if shape.masks:
        return _run_lengths(region, size)
    return [points.ravel().tolist() for points in shape.polygons]


def _run_lengths(region: Region, size: tuple[int, int]) -> dict[str, Any]:
    mask: NDArray[np.uint8] = np.zeros(size, dtype=np.uint8, order="F")
    mask[region.window] = region.mask
    counts = run_length.encode(mask)["counts"]
    text = counts.decode("ascii") if isinstance(counts, bytes) else counts
    return {"size": list(size), "counts": text}
