"""What is really there in a made view, as a perfect model would answer it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.phantom.phantom import View
from lmsfa.data.polygon import cut_to_box
from lmsfa.prediction import Instance, MaskPlacement, Region

GRID = 160
"""Cells of a network's coarse grid along the longer side, as at an input of 640 pixels."""
LEAST_AREA_PX = 48
"""What shows fewer pixels is void: nobody could say what it is."""


def true_instances(view: View) -> tuple[Instance, ...]:
    """The instances of a view on a network's coarse grid, with soft edges and a score of 1.

    Their tracks are the view's numbers.

    Args:
        view: of any size.
    """
    regions = [
        (number, class_id, cut_to_box(view.numbers == number))
        for number, class_id in enumerate(view.classes, 1)
    ]
    return tuple(
        _coarse(number, class_id, region, max(view.numbers.shape) / GRID)
        for number, class_id, region in regions
        if np.count_nonzero(region.mask) >= LEAST_AREA_PX
    )


def _coarse(number: int, class_id: int, region: Region, cell_px: float) -> Instance:
    height, width = region.mask.shape
    # One cell more on each side, as networks' masks have it, on cells that begin at the corner.
    first = [int(edge // cell_px) - 1 for edge in (region.left, region.top)]
    last = [int(-(-edge // cell_px)) + 1 for edge in (region.left + width, region.top + height)]
    left_px, top_px = (cell * cell_px for cell in first)
    cells = last[0] - first[0], last[1] - first[1]
    box = (region.left, region.top, region.left + width, region.top + height)
    return Instance(
        class_id,
        1.0,
        tuple(map(float, box)),  # type: ignore[arg-type]  # four of them
        _shares(region.mask, (region.left - left_px, region.top - top_px), cells, cell_px),
        MaskPlacement(left_px, top_px, cell_px, cell_px),
        track=number,
    )


def _shares(
    mask: NDArray[np.bool_], corner_px: tuple[float, float], cells: tuple[int, int], cell_px: float
) -> NDArray[np.uint8]:
    """(rows, columns) uint8: how much of each cell a mask covers that begins at `corner_px`."""
    fine = max(1, round(cell_px))
    scale = fine / cell_px
    place = np.array(
        [
            [scale, 0, (corner_px[0] + 0.5) * scale - 0.5],
            [0, scale, (corner_px[1] + 0.5) * scale - 0.5],
        ]
    )
    size = cells[0] * fine, cells[1] * fine
    enlarged = cv2.warpAffine(mask.astype(np.uint8) * 255, place, size, flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(enlarged, cells, interpolation=cv2.INTER_AREA), dtype=np.uint8)
