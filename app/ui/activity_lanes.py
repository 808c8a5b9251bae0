"""Over the seek bar a lane an activity: where it was told, as far as the recording was played."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.activity_timeline import Cells
from app.ui.theme import PALETTE

LANE_PX = 18
GAP_PX = 3
ROOM_PX = 96
"""All lanes together take no more from the picture."""
LEAST_LANE_PX = 9
NAMES_GAP_PX = 10
TOP_PX = 6


class ActivityLanes(QWidget):
    """Names on the left, lanes as wide as the way of the seek bar's handle.

    What is told at the picture now is bright, everything else quiet: colours are for structures.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAccessibleName("Where in the recording which activity was told")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names: tuple[str, ...] = ()
        self._cells: Cells | None = None
        self._now = 0
        self._way = 0.0, 1.0
        self.hide()

    def show_lanes(
        self, names: tuple[str, ...], cells: Cells, now: str | None, way: tuple[float, float]
    ) -> None:
        """Shows what was told so far.

        Args:
            names: of the activities, in the card's order.
            cells: see `ActivityTimeline`.
            now: the activity that stands at the picture; None for none.
            way: left end and length of the seek bar's way, pixels in this widget.
        """
        self.show()
        number = 1 + names.index(now) if now in names else 0
        shown = self._names, self._now, self._way
        if cells is self._cells and (names, number, way) == shown:
            return
        if names != self._names:
            self.setFixedHeight(TOP_PX + len(names) * (_lane_px(len(names)) + GAP_PX))
        self._names, self._cells, self._now, self._way = names, cells, number, way
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Draws names and lanes."""
        if self._cells is None:
            return
        painter = QPainter(self)
        lane_px, (left, length) = _lane_px(len(self._names)), self._way
        font = painter.font()
        font.setPixelSize(max(LEAST_LANE_PX, lane_px - 4))
        painter.setFont(font)
        for index, name in enumerate(self._names):
            top = TOP_PX + index * (lane_px + GAP_PX)
            is_now = index + 1 == self._now
            colour = QColor(PALETTE.text if is_now else PALETTE.quiet)
            painter.setPen(colour)
            room = QRectF(0, top - GAP_PX / 2, left - NAMES_GAP_PX, lane_px + GAP_PX)
            shown = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideMiddle, int(room.width())
            )
            painter.drawText(
                room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown
            )
            lane = QRectF(left, top, length, lane_px)
            painter.fillRect(lane, QColor(PALETTE.raised))
            painter.drawImage(lane, _told(self._cells == index + 1, colour))
        painter.end()


def _told(where: np.ndarray, colour: QColor) -> QImage:
    """One row of pixels, of this colour where it was told and else transparent."""
    row = np.where(where, np.uint32(colour.rgba()), np.uint32(0))
    image = QImage(row.data, len(row), 1, 4 * len(row), QImage.Format.Format_ARGB32)
    # The row's memory ends with this call.
    return image.copy()


def _lane_px(count: int) -> int:
    return max(LEAST_LANE_PX, min(LANE_PX, ROOM_PX // max(1, count) - GAP_PX))
