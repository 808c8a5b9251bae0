"""How the structures are drawn: outline or fill, how strongly, and which with their names."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.theme import button
from lmsfa.naming.names import Names
from lmsfa.overlay import OverlayMode, OverlayStyle

NAMES_PX = 72
"""A button's width: its word is bolder while it is chosen."""


class LookPanel(QWidget):
    """Outline, fill or both, the opacity in steps of a tenth, and whose names stand at the picture.

    Signals:
        mode_chosen: an `OverlayMode`.
        names_chosen: a `Names`.
        opacity_stepped: -1 for fainter, 1 for stronger.
    """

    mode_chosen = Signal(OverlayMode)
    names_chosen = Signal(Names)
    opacity_stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._opacity = QLabel()
        self._opacity.setProperty("role", "figure")
        self._modes = {mode: self._mode_button(mode) for mode in OverlayMode}
        self.names = {names: self._names_button(names) for names in Names}
        modes = QHBoxLayout()
        modes.setSpacing(6)
        for press in self._modes.values():
            modes.addWidget(press, stretch=1)
        opacity = QHBoxLayout()
        opacity.setSpacing(6)
        caption = QLabel("Opacity")
        caption.setProperty("role", "quiet")
        opacity.addWidget(caption)
        opacity.addStretch()
        opacity.addWidget(self._step_button("−", "Fainter (-)", -1))
        opacity.addWidget(self._opacity)
        opacity.addWidget(self._step_button("+", "Stronger (=)", 1))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(modes)
        column.addLayout(opacity)
        column.addLayout(self._names_row())

    def show_style(self, style: OverlayStyle) -> None:
        """Shows how structures are drawn now."""
        self._opacity.setText(f"{style.opacity * 100:.0f} %")
        for mode, press in self._modes.items():
            press.setChecked(mode is style.mode)
        for names, press in self.names.items():
            press.setChecked(names is style.names)

    def _names_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        caption = QLabel("Names")
        caption.setProperty("role", "quiet")
        row.addWidget(caption)
        row.addStretch()
        for press in self.names.values():
            row.addWidget(press)
        return row

    def _names_button(self, names: Names) -> QPushButton:
        press = button(names.name.capitalize(), f"Names: {names.value} (n)", checkable=True)
        press.setMinimumWidth(NAMES_PX)
        press.setProperty("small", True)
        press.clicked.connect(lambda: self.names_chosen.emit(names))
        return press

    def _mode_button(self, mode: OverlayMode) -> QPushButton:
        words = mode.name.capitalize()
        press = button(words, f"Draw structures as {words.lower()} (o)", checkable=True)
        press.setProperty("small", True)
        press.clicked.connect(lambda: self.mode_chosen.emit(mode))
        return press

    def _step_button(self, sign: str, tip: str, step: int) -> QPushButton:
        press = button(sign, tip)
        press.clicked.connect(lambda: self.opacity_stepped.emit(step))
        return press
