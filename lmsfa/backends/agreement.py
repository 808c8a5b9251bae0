"""How far a runtime's answer is from that of the plain network, as the masks that a person sees."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import Answer, to_instances
from lmsfa.prediction import Instance, Region
from lmsfa.semantic_answer import SemanticAnswer

BOUNDS = {"fp32": 0.99, "bf16": 0.97, "fp16": 0.97, "int8": 0.85}
"""Lowest median mask IoU by precision. An int8 network is judged by its AP50 when it is made: here
it must only be the same network."""
COMPARED_INSTANCES = 10
"""The most certain ones; what the network hardly believes is noise in any precision."""
COMPARISON_NMS_IOU = 0.6
IMPROBABLE = 0.01
"""Probabilities far below this count as equal."""


def check_frame(size_px: int) -> NDArray[np.uint8]:
    """A made picture of soft tissue-coloured shapes, (S, S, 3) uint8 RGB; always the same.

    Any network finds something in it, whatever it has been trained on.
    """
    coarse = np.random.default_rng(0).normal(0, 1, (3, 8, 8)).astype(np.float32)
    soft = [cv2.resize(part, (size_px, size_px), interpolation=cv2.INTER_CUBIC) for part in coarse]
    brightness = np.stack([170 + 50 * soft[0], 90 + 40 * soft[1], 80 + 30 * soft[2]], 2)
    picture: NDArray[np.uint8] = np.clip(brightness, 0, 255).astype(np.uint8)
    return picture


def answers_agree(expected: Answer, given: Answer, classes: int, size_px: int) -> float:
    """Median mask IoU of the most certain instances with the like in another answer, 0..1.

    Of semantic answers it is the overlap of all probabilities: regions of what a network is not
    sure of come and go with the last digit.

    Args:
        expected: of the plain network to a picture of the input's size.
        given: of a runtime to the same picture.
        classes: how many the network tells apart.
        size_px: side of the input.
    """
    if isinstance(expected, SemanticAnswer) and isinstance(given, SemanticAnswer):
        return _maps_overlap(expected, given)
    place = Letterbox.fit(size_px, size_px, size_px)
    sure, found = (
        to_instances(answer, classes, 0.0, COMPARISON_NMS_IOU, place)
        for answer in (expected, given)
    )
    overlaps = matched_overlaps(sure[:COMPARED_INSTANCES], found, (size_px, size_px))
    return float(np.median(overlaps)) if overlaps else 0.0


def _maps_overlap(expected: SemanticAnswer, given: SemanticAnswer) -> float:
    """Common over joined probability of all cells, or of the activities where that is less."""
    pairs = [(expected.maps, given.maps), (expected.activities, given.activities)]
    # What is improbable everywhere is the same nothing to whoever looks at it.
    return min(
        float(
            (np.minimum(ours, theirs) + IMPROBABLE).sum()
            / (np.maximum(ours, theirs) + IMPROBABLE).sum()
        )
        for ours, theirs in pairs
        if ours.size
    )


def matched_overlaps(
    expected: Sequence[Instance], given: Sequence[Instance], shape: tuple[int, int]
) -> list[float]:
    """Mask IoU of each expected instance with the best given one of its class; 0 where none is.

    Args:
        expected: instances of one frame.
        given: others of the same frame.
        shape: height and width of the frame, pixels.
    """
    ours, theirs = (
        [(entry.class_id, entry.region(*shape)) for entry in instances]
        for instances in (expected, given)
    )
    return [
        max(
            (_same(area, other) for theirs_id, other in theirs if theirs_id == class_id),
            default=0.0,
        )
        for class_id, area in ours
    ]


def _same(first: Region, second: Region) -> float:
    """IoU; two without a pixel are the same."""
    if not first.mask.any() and not second.mask.any():
        return 1.0
    return first.iou(second)
