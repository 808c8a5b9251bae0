"""An annotated data set, whatever its files look like: pictures, instances, classes, splits.

Coordinates count pixel edges, as LabelMe and COCO do: x = 0 is the left edge of the first pixel and
x = width the right edge of the last, so that a rectangle from (10, 10) to (20, 20) covers 10 x 10
pixels. A pixel belongs to a polygon that its centre lies in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour
from lmsfa.data.pictures import read_rgb
from lmsfa.data.polygon import polygon_region
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region

__all__ = [
    "AnnotatedSet",
    "Annotation",
    "DatasetClass",
    "DatasetError",
    "Sample",
    "Shape",
    "Truth",
    "rasterise",
]

MAX_INSTANCES = 65_535
"""More in one picture do not fit into the layers' 16 bits, and are a slip of the pen."""


@dataclass(frozen=True, slots=True)
class DatasetClass:
    """A class of the set: name, display colour (RGB, 0..255) and role, one of `card.ROLES`."""

    name: str
    colour: Colour
    role: str = "structure"


@dataclass(frozen=True, slots=True)
class Sample:
    """One annotated picture.

    Attributes:
        name: its name in the set, with folders and slashes; no other sample has it.
        group: its folder, which stands for a patient or a sequence; "" where there is none.
        frame_path: its file.
    """

    name: str
    group: str
    frame_path: Path


@dataclass(frozen=True, slots=True)
class Shape:
    """One instance as it was annotated: all polygons and masks together.

    Attributes:
        class_id: index into the set's classes.
        polygons: each (N, 2) float64, x and y in pixel edges; filled by the even-odd rule.
        masks: painted pixels.
    """

    class_id: int
    polygons: tuple[NDArray[np.float64], ...] = ()
    masks: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an annotator left of one picture.

    Attributes:
        height: of the picture, pixels.
        width: of the picture, pixels.
        shapes: the instances, in the file's order.
        void: (H, W) bool, pixels that nobody labelled.
    """

    height: int
    width: int
    shapes: tuple[Shape, ...]
    void: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of one picture, in pixels.

    Attributes:
        instances: (L, H, W) uint16 layers, 0 background, else the instance's number from 1. There
            is one layer unless instances overlap; each instance lies whole in one layer.
        classes: class id (index into the set's classes) of each instance.
        void: (H, W) bool, pixels that nobody labelled; never a pixel of an instance.
    """

    instances: NDArray[np.uint16]
    classes: tuple[int, ...]
    void: NDArray[np.bool_]

    def mask(self, number: int) -> NDArray[np.bool_]:
        """(H, W) bool, the pixels of instance `number`, counted from 1."""
        return np.asarray((self.instances == number).any(axis=0))


@dataclass(frozen=True, slots=True)
class AnnotatedSet:
    """A data set ready to be read, picture by picture.

    Attributes:
        root: its folder.
        name: for people and cards.
        format: "label-map", "labelme", "yolo" or "coco".
        classes: in the order of class ids.
        licence: of pictures and annotations, as far as it is known.
        attribution: whom they are owed to.
        samples: all annotated pictures.
        splits: sample names by split, empty where the format gives none.
        load: reads the annotation of a sample; raises DatasetError.
        problems: what was left out or looked wrong while reading, a line each.
        synthetic: whether a program made the pictures.
    """

    root: Path
    name: str
    format: str
    classes: tuple[DatasetClass, ...]
    licence: str
    attribution: str
    samples: tuple[Sample, ...]
    splits: Mapping[str, tuple[str, ...]]
    load: Callable[[Sample], Annotation]
    problems: tuple[str, ...] = ()
    synthetic: bool = False

    def in_split(self, split: str) -> tuple[Sample, ...]:
        """The samples of a split, in the split's order.

        Raises:
            DatasetError: the split is unknown or empty.
        """
        if split not in self.splits:
            known = ", ".join(self.splits) or "none"
            raise DatasetError(f"{self.name}: no split {split!r}; it has {known}")
        if not self.splits[split]:
            raise DatasetError(f"{self.name}: split {split!r} holds no pictures")
        by_name = {sample.name: sample for sample in self.samples}
        return tuple(by_name[name] for name in self.splits[split])

    def truth(self, sample: Sample) -> Truth:
        """The instances of a picture in pixels; those without a single pixel are left out.

        Raises:
            DatasetError: the annotation cannot be read.
        """
        annotation = self.load(sample)
        if len(annotation.shapes) > MAX_INSTANCES:
            raise DatasetError(
                f"{sample.name}: {len(annotation.shapes)} instances, at most {MAX_INSTANCES}"
            )
        return rasterise(annotation)

    def annotated(self, sample: Sample) -> tuple[NDArray[np.uint8], Truth]:
        """A picture (H, W, 3) uint8 RGB with its truth, of the same height and width.

        Raises:
            DatasetError: a file cannot be read, or the two are of different sizes.
        """
        rgb, truth = read_rgb(sample.frame_path), self.truth(sample)
        if rgb.shape[:2] != truth.void.shape:
            raise DatasetError(
                f"{sample.name}: annotated as {truth.void.shape[1]} x {truth.void.shape[0]}, "
                f"its picture is {rgb.shape[1]} x {rgb.shape[0]}"
            )
        return rgb, truth


def shape_region(shape: Shape, height: int, width: int) -> Region:
    """The pixels of an instance inside a picture of this size, cut to their box."""
    parts = [polygon_region(points, height, width) for points in shape.polygons]
    parts += [_inside(mask, height, width) for mask in shape.masks]
    parts = [part for part in parts if part.mask.any()]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Region(0, 0, np.zeros((0, 0), dtype=np.bool_))
    top, left = min(part.top for part in parts), min(part.left for part in parts)
    bottom = max(part.window[0].stop for part in parts)
    right = max(part.window[1].stop for part in parts)
    joined = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for part in parts:
        joined[Region(part.top - top, part.left - left, part.mask).window] |= part.mask
    return Region(top, left, joined)


def rasterise(annotation: Annotation) -> Truth:
    """Instances as pixels: each in the first layer where none of its pixels is taken."""
    size = (annotation.height, annotation.width)
    layers = [np.zeros(size, dtype=np.uint16)]
    classes: list[int] = []
    for shape in annotation.shapes:
        region = shape_region(shape, *size)
        if not region.mask.any():
            continue
        free = (layer for layer in layers if not layer[region.window][region.mask].any())
        layer = next(free, None)
        if layer is None:
            layer = np.zeros(size, dtype=np.uint16)
            layers.append(layer)
        classes.append(shape.class_id)
        layer[region.window][region.mask] = len(classes)
    instances = np.stack(layers)
    return Truth(instances, tuple(classes), annotation.void & ~instances.any(axis=0))


def _inside(region: Region, height: int, width: int) -> Region:
    """The part of a mask that lies in the picture; it may reach over every edge."""
    top, left = max(0, region.top), max(0, region.left)
    bottom = max(top, min(height, region.window[0].stop))
    right = max(left, min(width, region.window[1].stop))
    cut = region.mask[top - region.top : bottom - region.top, left - region.left :]
    return Region(top, left, cut[:, : right - left])
