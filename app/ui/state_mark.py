"""A small sign whose shape says the same as its colour."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.ui.theme import Level

CORNERS = {Level.WATCH: (3, -90.0), Level.BAD: (4, -45.0)}
"""Triangle and square, with the angle of their first corner; good is a disc, quiet a ring."""


class StateMark(QWidget):
    """Disc for good, triangle for watch, square for bad, ring for quiet."""

    def __init__(self, side_px: int = 16) -> None:
        super().__init__()
        self._level = Level.QUIET
        self._side_px = side_px
        self.setFixedSize(QSize(side_px, side_px))
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def show_level(self, level: Level) -> None:
        """Takes the level's shape and colour."""
        if level is not self._level:
            self._level = level
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Draws the sign."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, radius = self._side_px / 2, self._side_px / 2 - 1.5
        colour = self._level.colour
        painter.setPen(QPen(colour, 2, j=Qt.PenJoinStyle.RoundJoin))
        if self._level is not Level.QUIET:
            painter.setBrush(colour)
        if self._level in CORNERS:
            count, first_deg = CORNERS[self._level]
            angles = (math.radians(first_deg + 360 * corner / count) for corner in range(count))
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(middle + radius * math.cos(a), middle + radius * math.sin(a))
                        for a in angles
                    ]
                )
            )
        else:
            painter.drawEllipse(QPointF(middle, middle), radius - 1, radius - 1)
        painter.end()


class Chip(QWidget):
    """A word with its sign on a solid ground, for the picture's corner.

    Args:
        level: shape and colour of the sign.
        text: the word.
        colour: of the word, as #rrggbb; the level's where none is given.
    """

    def __init__(self, level: Level, text: str, colour: str = "") -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        mark = StateMark(18)
        mark.show_level(level)
        self._words = words = QLabel(text)
        words.setObjectName("chipWords")
        words.setStyleSheet(f"color: {colour or level.colour.name()};")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 16, 8)
        row.setSpacing(10)
        row.addWidget(mark)
        row.addWidget(words)

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def show_words(self, text: str) -> None:
        """Says something else."""
        self._words.setText(text)

    def keep_room(self, texts: Iterable[str]) -> None:
        """Becomes no narrower than the widest of these texts needs."""
        self._words.ensurePolished()
        metrics = self._words.fontMetrics()
        self._words.setMinimumWidth(max(map(metrics.horizontalAdvance, texts), default=0))


class ChipRow(QWidget):
    """The words that must stand at the picture itself: AI OFF, PAUSED, ..."""

    def __init__(self) -> None:
        super().__init__()
        self._chips: tuple[tuple[Level, str], ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 12, 12, 12)
        self._row.setSpacing(8)
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        """The words on screen."""
        return tuple(text for _, text in self._chips)

    def show_chips(self, chips: tuple[tuple[Level, str], ...]) -> None:
        """Shows these words, each with its level."""
        if chips == self._chips:
            return
        self._chips = chips
        for old in self.findChildren(Chip):
            old.hide()
            self._row.removeWidget(old)
            old.deleteLater()
        for level, text in chips:
            self._row.addWidget(Chip(level, text))
        self.setVisible(bool(chips))
        self.adjustSize()
