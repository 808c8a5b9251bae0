"""Reader of label-map data sets: pictures beside class maps, described by `dataset.json`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape
from lmsfa.data.formats.description import DESCRIPTION_FILE, read_json
from lmsfa.data.formats.folders import is_file, is_folder, name_and_group, pictures_below
from lmsfa.data.formats.reading import Reading, check_any
from lmsfa.data.pictures import map_values
from lmsfa.errors import DatasetError, one_line, printable
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
            raise DatasetError(f"no label map; expected {self.label_path(sample)}")
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
        values = map_values(path)
        if values is not None:
            values = _as_one_channel(values)
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


def _as_one_channel(values: NDArray[Any]) -> NDArray[Any]:
    """A map that was saved as grey in colour, evenly opaque or in 16 bits, as many programs do.

    Any other is returned as it is.
    """
    if values.ndim == 3 and values.shape[2] == 4 and np.ptp(values[..., 3]) == 0:
        values = values[..., :3]
    if values.ndim == 3 and (values == values[..., :1]).all():
        values = values[..., 0]
    if values.dtype == np.uint16 and values.max() <= 255:
        values = values.astype(np.uint8)
    return values


def read_label_maps(reading: Reading) -> AnnotatedSet:
    """The set that a dataset.json of format "label-map" describes.

    Raises:
        DatasetError: it describes none, or a picture has no label map.
    """
    path = reading.root / DESCRIPTION_FILE
    try:
        said = read_json(path)
        maps = _maps(reading.root, said)
        listed = {s: list(map(str, n)) for s, n in (said.get("splits") or {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f"{path}: not a label-map description ({one_line(repr(error))})"
        ) from None
    splits: dict[str, list[Sample]] = {}
    for split, entries in listed.items():
        # An entry may lie below another one.
        names = dict.fromkeys(n for entry in entries for n in _names(reading, maps.frames, entry))
        splits[split] = [s for s in map(partial(_sample, reading, maps), names) if s is not None]
    _name_doubled(reading, splits, listed)
    # Pictures in no split belong to the set where they have a label map.
    others = (Sample(*name_and_group(p, maps.frames), p) for p in pictures_below(maps.frames))
    samples = [sample for found in splits.values() for sample in found]
    samples += [sample for sample in others if maps.label_path(sample).is_file()]
    check_any(reading.root, samples, reading.problems)
    by_name = {sample.name: sample for sample in reversed(samples)}
    return AnnotatedSet(
        root=reading.root,
        name=reading.description.name,
        format="label-map",
        classes=reading.description.classes or (),
        licence=reading.description.licence,
        attribution=reading.description.attribution,
        samples=tuple(by_name[name] for name in dict.fromkeys(s.name for s in samples)),
        splits={s: tuple(sample.name for sample in found) for s, found in splits.items()},
        load=maps.annotation,
        problems=tuple(reading.problems.lines),
        synthetic=reading.description.synthetic,
    )


def _name_doubled(
    reading: Reading, splits: dict[str, list[Sample]], listed: dict[str, list[str]]
) -> None:
    """Names pictures of two splits: a folder's entry takes what another lists below it, too."""
    first: dict[str, str] = {}
    for split, samples in splits.items():
        names = [sample.name for sample in samples]
        # Pictures that both splits list one by one are meant to be in both.
        meant = {n for n in listed[split] if n in first and n in listed[first[n]]}
        doubled = [n for n in names if n in first and n not in meant]
        if doubled:
            what = f"{len(doubled)} pictures of split {split!r} are also in split "
            what += f"{first[doubled[0]]!r}, {doubled[0]} for one"
            reading.problems.odd(str(reading.root / DESCRIPTION_FILE), printable(what))
        first = dict.fromkeys(names, split) | first


def _sample(reading: Reading, maps: LabelMaps, name: str) -> Sample | None:
    try:
        return maps.sample(name)
    except DatasetError as error:
        reading.problems.bad(str(maps.frames / name), str(error))
        return None


def _maps(root: Path, said: dict[str, Any]) -> LabelMaps:
    values = tuple(int(entry["id"]) for entry in said["classes"])
    if len(set(values)) < len(values):
        raise ValueError("two classes have the same id")
    rule = dict(said.get("instances") or {})
    if rule.get("connectivity", 8) not in (4, 8):
        raise ValueError(f"connectivity must be 4 or 8, got {rule['connectivity']!r}")
    return LabelMaps(
        root / str(said["images"]),
        root / str(said["labels"]),
        values,
        tuple(int(value) for value in said.get("void", ())),
        int(rule.get("connectivity", 8)),
        int(rule.get("min_area_px", 0)),
    )


def _names(reading: Reading, frames: Path, entry: str) -> list[str]:
    """Names of the pictures that a split's entry stands for: a picture, or all below a folder.

    Raises:
        DatasetError: there is neither, or it lies outside of the pictures' folder.
    """
    below = PurePath(os.path.relpath(frames / entry, frames))
    if ".." in below.parts:
        raise DatasetError(f"{frames / entry}: lies outside of the set's pictures")
    place = frames / below
    if is_file(place):
        return [below.as_posix()]
    if not is_folder(place):
        raise DatasetError(f"{place}: folder of the data set not found")
    found = [path.relative_to(frames).as_posix() for path in pictures_below(place)]
    if not found:
        reading.problems.bad(str(place), "listed in a split, but there are no pictures below it")
    return found
