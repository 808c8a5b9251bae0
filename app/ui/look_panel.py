"""How the structures are drawn: outline or fill, and how strongly."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.theme import button
from lmsfa.overlay import OverlayMode, OverlayStyle


class LookPanel(QWidget):
    """Outline, fill or both, and the opacity in steps of a tenth.

    Signals:
        mode_chosen: an `OverlayMode`.
        opacity_stepped: -1 for fainter, 1 for stronger.
    """

    mode_chosen = Signal(OverlayMode)
    opacity_stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._opacity = QLabel()
        self._opacity.setProperty("role", "figure")
        self._modes = {mode: self._mode_button(mode) for mode in OverlayMode}
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

    def show_style(self, style: OverlayStyle) -> None:
        """Shows how structures are drawn now."""
        self._opacity.setText(f"{style.opacity * 100:.0f} %")
        for mode, press in self._modes.items():
            press.setChecked(mode is style.mode)

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
