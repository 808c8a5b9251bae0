"""Overlap and outline of each class, picture by picture, by MONAI's metrics."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from monai.metrics import (
    compute_dice,
    compute_hausdorff_distance,
    compute_iou,
    compute_surface_dice,
)
from numpy.typing import NDArray

from lmsfa.evaluation.answers import AnsweredFrame, Answers
from lmsfa.evaluation.semantic import class_map

TOLERANCE_SHARE = 0.01
"""An outline is right within this share of the picture's shorter side: 5 pixels of 512, 7 of 720.

It is a convention. One per cent is about what a hand-drawn polygon leaves between its corners, and
under the model's own mask cell (6.4 pixels of 512 at an input of 320); how far two annotators of
these pictures differ was never measured.
"""


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """One class in one picture that shows it in truth or answer.

    Attributes:
        picture: name of the sample.
        dice: 0..1.
        iou: 0..1.
        surface: as in `BoundaryFigures`.
        hausdorff95_px: the same; None where the class is only true or only answered.
    """

    picture: str
    dice: float
    iou: float
    surface: float
    hausdorff95_px: float | None


@dataclass(frozen=True, slots=True)
class BoundaryFigures:
    """One class, means over pictures.

    Dice, IoU and surface distance count a picture where the class is only true or only answered as
    0; pictures where it is neither are left out. None stands where no picture is left.

    Attributes:
        dice: 0..1.
        iou: 0..1.
        surface: normalised surface distance, 0..1: the share of both outlines that lies within
            the tolerance of the other.
        hausdorff95_px: 95th percentile of the distance between the outlines, over the pictures
            that show and answer the class; elsewhere there is no distance.
        pictures: with the class in truth or answer.
        without_distance: of these, where it is only true or only answered.
        per_picture: what the means are of.
    """

    dice: float | None
    iou: float | None
    surface: float | None
    hausdorff95_px: float | None
    pictures: int
    without_distance: int
    per_picture: tuple[PictureFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def tolerance_px(height: int, width: int) -> float:
    """How far an outline may be off in a frame of this size, whole pixels and at least one."""
    return float(max(1, round(TOLERANCE_SHARE * min(height, width))))


def surface_share(truth: NDArray[np.bool_], answer: NDArray[np.bool_], within_px: float) -> float:
    """Normalised surface distance: the share of both outlines that lies near the other, 0..1.

    Args:
        truth: (H, W) with a pixel at least.
        answer: (H, W) with a pixel at least.
        within_px: how near.
    """
    y, y_pred = (torch.from_numpy(mask)[None, None].float() for mask in (truth, answer))
    with warnings.catch_warnings():
        # MONAI calls its own function with an argument that it has deprecated.
        warnings.filterwarnings("ignore", ".*always_return_as_numpy", FutureWarning)
        return float(compute_surface_dice(y_pred, y, [within_px], include_background=True))


def judge_boundaries(shown: Answers) -> dict[str, BoundaryFigures]:
    """Judges answers cut at the thresholds that they are shown with, by class name.

    Void is background in truth and answer alike.
    """
    rows: list[list[PictureFigures]] = [[] for _ in shown.classes]
    for frame in shown.frames:
        truth = class_map(frame, frame.truths, shown.draw_order)
        answer = class_map(frame, frame.answers, shown.draw_order)
        for class_id, found in enumerate(rows):
            pair = truth == class_id, answer == class_id
            if pair[0].any() and pair[1].any():
                found.append(_compared(frame, *pair))
            elif pair[0].any() or pair[1].any():
                found.append(PictureFigures(frame.name, 0.0, 0.0, 0.0, None))
    return {name: _figures(found) for name, found in zip(shown.classes, rows, strict=True)}


def _compared(
    frame: AnsweredFrame, truth: NDArray[np.bool_], answer: NDArray[np.bool_]
) -> PictureFigures:
    """Compares two masks, each of which holds something."""
    y, y_pred = (torch.from_numpy(mask)[None, None].float() for mask in (truth, answer))
    with warnings.catch_warnings():
        # MONAI calls its own function with an argument that it has deprecated.
        warnings.filterwarnings("ignore", ".*always_return_as_numpy", FutureWarning)
        return PictureFigures(
            frame.name,
            float(compute_dice(y_pred, y)),
            float(compute_iou(y_pred, y)),
            surface_share(truth, answer, tolerance_px(frame.height, frame.width)),
            float(compute_hausdorff_distance(y_pred, y, include_background=True, percentile=95)),
        )


def _figures(rows: Sequence[PictureFigures]) -> BoundaryFigures:
    distances = [row.hausdorff95_px for row in rows if row.hausdorff95_px is not None]
    return BoundaryFigures(
        _mean([row.dice for row in rows]),
        _mean([row.iou for row in rows]),
        _mean([row.surface for row in rows]),
        _mean(distances),
        len(rows),
        len(rows) - len(distances),
        tuple(rows),
    )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
