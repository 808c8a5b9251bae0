"""One source of the list: a button that opens it, and its modes, unfolded on demand."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.sources.listing import ListedSource
from app.core.sources.modes import ANY_MODE, Mode
from app.ui.theme import TOUCH_PX, button


class SourceEntry(QWidget):
    """A source's name, what to know of it, and a button for each of its modes.

    Signals:
        chosen: the source's spec, with that of the mode that was pressed.
    """

    chosen = Signal(str)

    def __init__(self, source: ListedSource) -> None:
        super().__init__()
        self._source = source
        self.opener = button(source.name, f"Open {source.spec}, {source.name}", icon_name="camera")
        self.opener.clicked.connect(partial(self._choose, ANY_MODE))
        self.unfold = button("Modes", f"Choose a mode of {source.name}", checkable=True)
        self.unfold.setMinimumWidth(2 * TOUCH_PX)
        self.unfold.setVisible(bool(source.modes))
        self.modes = [self._mode_button(mode) for mode in source.modes]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.opener)
        note = QLabel(", ".join(filter(None, (source.spec, source.note))))
        note.setProperty("role", "quiet")
        note.setWordWrap(True)
        below = QHBoxLayout()
        below.addWidget(note, stretch=1)
        below.addWidget(self.unfold)
        column.addLayout(below)
        for press in self.modes:
            column.addWidget(press)
            self.unfold.toggled.connect(press.setVisible)

    def _mode_button(self, mode: Mode) -> QPushButton:
        made = button(mode.words, f"Open {self._source.spec}{mode.spec}")
        made.clicked.connect(partial(self._choose, mode))
        made.hide()
        return made

    def _choose(self, mode: Mode, _checked: bool = False) -> None:
        self.chosen.emit(f"{self._source.spec}{mode.spec}")
