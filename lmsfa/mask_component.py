"""Of a whole mask the one piece that is the instance, and which of two instances are the same."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lmsfa.prediction import MASK_CUT
from lmsfa.upsampling import Probability, Window


@dataclass(frozen=True, slots=True)
class Component:
    """One connected piece of a mask.

    Attributes:
        mask: (h, w) uint8 probability 0..255: the piece, and one cell around it where there is one.
        window: rows and columns of the coarse grid that `mask` lies on.
        cells: how many reach one half.
    """

    mask: Probability
    window: Window
    cells: int

    def shared_cells(self, other: Component) -> int:
        """Cells that reach one half in both."""
        spans = [
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(self.window, other.window, strict=True)
        ]
        if any(span.start >= span.stop for span in spans):
            return 0
        first, second = (
            part.mask[
                tuple(
                    slice(span.start - start.start, span.stop - start.start)
                    for span, start in zip(spans, part.window, strict=True)
                )
            ]
            for part in (self, other)
        )
        return int(np.count_nonzero((first >= MASK_CUT) & (second >= MASK_CUT)))

    def shared_by(self, other: Component) -> float:
        """Share of the smaller one that lies in both, 0..1."""
        return self.shared_cells(other) / max(1, min(self.cells, other.cells))


def component(mask: Probability, window: Window, inside: Window) -> Component | None:
    """The piece of a mask that has most cells in the instance's box; None where it has none.

    Args:
        mask: (h, w) uint8 probability.
        window: where it lies on the coarse grid.
        inside: rows and columns of the grid that the box covers.
    """
    sure = (mask >= MASK_CUT).view(np.uint8)
    count, labels = cv2.connectedComponents(sure, connectivity=4)
    box = tuple(
        slice(max(0, part.start - origin.start), max(0, part.stop - origin.start))
        for part, origin in zip(inside, window, strict=True)
    )
    shares = np.bincount(labels[box].ravel(), minlength=count)[1:]
    if not shares.any():
        return None
    cells = (labels == 1 + shares.argmax()).view(np.uint8)
    left, top, width, height = cv2.boundingRect(cells)
    rows, columns = _ring(top, height, mask.shape[0]), _ring(left, width, mask.shape[1])
    piece = mask[rows, columns].copy()
    if count > 2:
        # Other pieces go whole; what is under one half stays, so that the border keeps its place.
        piece[sure[rows, columns] != cells[rows, columns]] = 0
    return Component(
        piece,
        (
            slice(window[0].start + rows.start, window[0].start + rows.stop),
            slice(window[1].start + columns.start, window[1].start + columns.stop),
        ),
        cv2.countNonZero(cells),
    )


def _ring(start: int, length: int, there: int) -> slice:
    return slice(max(0, start - 1), min(there, start + length + 1))


def is_cut(found: Component, window: Window, grid: tuple[int, int]) -> bool:
    """Whether a piece goes on beyond the window that it was looked for in.

    Args:
        found: in that window.
        window: of the grid.
        grid: its rows and columns.
    """
    sure = found.mask >= MASK_CUT
    edges = (sure[0], sure[-1], sure[:, 0], sure[:, -1])
    # A ring of one cell lies around the piece wherever the window has it.
    ends = zip(found.window, window, grid, strict=True)
    reached = [
        reach
        for part, whole, length in ends
        for reach in (
            part.start == whole.start and whole.start > 0,
            part.stop == whole.stop and whole.stop < length,
        )
    ]
    return any(reach and edge.any() for reach, edge in zip(reached, edges, strict=True))
