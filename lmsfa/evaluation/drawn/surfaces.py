"""How near the drawn outlines of instances are to the true ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lmsfa.evaluation.boundary import surface_share, tolerance_px
from lmsfa.evaluation.drawn.painting import DrawnFrame, Mask

TrueMask = tuple[int, Mask]
"""Class id and (H, W) pixels."""


def surfaces(frame: DrawnFrame, truths: Sequence[TrueMask], void: Mask) -> list[tuple[int, float]]:
    """Class id and normalised surface distance, 0..1, of each pair and of all without a partner.

    Within a class the pair with the highest IoU is matched first, then the next among the rest,
    as long as two overlap. What is drawn or true alone counts as 0.

    Args:
        frame: what is drawn; what lies on void is taken out, and what lies there alone is left out.
        truths: the true instances.
        void: (H, W) bool, pixels that nobody labelled.
    """
    drawn = [(entry.class_id, entry.area & ~void) for entry in frame.instances]
    drawn = [entry for entry in drawn if entry[1].any()]
    within_px = tolerance_px(frame.height, frame.width)
    found = []
    for class_id in sorted({class_id for class_id, _ in (*drawn, *truths)}):
        ours = [mask for number, mask in drawn if number == class_id]
        theirs = [mask for number, mask in truths if number == class_id]
        pairs = _pairs(ours, theirs)
        found += [(class_id, surface_share(theirs[j], ours[i], within_px)) for i, j in pairs]
        found += [(class_id, 0.0)] * (len(ours) + len(theirs) - 2 * len(pairs))
    return found


def _pairs(ours: Sequence[Mask], theirs: Sequence[Mask]) -> list[tuple[int, int]]:
    ious = np.array([[_iou(one, other) for other in theirs] for one in ours])
    pairs: list[tuple[int, int]] = []
    while ious.size and ious.max() > 0:
        i, j = divmod(int(ious.argmax()), len(theirs))
        pairs.append((i, j))
        ious[i], ious[:, j] = 0, 0
    return pairs


def _iou(one: Mask, other: Mask) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))
