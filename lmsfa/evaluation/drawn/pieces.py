"""Specks, and structures that are drawn twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np

from lmsfa.evaluation.drawn.painting import DrawnFrame, DrawnInstance

SPECK_SHARE = 0.002
"""Of the frame: 23 x 23 pixels of 512 x 512."""
NESTED_SHARE = 0.7
"""Of the smaller of two instances."""


def specks(frame: DrawnFrame, true: Sequence[DrawnInstance] | None) -> int:
    """The connected pieces that are smaller than `SPECK_SHARE` of the frame.

    An instance's largest piece is none where it touches a true instance of its class: what is
    small may be so. Where no truth is known all small pieces count.

    Args:
        frame: what is drawn.
        true: the true instances; None where nobody knows them.
    """
    least_px = SPECK_SHARE * frame.height * frame.width
    return sum(_specks(entry, least_px, true) for entry in frame.instances)


def _specks(entry: DrawnInstance, least_px: float, true: Sequence[DrawnInstance] | None) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(entry.area.view(np.uint8), connectivity=8)
    areas_px = stats[1:, cv2.CC_STAT_AREA]
    small = int(np.count_nonzero(areas_px < least_px))
    if areas_px.max() >= least_px or true is None:
        return small
    is_true = any(
        other.class_id == entry.class_id and (other.area & entry.area).any() for other in true
    )
    return small - is_true


def nested(frame: DrawnFrame) -> int:
    """Pairs of one class that share over `NESTED_SHARE` of the smaller one."""
    sizes_px = [int(np.count_nonzero(entry.area)) for entry in frame.instances]
    return sum(
        one.class_id == other.class_id
        and int(np.count_nonzero(one.area & other.area))
        > NESTED_SHARE * min(sizes_px[i], sizes_px[j])
        for (i, one), (j, other) in combinations(enumerate(frame.instances), 2)
    )
