"""What every model answers: instances with coarse probability masks, plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lmsfa.upsampling import WHOLE_PX, MaskPlacement, Paper, Window, upsampled

__all__ = [
    "MASK_CUT",
    "Instance",
    "MaskPlacement",
    "Prediction",
    "Region",
    "Window",
    "has_pixels",
    "windows",
]

MASK_CUT = 128
"""Mask probabilities are stored as 0..255; a pixel belongs to the instance from one half on."""


@dataclass(frozen=True, slots=True)
class Region:
    """A mask in frame pixels, cut to the part of the frame that it can touch.

    `mask` is (h, w) bool and lies at rows `top : top + h`, columns `left : left + w` of the frame.
    """

    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def window(self) -> Window:
        """Rows and columns of the frame that `mask` covers, ready to index a frame with."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def iou(self, other: Region) -> float:
        """Shared pixels over all pixels of both, 0..1; 0 where neither has one."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.window[0].stop, other.window[0].stop)
        right = min(self.window[1].stop, other.window[1].stop)
        if bottom <= top or right <= left:
            return 0.0
        parts = [
            region.mask[
                top - region.top : bottom - region.top, left - region.left : right - region.left
            ]
            for region in (self, other)
        ]
        shared = int(np.count_nonzero(parts[0] & parts[1]))
        either = int(np.count_nonzero(self.mask)) + int(np.count_nonzero(other.mask)) - shared
        return shared / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One structure in one frame.

    Attributes:
        class_id: index into the model card's classes, from 0.
        score: confidence, 0..1.
        box_xyxy: left, top, right, bottom in frame pixels (float, may touch the frame's edge).
            It says where the model sought; the mask alone says what belongs to the instance.
        mask: (h, w) uint8 probability, 0..255, a part of the model's coarse grid; beyond it
            nothing belongs to the instance.
        placement: where `mask` lies in the frame.
        track: which instance it is from frame to frame; None where nobody follows it.
        bridged: whether this answer does not hold it and it was carried over from earlier ones.
    """

    class_id: int
    score: float
    box_xyxy: tuple[float, float, float, float]
    mask: NDArray[np.uint8]
    placement: MaskPlacement
    track: int | None = None
    bridged: bool = False

    def scaled(self, x: float, y: float) -> Instance:
        """The same in a frame so many times as wide and as high."""
        left, top, right, bottom = self.box_xyxy
        place = self.placement
        return replace(
            self,
            box_xyxy=(left * x, top * y, right * x, bottom * y),
            placement=MaskPlacement(
                place.left_px * x,
                place.top_px * y,
                place.cell_width_px * x,
                place.cell_height_px * y,
            ),
        )

    def shifted(self, x_px: float, y_px: float) -> Instance:
        """The same so far to the right and down."""
        left, top, right, bottom = self.box_xyxy
        place = self.placement
        return replace(
            self,
            box_xyxy=(left + x_px, top + y_px, right + x_px, bottom + y_px),
            placement=replace(place, left_px=place.left_px + x_px, top_px=place.top_px + y_px),
        )

    def region(self, frame_height: int, frame_width: int) -> Region:
        """The instance's pixels: probabilities upsampled bilinearly, cut at one half.

        Args:
            frame_height: height of the frame, pixels.
            frame_width: width of the frame, pixels.
        """
        (window,) = windows([self], frame_height, frame_width)
        if not has_pixels(self, window):
            return Region(window[0].start, window[1].start, np.zeros((0, 0), dtype=np.bool_))
        (probability,) = upsampled([self.mask], [self.placement], [window], Paper())
        return Region(window[0].start, window[1].start, probability >= MASK_CUT)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one frame.

    Attributes:
        frame_index: index of the frame that was answered.
        captured_s: that frame's capture time, seconds on the monotonic clock.
        instances: highest score first, all at or above the card's score threshold.
        activity: name of the recognised activity, or None where the model knows none.
        model_id: SHA-256 of the weights, so that a replaced model's answer is recognised.
        activity_score: confidence of `activity`, 0..1; None beside no activity.
        candidates: instances that are too weak to be shown by themselves, highest score first;
            whoever follows instances over frames may know one of them.
        unlikeness: how far the picture is from those that the model was trained on, see
            `familiarity.judgement`; None where its card does not know them.
    """

    frame_index: int
    captured_s: float
    instances: tuple[Instance, ...]
    activity: str | None
    model_id: str
    candidates: tuple[Instance, ...] = ()
    activity_score: float | None = None
    unlikeness: float | None = None

    def shifted(self, x_px: float, y_px: float) -> Prediction:
        """The same for a frame of which it answered a part that begins there."""
        instances, candidates = (
            tuple(entry.shifted(x_px, y_px) for entry in entries)
            for entries in (self.instances, self.candidates)
        )
        return replace(self, instances=instances, candidates=candidates)

    def scaled(self, x: float, y: float) -> Prediction:
        """What is shown of it in a frame so many times as wide and as high; no candidates."""
        shown = tuple(entry.scaled(x, y) for entry in self.instances)
        return replace(self, instances=shown, candidates=())


def windows(instances: Sequence[Instance], frame_height: int, frame_width: int) -> list[Window]:
    """The frame's pixels whose centres lie in the cells of each instance's mask.

    Args:
        instances: whose masks.
        frame_height: height of the frame, pixels.
        frame_width: width of the frame, pixels.
    """
    places = [entry.placement for entry in instances]
    first = np.array([(place.left_px, place.top_px) for place in places]).reshape(-1, 2)
    cell = np.array([(place.cell_width_px, place.cell_height_px) for place in places])
    cells = np.array([entry.mask.shape[::-1] for entry in instances])
    last = first + cell.reshape(-1, 2) * cells.reshape(-1, 2)
    # What rounding leaves of a whole number of cells is no pixel more.
    frame = frame_width, frame_height
    low = np.clip(np.ceil(first - 0.5 - WHOLE_PX), 0, frame)
    high = np.clip(np.ceil(last - 0.5 - WHOLE_PX), 0, frame)
    sides = np.concatenate([low, high], axis=1).astype(np.int64).tolist()
    return [(slice(top, bottom), slice(left, right)) for left, top, right, bottom in sides]


def has_pixels(instance: Instance, window: Window) -> bool:
    """Whether there is a mask, and a pixel in the window."""
    rows, columns = window
    return instance.mask.size > 0 and rows.start < rows.stop and columns.start < columns.stop
