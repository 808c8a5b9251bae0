"""A row for every structure that the loaded model knows: on or off, colour, key, name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.theme import PALETTE, TOUCH_PX, button
from lmsfa.card import ClassSpec, ModelCard
from lmsfa.overlay import OverlayStyle
from lmsfa.palette import colour_lines

NAMES_PX = 128
LAST_KEY = 9
"""Structures beyond the ninth have no key; they are switched in the panel."""


class StructureSwitch(QAbstractButton):
    """One structure's check box, colour, key and name; the whole row is the touch target."""

    def __init__(self, class_id: int, spec: ClassSpec) -> None:
        super().__init__()
        self.setText(spec.name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(TOUCH_PX)
        self._colour = QColor(*spec.colour)
        self._key = str(class_id + 1) if class_id < LAST_KEY else ""
        self.setToolTip(f"{spec.name} on or off" + (f" ({self._key})" if self._key else ""))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough for the name beside box, swatch and key."""
        return QSize(120 + self.fontMetrics().horizontalAdvance(self.text()), TOUCH_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Draws the row; a structure that is off is hollow, dim and says so by its empty box."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isDown() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(PALETTE.raised))
            painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        middle = self.height() / 2
        self._draw_box(painter, QRectF(8, middle - 11, 22, 22))
        self._draw_swatch(painter, QRectF(44, middle - 11, 34, 22))
        self._draw_words(painter)
        painter.end()

    def _draw_box(self, painter: QPainter, box: QRectF) -> None:
        on = self.isChecked()
        painter.setPen(QPen(QColor(PALETTE.text if on else PALETTE.quiet), 2))
        painter.setBrush(QColor(PALETTE.text) if on else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 5, 5)
        if on:
            painter.setPen(
                QPen(QColor(PALETTE.panel), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
            )
            corner = box.topLeft()
            painter.drawPolyline(
                [
                    corner + QPointF(5.5, 11.5),
                    corner + QPointF(9.5, 15.5),
                    corner + QPointF(16.5, 7),
                ]
            )

    def _draw_swatch(self, painter: QPainter, swatch: QRectF) -> None:
        fill = QColor(self._colour)
        fill.setAlpha(90 if self.isChecked() else 0)
        outline = QColor(self._colour)
        outline.setAlpha(255 if self.isChecked() else 110)
        painter.setPen(QPen(outline, 3))
        painter.setBrush(fill)
        painter.drawRoundedRect(swatch, 5, 5)

    def _draw_words(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(19)
        painter.setFont(font)
        painter.setPen(QColor(PALETTE.text if self.isChecked() else PALETTE.quiet))
        room = self.rect().adjusted(94, 0, -32, 0)
        name = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(QColor(PALETTE.quiet))
        beside = self.rect().adjusted(0, 0, -10, 0)
        painter.drawText(
            beside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._key
        )


class StructureRow(QWidget):
    """A structure's switch, and the button that leaves only this structure on."""

    def __init__(self, class_id: int, spec: ClassSpec) -> None:
        super().__init__()
        self.switch = StructureSwitch(class_id, spec)
        key = f" (Shift+{class_id + 1})" if class_id < LAST_KEY else ""
        self.solo = button("only", f"Only {spec.name}{key}")
        self.solo.setProperty("small", True)
        self.solo.setProperty("bare", True)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.switch, stretch=1)
        line.addWidget(self.solo)


class StructurePanel(QWidget):
    """The switches of all structures of one card.

    Signals:
        toggled: a class id was switched.
        only: a class id is to be the only one on.
        all_on: every structure is to be on.
        names_pressed: the next choice of names is to stand at the picture.
    """

    toggled = Signal(int)
    only = Signal(int)
    all_on = Signal()
    names_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._card: ModelCard | None = None
        self._rows: list[StructureRow] = []
        self._all = button("All", "All structures on (0)")
        self._all.setProperty("small", True)
        self._all.clicked.connect(self.all_on)
        self._all.hide()
        self.names = button("", "Names at the picture: rare and small ones, all, none (n)")
        self.names.setProperty("small", True)
        # Wide enough for each of its words: what a finger aims at stays where it is.
        self.names.setMinimumWidth(NAMES_PX)
        self.names.clicked.connect(self.names_pressed)
        self.names.hide()
        self._empty = QLabel("No model is loaded: nothing can be marked.")
        self._empty.setProperty("role", "quiet")
        self._empty.setWordWrap(True)
        self._alike = QLabel()
        self._alike.setProperty("role", "quiet")
        self._alike.setWordWrap(True)
        self._alike.hide()
        heading = QLabel("STRUCTURES")
        heading.setProperty("role", "heading")
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch()
        top.addWidget(self.names)
        top.addWidget(self._all)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self._empty)
        column.addLayout(self._list)
        column.addWidget(self._alike)

    @property
    def switches(self) -> tuple[StructureSwitch, ...]:
        """The rows, in the order of the card's classes."""
        return tuple(row.switch for row in self._rows)

    def show_structures(self, card: ModelCard | None, style: OverlayStyle) -> None:
        """Shows the card's structures, the hidden ones as off, and whose names are wanted."""
        if card is not self._card:
            self._card = card
            self._rebuild(card)
        for class_id, switch in enumerate(self.switches):
            switch.setChecked(class_id not in style.hidden)
        self.names.setText(f"Names: {style.names.name.lower()}")

    def _rebuild(self, card: ModelCard | None) -> None:
        for row in self._rows:
            row.hide()
            self._list.removeWidget(row)
            row.deleteLater()
        classes = card.classes if card is not None else ()
        self._rows = [self._row(class_id, spec) for class_id, spec in enumerate(classes)]
        for row in self._rows:
            self._list.addWidget(row)
        self._all.setVisible(bool(classes))
        self.names.setVisible(bool(classes))
        self._empty.setVisible(not classes)
        lines = colour_lines(card) if card is not None else ()
        self._alike.setText(lines[0] if lines else "")
        self._alike.setToolTip(lines[1] if lines else "")
        self._alike.setVisible(bool(lines))

    def _row(self, class_id: int, spec: ClassSpec) -> StructureRow:
        row = StructureRow(class_id, spec)
        row.switch.clicked.connect(lambda: self.toggled.emit(class_id))
        row.solo.clicked.connect(lambda: self.only.emit(class_id))
        return row
