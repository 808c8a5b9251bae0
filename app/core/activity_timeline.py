"""Where in a recording which activity was told, as far as it was played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import Result, Snapshot

CELLS = 1000
"""Of equal length over the recording: no bar on a screen tells more of them apart."""
JOINED_S = 0.5
"""Cells between two pictures that are shown one so soon after the other belong to the later one."""

Cells = NDArray[np.uint8]
"""(`CELLS`,): 0 where nothing was told yet, else one more than the activity's index in the card."""


class ActivityTimeline:
    """Collects what was told at each displayed picture of one recording by one model.

    Another recording, or another model, begins anew. On one thread.
    """

    def __init__(self) -> None:
        self._of: tuple[int, str] | None = None
        self._cells: Cells | None = None
        self._before_s: float | None = None

    def noted(self, snapshot: Snapshot, told: Result | None) -> Cells | None:
        """Takes what stands at the picture, and answers what is known by now.

        Args:
            snapshot: what is displayed.
            told: the answer whose activity stands at it, see `activity_words.telling`.

        Returns:
            Cells that are replaced whole, never written to, and the same object while nothing new
            was told; None for a live source, and for a model that knows no activities.
        """
        frame, info, card = snapshot.frame, snapshot.source.info, snapshot.model.card
        duration_s = info.duration_s if info is not None else None
        if (
            frame is None
            or frame.media_s is None
            or not duration_s
            or card is None
            or not card.activities
        ):
            self._cells = None
            return None
        if self._cells is None or self._of != (frame.source_id, card.sha256):
            self._of, self._cells = (frame.source_id, card.sha256), np.zeros(CELLS, np.uint8)
            self._before_s = None
        name = None if told is None else told.prediction.activity
        if name in card.activities:
            since = self._since(frame.media_s, duration_s)
            self._cells = _filled(self._cells, since, 1 + card.activities.index(name))
        else:
            self._before_s = None
        return self._cells

    def _since(self, time_s: float, duration_s: float) -> slice:
        """The cells from the picture before up to this one's."""
        before_s, self._before_s = self._before_s, time_s
        last = first = _cell(time_s, duration_s)
        if before_s is not None and 0 < time_s - before_s <= JOINED_S:
            first = min(_cell(before_s, duration_s) + 1, last)
        return slice(first, last + 1)


def _filled(cells: Cells, part: slice, value: int) -> Cells:
    if (cells[part] == value).all():
        return cells
    cells = cells.copy()
    cells[part] = value
    return cells


def _cell(time_s: float, duration_s: float) -> int:
    return min(max(int(time_s / duration_s * CELLS), 0), CELLS - 1)
