"""What training reads: augmented pictures with boxes and masks, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from lmsfa.data.activities import NOT_TOLD, UNKNOWN, Activities, ActivityOf
from lmsfa.data.annotated import AnnotatedSet, Sample, Truth
from lmsfa.data.augmentation import (
    Geometry,
    Picture,
    letterbox_transform,
    mosaic,
    random_transform,
    relight,
    spoil,
    warp,
)
from lmsfa.postprocess import MASK_STRIDE
from lmsfa.training.batch import Batch

MIN_VISIBLE_PX = 32
"""An instance of which fewer input pixels are left after augmentation is not asked for."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training picture; K instances. Shapes as in `Batch`, without the first axis."""

    rgb: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    masks: NDArray[np.uint8]
    known: NDArray[np.uint8]
    activity: int = UNKNOWN


class TrainingSet(Dataset[Example]):
    """The pictures of a split, decoded once and held in memory, augmented anew in every epoch.

    What an index gives depends on (seed, epoch, index) alone, so that a resumed training sees what
    an unbroken one would have seen.
    """

    def __init__(
        self,
        dataset: AnnotatedSet,
        samples: tuple[Sample, ...],
        size_px: int,
        seed: int,
        *,
        spoil_chance: float = 0.0,
        activities: Activities | None = None,
    ) -> None:
        self._pictures: list[tuple[Picture, Truth]] = [
            dataset.annotated(sample) for sample in samples
        ]
        self._activities = [
            activities.of_sample(sample.name) if activities else NOT_TOLD for sample in samples
        ]
        self._size_px = size_px
        self._seed = seed
        self._spoil_chance = spoil_chance
        self._epoch = 0
        self._augment = True
        self._mosaic_chance = 0.0

    @property
    def contents(self) -> list[tuple[tuple[int, ...], int]]:
        """Class ids and activity of each picture, as it is without augmentation."""
        pairs = zip(self._pictures, self._activities, strict=True)
        return [
            (truth.classes, activity.where_shown(truth.classes)) for (_, truth), activity in pairs
        ]

    def start_epoch(self, epoch: int, mosaic_chance: float, *, augment: bool = True) -> None:
        """Says which epoch comes, before its loader starts."""
        self._epoch, self._mosaic_chance, self._augment = epoch, mosaic_chance, augment

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> Example:
        rng = np.random.default_rng([self._seed, self._epoch, index])
        if not self._augment:
            rgb, truth = self._pictures[index]
            transform = letterbox_transform(rgb.shape[0], rgb.shape[1], self._size_px)
            moved = warp(rgb, truth, transform, (self._size_px, self._size_px))
            return as_example(*moved, self._activities[index])
        rgb, truth, activity = self._augmented(index, rng)
        rgb = relight(rgb, rng)
        # Drawn only where asked for: a recipe without it goes on giving what it always gave.
        if self._spoil_chance and rng.random() < self._spoil_chance:
            rgb = spoil(rgb, rng)
        return as_example(rgb, truth, activity)

    def _augmented(self, index: int, rng: np.random.Generator) -> tuple[Picture, Truth, ActivityOf]:
        geometry = Geometry()
        rgb, truth = self._pictures[index]
        if rng.random() < self._mosaic_chance:
            others = rng.integers(0, len(self._pictures), 3)
            parts = [(rgb, truth), *(self._pictures[other] for other in others)]
            return *mosaic(parts, self._size_px, rng, geometry), self._activities[index].mixed()
        window = (self._size_px, self._size_px)
        transform = random_transform(rgb.shape[0], rgb.shape[1], window, rng, geometry)
        return *warp(rgb, truth, transform, window), self._activities[index]


def as_example(rgb: Picture, truth: Truth, activity: ActivityOf = NOT_TOLD) -> Example:
    """Boxes, coarse masks and activity of a picture of the input's size (S, S)."""
    side = rgb.shape[0] // MASK_STRIDE
    boxes, classes, masks = [], [], []
    for number, class_id in enumerate(truth.classes, 1):
        mask = truth.mask(number)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if rows.size == 0 or np.count_nonzero(mask) < MIN_VISIBLE_PX:
            continue
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        classes.append(class_id)
        masks.append(_coverage(mask, side))
    return Example(
        rgb,
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array(classes, dtype=np.int64),
        np.array(masks, dtype=np.uint8).reshape(-1, side, side),
        _coverage(~truth.void, side),
        activity.where_shown(classes),
    )


def _coverage(mask: NDArray[np.bool_], side: int) -> NDArray[np.uint8]:
    """Share of each coarse cell that `mask` covers, 0..255."""
    shares = cv2.resize(mask.view(np.uint8) * 255, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(shares, dtype=np.uint8)


def collate(examples: list[Example]) -> Batch:
    """Joins examples into a batch, filling up to the largest number of instances."""
    most = max(len(example.classes) for example in examples)
    side = examples[0].known.shape[0]
    boxes = torch.zeros(len(examples), most, 4)
    classes = torch.full((len(examples), most), -1, dtype=torch.int64)
    masks = torch.zeros(len(examples), most, side, side, dtype=torch.uint8)
    for row, example in enumerate(examples):
        count = len(example.classes)
        boxes[row, :count] = torch.from_numpy(example.boxes)
        classes[row, :count] = torch.from_numpy(example.classes)
        masks[row, :count] = torch.from_numpy(example.masks)
    rgb = torch.stack([_channels_first(example.rgb) for example in examples])
    known = torch.stack([torch.from_numpy(example.known) for example in examples])
    activities = torch.tensor([example.activity for example in examples])
    return Batch(rgb, boxes, classes, masks, known, activities)


def _channels_first(rgb: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))
