"""Instances turned into one class a pixel, as the overlay paints them, and their mean IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask

ClassMap = NDArray[np.intp]
"""(H, W) class ids; the number of classes stands where no instance is."""


@dataclass(frozen=True, slots=True)
class SemanticFigures:
    """IoU and Dice over the pixels of a whole split, 0..1.

    Attributes:
        miou: mean over the classes that the truth holds, void left out.
        per_class: the same by class name; None where the truth has no pixel of it.
        miou_with_void: the same with one more class, "no structure": pixels of void or of nothing,
            answered by the absence of instances. No pixel is left out.
        void: that class's IoU; None where the truth has no such pixel.
        pixels: pixels compared in `miou`.
        dice: mean over the same classes as `miou`.
        dice_per_class: as `per_class`.
    """

    miou: float | None
    per_class: dict[str, float | None]
    miou_with_void: float | None
    void: float | None
    pixels: int
    dice: float | None
    dice_per_class: dict[str, float | None]

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def judge_semantics(shown: Answers) -> SemanticFigures:
    """Judges answers cut at the thresholds that they are shown with, see `Answers.shown`."""
    size = len(shown.classes) + 1
    known = np.zeros((size, size), dtype=np.intp)
    everywhere = np.zeros_like(known)
    for frame in shown.frames:
        truth = class_map(frame, frame.truths, shown.draw_order)
        answer = class_map(frame, frame.answers_on_all, shown.draw_order)
        labelled = ~frame.void.decoded()
        known += _confusion(truth[labelled], answer[labelled], size)
        everywhere += _confusion(truth.ravel(), answer.ravel(), size)
    ious, with_void = _ious(known)[:-1], _ious(everywhere)
    dices = [None if iou is None else 2 * iou / (1 + iou) for iou in ious]
    return SemanticFigures(
        _mean(ious),
        dict(zip(shown.classes, ious, strict=True)),
        _mean(with_void),
        with_void[-1],
        int(known.sum()),
        _mean(dices),
        dict(zip(shown.classes, dices, strict=True)),
    )


def class_map(
    frame: AnsweredFrame, instances: Sequence[CodedMask], draw_order: Sequence[int]
) -> ClassMap:
    """Paints instances one over the other: by the class's draw priority, then by score."""
    level = {class_id: place for place, class_id in enumerate(draw_order)}
    painted = np.full((frame.height, frame.width), len(draw_order), dtype=np.intp)
    for entry in sorted(instances, key=lambda entry: (level[entry.class_id], entry.score)):
        painted[entry.decoded()] = entry.class_id
    return painted


def _confusion(truth: ClassMap, answer: ClassMap, size: int) -> NDArray[np.intp]:
    """Pixels by true class (rows) and answered class (columns)."""
    return np.bincount(truth * size + answer, minlength=size * size).reshape(size, size)


def _ious(confusion: NDArray[np.intp]) -> list[float | None]:
    """IoU of each class; None where the truth has no pixel of it."""
    right = confusion.diagonal()
    true = confusion.sum(1)
    union = true + confusion.sum(0) - right
    return [float(r / u) if t else None for r, u, t in zip(right, union, true, strict=True)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
