"""Reader of label-map data sets: pictures beside class maps, described by `dataset.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour
from lmsfa.data.annotated import AnnotatedSet, Annotation, DatasetClass, Sample, Shape
from lmsfa.data.pictures import PICTURE_ENDINGS, decoded
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region


@dataclass(frozen=True, slots=True)
class LabelMaps:
    """How the label maps of a set become instances.

    Attributes:
        frames: folder of the pictures.
        labels: folder of the maps, with the same folders and names, ending in .png.
        values: pixel value of each class.
        void_values: pixel values of void.
        connectivity: 4 or 8 neighbours join pixels of a class to one instance.
        min_area_px: smaller components are void: neither background nor an instance.
    """

    frames: Path
    labels: Path
    values: tuple[int, ...]
    void_values: tuple[int, ...]
    connectivity: int
    min_area_px: int

    def sample(self, name: str) -> Sample:
        """The picture of this name.

        Raises:
            DatasetError: it has no label map.
        """
        sample = Sample(name, name.rpartition("/")[0], self.frames / name)
        if not self.label_path(sample).is_file():
            raise DatasetError(
                f"{sample.frame_path}: no label map; expected {self.label_path(sample)}"
            )
        return sample

    def label_path(self, sample: Sample) -> Path:
        """Where the map of a picture lies."""
        return (self.labels / sample.name).with_suffix(".png")

    def annotation(self, sample: Sample) -> Annotation:
        """The connected components of each class.

        Raises:
            DatasetError: the map cannot be read, or holds a value that nobody declared.
        """
        path = self.label_path(sample)
        values = decoded(path, cv2.IMREAD_UNCHANGED)
        if values is None or values.ndim != 2 or values.dtype != np.uint8:
            raise DatasetError(f"{path}: expected a one-channel 8-bit label map")
        strange = sorted(set(np.unique(values).tolist()) - {0, *self.void_values, *self.values})
        if strange:
            raise DatasetError(f"{path}: pixel values {strange} are not in dataset.json")
        return self._components(np.asarray(values, dtype=np.uint8))

    def _components(self, values: NDArray[np.uint8]) -> Annotation:
        void = np.isin(values, self.void_values)
        shapes: list[Shape] = []
        for class_id, value in enumerate(self.values):
            mask = (values == value).astype(np.uint8)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(
                mask, connectivity=self.connectivity
            )
            for component in range(1, count):
                left, top, width, height, area = (int(part) for part in stats[component])
                window = (slice(top, top + height), slice(left, left + width))
                pixels = labels[window] == component
                if area < self.min_area_px:
                    void[window] |= pixels
                else:
                    shapes.append(Shape(class_id, masks=(Region(top, left, pixels),)))
        height, width = values.shape
        return Annotation(height, width, tuple(shapes), void)


def read_label_maps(root: Path, said: dict[str, Any]) -> AnnotatedSet:
    """The set that `root`/dataset.json describes; `said` is that file's JSON.

    Raises:
        DatasetError: it describes no label-map set, or a picture has no label map.
    """
    try:
        return _described(root, said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"{root / 'dataset.json'}: not a label-map description ({error!r})"
        ) from None


def _described(root: Path, said: dict[str, Any]) -> AnnotatedSet:
    if said.get("format") != "label-map":
        raise ValueError(f"format must be 'label-map', got {said.get('format')!r}")
    classes = tuple(
        DatasetClass(str(entry["name"]), _colour(entry["colour"])) for entry in said["classes"]
    )
    values = tuple(int(entry["id"]) for entry in said["classes"])
    if min(len(set(values)), len({entry.name for entry in classes})) < len(classes):
        raise ValueError("two classes have the same id or name")
    rule = dict(said["instances"])
    if rule.get("connectivity", 8) not in (4, 8):
        raise ValueError(f"connectivity must be 4 or 8, got {rule['connectivity']!r}")
    maps = LabelMaps(
        root / str(said["images"]),
        root / str(said["labels"]),
        values,
        tuple(int(value) for value in said.get("void", ())),
        int(rule.get("connectivity", 8)),
        int(rule.get("min_area_px", 0)),
    )
    splits = {
        str(split): tuple(name for folder in folders for name in _in_folder(maps.frames, folder))
        for split, folders in said["splits"].items()
    }
    names = dict.fromkeys(name for split in splits.values() for name in split)
    return AnnotatedSet(
        root=root,
        name=str(said["name"]),
        format="label-map",
        classes=classes,
        licence=str(said.get("licence", "")),
        attribution=str(said.get("attribution", "")),
        samples=tuple(maps.sample(name) for name in names),
        splits=splits,
        load=maps.annotation,
    )


def _in_folder(frames: Path, folder: str) -> list[str]:
    if not (frames / folder).is_dir():
        raise DatasetError(f"{frames / folder}: folder of the data set not found")
    paths = sorted((frames / folder).iterdir())
    return [f"{folder}/{path.name}" for path in paths if path.suffix.lower() in PICTURE_ENDINGS]


def _colour(parts: list[int]) -> Colour:
    red, green, blue = (int(part) for part in parts)
    return red, green, blue
