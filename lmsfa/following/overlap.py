"""Coarse masks compared and mixed with each other, cell by cell."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.prediction import MASK_CUT, Instance, MaskPlacement

CELL_ROUNDING = 1e-3
"""Share of a cell by which two grids may be apart and still be the same."""
TRACE = 16
"""Of 255: a fainter trace of where a mask has been is not kept."""

Shift = tuple[int, int]


def grid_shift(one: Instance, other: Instance) -> Shift | None:
    """Columns and rows from the first cell of one mask to that of the other.

    Returns:
        None where they do not lie on one grid.
    """
    here, there = one.placement, other.placement
    cell = here.cell_width_px, here.cell_height_px
    if cell != (there.cell_width_px, there.cell_height_px):
        return None
    ways = (there.left_px - here.left_px) / cell[0], (there.top_px - here.top_px) / cell[1]
    across, down = (round(way) for way in ways)
    if max(abs(ways[0] - across), abs(ways[1] - down)) > CELL_ROUNDING:
        return None
    return across, down


def coarse_iou(one: Instance, other: Instance) -> float:
    """IoU of two instances in cells, 0..1; 0 where they do not lie on one grid."""
    shift = grid_shift(one, other)
    if shift is None:
        return 0.0
    rows = _shared(one.mask.shape[0], other.mask.shape[0], shift[1])
    columns = _shared(one.mask.shape[1], other.mask.shape[1], shift[0])
    # First, for speed: of many instances most lie apart.
    if rows is None or columns is None:
        return 0.0
    here, there = one.mask >= MASK_CUT, other.mask >= MASK_CUT
    both = int(np.count_nonzero(here[rows[0], columns[0]] & there[rows[1], columns[1]]))
    either = int(np.count_nonzero(here)) + int(np.count_nonzero(there)) - both
    return both / either if either else 0.0


def mixed(new: Instance, carried: Instance, new_share: float) -> Instance:
    """The new instance with its outline calmed by where it was carried to.

    Args:
        new: of the frame now.
        carried: the same one of the frame before, moved to now, on the same grid.
        new_share: weight of the new one, 0..1.
    """
    shift = grid_shift(new, carried)
    if shift is None:
        return new
    left, top = min(0, shift[0]), min(0, shift[1])
    right = max(new.mask.shape[1], shift[0] + carried.mask.shape[1])
    bottom = max(new.mask.shape[0], shift[1] + carried.mask.shape[0])
    sheets = np.zeros((2, bottom - top, right - left), dtype=np.uint8)
    for sheet, mask, (x, y) in (
        (sheets[0], new.mask, (-left, -top)),
        (sheets[1], carried.mask, (shift[0] - left, shift[1] - top)),
    ):
        sheet[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
    place = new.placement
    box = [
        new_share * edge + (1 - new_share) * before
        for edge, before in zip(new.box_xyxy, carried.box_xyxy, strict=True)
    ]
    weighted = cv2.addWeighted(sheets[0], new_share, sheets[1], 1 - new_share, 0)
    # Each mask reaches somewhere else: kept whole, they would grow with every answer.
    columns, rows = _trimmed(np.asarray(weighted, dtype=np.uint8))
    return replace(
        new,
        box_xyxy=(box[0], box[1], box[2], box[3]),
        mask=np.asarray(weighted[rows, columns], dtype=np.uint8),
        placement=MaskPlacement(
            place.left_px + (left + columns.start) * place.cell_width_px,
            place.top_px + (top + rows.start) * place.cell_height_px,
            place.cell_width_px,
            place.cell_height_px,
        ),
    )


def _trimmed(mask: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The columns and rows of a mask in which it is more than `TRACE`, and one more around."""
    left, top, width, height = cv2.boundingRect((mask > TRACE).view(np.uint8))
    return (
        slice(max(0, left - 1), min(mask.shape[1], left + width + 1)),
        slice(max(0, top - 1), min(mask.shape[0], top + height + 1)),
    )


def _shared(here: int, there: int, shift: int) -> tuple[slice, slice] | None:
    """The cells of two stretches that lie on each other, the second one `shift` further on."""
    first, last = max(0, shift), min(here, shift + there)
    if first >= last:
        return None
    return slice(first, last), slice(first - shift, last - shift)
