"""Reader of label-map data sets: pictures beside class maps, described by `dataset.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour
from lmsfa.errors import InputError

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


class DatasetError(InputError):
    """A data set cannot be read. One line that names the file and says what was expected."""


@dataclass(frozen=True, slots=True)
class DatasetClass:
    """A class of the set: the label maps' pixel value, its name and colour (RGB)."""

    value: int
    name: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Sample:
    """One annotated picture: its name in the set (with folders), its folder and its files."""

    name: str
    group: str
    frame_path: Path
    label_path: Path


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of one picture.

    Attributes:
        instances: (H, W) uint16, 0 background, else instance number + 1.
        classes: class id (index into the set's classes) of each instance.
        void: (H, W) bool, pixels that nobody labelled.
    """

    instances: NDArray[np.uint16]
    classes: tuple[int, ...]
    void: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelMapDataset:
    """A data set as its `dataset.json` describes it."""

    root: Path
    name: str
    classes: tuple[DatasetClass, ...]
    void_values: tuple[int, ...]
    connectivity: int
    min_area_px: int
    splits: dict[str, tuple[str, ...]]
    frames_folder: str
    labels_folder: str
    licence: str
    attribution: str

    @staticmethod
    def open(root: Path) -> LabelMapDataset:
        """Reads `root`/dataset.json.

        Raises:
            DatasetError: it is missing, or does not describe a label-map set.
        """
        path = root / "dataset.json"
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DatasetError(f"{path}: not found; a label-map data set needs this file") from None
        except (OSError, ValueError, RecursionError) as error:
            raise DatasetError(f"{path}: not readable JSON ({error})") from None
        try:
            return _described(root, said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DatasetError(f"{path}: not a label-map description ({error!r})") from None

    def samples(self, split: str) -> tuple[Sample, ...]:
        """The annotated pictures of a split, in the order of folders and file names.

        Raises:
            DatasetError: the split is unknown or empty, or a picture has no label map.
        """
        if split not in self.splits:
            raise DatasetError(f"{self.name}: no split {split!r}; it has {', '.join(self.splits)}")
        found = [sample for folder in self.splits[split] for sample in self._in_folder(folder)]
        if not found:
            raise DatasetError(f"{self.name}: split {split!r} holds no pictures")
        return tuple(found)

    def _in_folder(self, folder: str) -> list[Sample]:
        frames = self.root / self.frames_folder / folder
        if not frames.is_dir():
            raise DatasetError(f"{frames}: folder of the data set not found")
        paths = sorted(p for p in frames.iterdir() if p.suffix.lower() in PICTURE_ENDINGS)
        return [self._sample(folder, path) for path in paths]

    def _sample(self, folder: str, frame_path: Path) -> Sample:
        label_path = self.root / self.labels_folder / folder / f"{frame_path.stem}.png"
        if not label_path.is_file():
            raise DatasetError(f"{frame_path}: no label map; expected {label_path}")
        return Sample(f"{folder}/{frame_path.name}", folder, frame_path, label_path)

    def truth(self, sample: Sample) -> Truth:
        """Instances of one picture: connected components of a class, at least `min_area_px` large.

        Smaller components become void: they are neither background nor an instance.
        """
        values = _decoded(sample.label_path, cv2.IMREAD_UNCHANGED)
        if values is None or values.ndim != 2 or values.dtype != np.uint8:
            raise DatasetError(f"{sample.label_path}: expected a one-channel 8-bit label map")
        known = {0, *self.void_values, *(entry.value for entry in self.classes)}
        strange = sorted(set(np.unique(values).tolist()) - known)
        if strange:
            raise DatasetError(
                f"{sample.label_path}: pixel values {strange} are not in dataset.json"
            )
        return self._components(np.asarray(values, dtype=np.uint8))

    def annotated(self, sample: Sample) -> tuple[NDArray[np.uint8], Truth]:
        """A picture (H, W, 3) uint8 RGB with its truth, of the same height and width.

        Raises:
            DatasetError: a file cannot be read, or the two are of different sizes.
        """
        rgb, truth = read_rgb(sample.frame_path), self.truth(sample)
        if rgb.shape[:2] != truth.void.shape:
            raise DatasetError(
                f"{sample.label_path}: is {truth.void.shape[1]} x {truth.void.shape[0]}, "
                f"its picture {rgb.shape[1]} x {rgb.shape[0]}"
            )
        return rgb, truth

    def _components(self, values: NDArray[np.uint8]) -> Truth:
        instances = np.zeros(values.shape, dtype=np.uint16)
        void = np.isin(values, self.void_values)
        classes: list[int] = []
        for class_id, entry in enumerate(self.classes):
            mask = (values == entry.value).astype(np.uint8)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(
                mask, connectivity=self.connectivity
            )
            for component in range(1, count):
                pixels = labels == component
                if stats[component, cv2.CC_STAT_AREA] < self.min_area_px:
                    void |= pixels
                    continue
                classes.append(class_id)
                instances[pixels] = len(classes)
        return Truth(instances, tuple(classes), void)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 RGB.

    Raises:
        DatasetError: it cannot be decoded.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such picture")
    bgr = _decoded(path, cv2.IMREAD_COLOR)
    if bgr is None:
        raise DatasetError(f"{path}: not a readable picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _decoded(path: Path, flags: int) -> NDArray[np.integer[Any] | np.floating[Any]] | None:
    # Not cv2.imread: it prints a warning of its own, and fails on some names under Windows.
    try:
        return cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), flags)
    except (OSError, cv2.error):
        return None


def _described(root: Path, said: dict[str, object]) -> LabelMapDataset:
    if said.get("format") != "label-map":
        raise ValueError(f"format must be 'label-map', got {said.get('format')!r}")
    classes = tuple(
        DatasetClass(int(entry["id"]), str(entry["name"]), _colour(entry["colour"]))
        for entry in said["classes"]  # type: ignore[attr-defined]  # checked by the caller's except
    )
    if min(len({c.value for c in classes}), len({c.name for c in classes})) < len(classes):
        raise ValueError("two classes have the same id or name")
    rule = dict(said["instances"])  # type: ignore[call-overload]
    if rule.get("connectivity", 8) not in (4, 8):
        raise ValueError(f"connectivity must be 4 or 8, got {rule['connectivity']!r}")
    splits = {name: tuple(folders) for name, folders in dict(said["splits"]).items()}  # type: ignore[call-overload]
    return LabelMapDataset(
        root=root,
        name=str(said["name"]),
        classes=classes,
        void_values=tuple(int(value) for value in said.get("void", ())),  # type: ignore[attr-defined]
        connectivity=int(rule.get("connectivity", 8)),
        min_area_px=int(rule.get("min_area_px", 0)),
        splits=splits,
        frames_folder=str(said["images"]),
        labels_folder=str(said["labels"]),
        licence=str(said.get("licence", "")),
        attribution=str(said.get("attribution", "")),
    )


def _colour(parts: list[int]) -> Colour:
    red, green, blue = (int(part) for part in parts)
    return red, green, blue
