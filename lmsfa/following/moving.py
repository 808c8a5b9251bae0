"""Moves a prediction along with the picture, on its coarse grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.following.flow import Field, Motion
from lmsfa.prediction import MASK_CUT, Instance, MaskPlacement, Prediction


@dataclass(frozen=True, slots=True)
class Moved:
    """A prediction where its structures are now.

    Attributes:
        prediction: of the frame that was answered, moved.
        way_px: how far the instance that moved farthest did in the mean, pixels of the frame.
    """

    prediction: Prediction
    way_px: float


def moved(prediction: Prediction, motion: Motion, frame_height: int, frame_width: int) -> Moved:
    """Moves each instance along; what has left the frame is gone.

    Args:
        prediction: for the frame before.
        motion: from that frame to a later one of the same scene.
        frame_height: of both, pixels.
        frame_width: of both, pixels.
    """
    pairs = [
        carried
        for instance in prediction.instances
        if (carried := _carried(instance, motion.back, (frame_height, frame_width))) is not None
    ]
    instances = tuple(instance for instance, _ in pairs)
    way_px = max((way_px for _, way_px in pairs), default=0.0)
    return Moved(replace(prediction, instances=instances), way_px)


def _carried(
    instance: Instance, back: Field, frame: tuple[int, int]
) -> tuple[Instance, float] | None:
    """The instance and how far it moved; None where nothing of it is left in the frame."""
    place, mask = instance.placement, instance.mask
    if mask.size == 0 or mask.max() < MASK_CUT:
        return None
    inside = (mask >= MASK_CUT).view(np.uint8)
    ways = -_cells_of(back, place, mask.shape, frame)
    (least_x, most_x), (least_y, most_y) = (
        cv2.minMaxLoc(way, inside)[:2] for way in cv2.split(ways)
    )
    left, top, right, bottom = instance.box_xyxy
    box = (left + least_x, top + least_y, right + most_x, bottom + most_y)
    if box[2] <= 0 or box[3] <= 0 or box[0] >= frame[1] or box[1] >= frame[0]:
        return None
    # In whole cells, so that the mask stays on the grid that painting is fast on.
    first = math.floor(least_x / place.cell_width_px), math.floor(least_y / place.cell_height_px)
    last = math.ceil(most_x / place.cell_width_px), math.ceil(most_y / place.cell_height_px)
    there = MaskPlacement(
        place.left_px + first[0] * place.cell_width_px,
        place.top_px + first[1] * place.cell_height_px,
        place.cell_width_px,
        place.cell_height_px,
    )
    shape = mask.shape[0] + last[1] - first[1], mask.shape[1] + last[0] - first[0]
    came_from = _cells_of(back, there, shape, frame)
    came_from /= np.array([place.cell_width_px, place.cell_height_px], dtype=np.float32)
    came_from[..., 0] += np.arange(first[0], first[0] + shape[1], dtype=np.float32)
    came_from[..., 1] += np.arange(first[1], first[1] + shape[0], dtype=np.float32)[:, None]
    columns, rows = cv2.split(came_from)
    carried = cv2.remap(mask, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    way_px = math.hypot(*cv2.mean(ways, inside)[:2])
    found = replace(
        instance, box_xyxy=box, mask=np.asarray(carried, dtype=np.uint8), placement=there
    )
    return found, way_px


def _cells_of(
    back: Field, place: MaskPlacement, shape: tuple[int, ...], frame: tuple[int, int]
) -> NDArray[np.float32]:
    """(rows, columns, 2): the field at the centres of a coarse mask's cells."""
    scale_x, scale_y = back.shape[1] / frame[1], back.shape[0] / frame[0]
    to_field = np.array(
        [
            [place.cell_width_px * scale_x, 0, 0],
            [0, place.cell_height_px * scale_y, 0],
        ]
    )
    to_field[0, 2] = (place.left_px + place.cell_width_px / 2) * scale_x - 0.5
    to_field[1, 2] = (place.top_px + place.cell_height_px / 2) * scale_y - 0.5
    sampled = cv2.warpAffine(
        back,
        to_field,
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(sampled, dtype=np.float32)
