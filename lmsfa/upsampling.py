"""Coarse probabilities at the frame's pixels, bilinear between the cells' centres."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WHOLE_PX = 1e-6
"""What rounding may leave of a whole number of pixels."""

Probability = NDArray[np.uint8]
Window = tuple[slice, slice]
"""Rows and columns of a frame, ready to index it with."""


@dataclass(frozen=True, slots=True)
class MaskPlacement:
    """Where a coarse mask lies in the frame.

    Cell (row, col) has its centre at x = left_px + (col + 0.5) * cell_width_px,
    y = top_px + (row + 0.5) * cell_height_px.

    Frame coordinates put the centre of pixel (y, x) at (x + 0.5, y + 0.5).
    """

    left_px: float
    top_px: float
    cell_width_px: float
    cell_height_px: float


def cells_around(begin: float, end: float, there: tuple[int, int]) -> slice:
    """The cells that a stretch touches, and one more on both sides, as far as there are any.

    Args:
        begin: of the stretch, in cells.
        end: of the stretch.
        there: the first cell that there is, and the first beyond that there is not.
    """
    first = min(max(there[0], math.floor(begin) - 1), there[1])
    return slice(first, max(first, min(there[1], math.ceil(end) + 1)))


class Paper:
    """Memory for one upsampled mask, used again for the next. On one thread."""

    def __init__(self) -> None:
        self._pixels = np.empty(0, dtype=np.uint8)

    def sheet(self, height: int, width: int) -> Probability:
        """(height, width) of it, with anything on it; valid until the next call."""
        if self._pixels.size < height * width:
            self._pixels = np.empty(height * width, dtype=np.uint8)
        return self._pixels[: height * width].reshape(height, width)


def upsampled(
    masks: Sequence[Probability],
    places: Sequence[MaskPlacement],
    windows: Sequence[Window],
    paper: Paper,
) -> Iterator[Probability]:
    """The probability at every pixel of a part of the frame, for one mask after the other.

    Args:
        masks: (h, w) uint8 each, at least one cell.
        places: where they lie in the frame.
        windows: the parts of the frame, at least one pixel each.
        paper: what to draw on.

    Yields:
        Probability 0..255 in the window's shape, on `paper`: valid until the next one.
    """
    rows = _axis(
        [(place.top_px, place.cell_height_px) for place in places],
        [window[0] for window in windows],
        [mask.shape[0] for mask in masks],
    )
    columns = _axis(
        [(place.left_px, place.cell_width_px) for place in places],
        [window[1] for window in windows],
        [mask.shape[1] for mask in masks],
    )
    for mask, place, window, down, across in zip(
        masks, places, windows, rows, columns, strict=True
    ):
        if down is None or across is None:
            yield _warped(mask, place, window, paper)
            continue
        # Where cells lie on whole pixels, as at 1080 and 720 lines, this is six times as fast.
        sheet = paper.sheet(down.length_px, across.length_px)
        cells = mask[down.cells, across.cells]
        cv2.resize(cells, sheet.shape[::-1], sheet, interpolation=cv2.INTER_LINEAR)
        yield sheet[down.wanted, across.wanted]


@dataclass(slots=True)
class _Side:
    """One side of a window: the cells it needs, their pixels, and which of these are wanted."""

    cells: slice
    length_px: int
    wanted: slice


def _axis(
    starts_and_cells_px: Sequence[tuple[float, float]],
    pixels: Sequence[slice],
    counts: Sequence[int],
) -> list[_Side | None]:
    """A side each; None where cells do not lie on whole pixels or do not cover the window.

    All at once: for small masks this arithmetic would take as long as the interpolation.
    """
    given = np.array(starts_and_cells_px).reshape(-1, 2)
    (start, cell), whole = np.rint(given).astype(np.int64).T, np.abs(given - np.rint(given))
    cell = np.maximum(cell, 1)
    first_px = np.array([side.start for side in pixels])
    last_px = np.array([side.stop for side in pixels])
    count = np.array(counts)
    fits = (whole.max(axis=1) < WHOLE_PX) & (given[:, 1] > 0.5)
    fits &= (first_px >= start) & (last_px <= start + count * cell)
    # The cells whose centres lie around the first and the last pixel's centre.
    first = np.maximum((2 * (first_px - start) + 1 - cell) // (2 * cell), 0)
    last = np.minimum((2 * (last_px - start) - 1 - cell) // (2 * cell) + 2, count)
    before = start + first * cell
    return [
        _Side(slice(a, b), length, slice(c, d)) if fit else None
        for fit, a, b, length, c, d in zip(
            fits.tolist(),
            first.tolist(),
            last.tolist(),
            ((last - first) * cell).tolist(),
            (first_px - before).tolist(),
            (last_px - before).tolist(),
            strict=True,
        )
    ]


def _warped(mask: Probability, place: MaskPlacement, window: Window, paper: Paper) -> Probability:
    top, left = window[0].start, window[1].start
    # The half-pixel terms keep centres on centres; else every mask shifts by half a cell.
    frame_to_cell = np.array(
        [
            [1 / place.cell_width_px, 0, (left + 0.5 - place.left_px) / place.cell_width_px - 0.5],
            [0, 1 / place.cell_height_px, (top + 0.5 - place.top_px) / place.cell_height_px - 0.5],
        ]
    )
    sheet = paper.sheet(window[0].stop - top, window[1].stop - left)
    cv2.warpAffine(
        mask,
        frame_to_cell,
        sheet.shape[::-1],
        sheet,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return sheet
