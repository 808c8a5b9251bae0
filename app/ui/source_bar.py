"""The bar above the picture: where pictures and weights come from, and help."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from app.core.snapshot import SourceStatus
from app.ui.banner import OneLine
from app.ui.state_words import SOURCE_WORDS
from app.ui.theme import button


class SourceBar(QWidget):
    """Buttons for sources, weights and help, with the open source's name and form between them.

    Signals:
        file_asked, folder_asked, camera_asked, weights_asked, full_screen_asked: the button of
            that name was pressed.
        keys_asked, self_test_asked, about_asked: chosen under Help.
    """

    file_asked = Signal()
    folder_asked = Signal()
    camera_asked = Signal()
    weights_asked = Signal()
    keys_asked = Signal()
    self_test_asked = Signal()
    about_asked = Signal()
    full_screen_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sourceBar")
        self._name = OneLine("")
        self._name.setProperty("role", "quiet")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(2)
        for press, asked in (
            (_bare("File", "Open a recording (Ctrl+O)", "open-file"), self.file_asked),
            (_bare("Folder", "Open a folder of pictures", "open-folder"), self.folder_asked),
            (
                _bare("Camera", "Choose a camera, capture card, the screen or a stream", "camera"),
                self.camera_asked,
            ),
            (_bare("Weights", "Choose a model's weights", "weights"), self.weights_asked),
        ):
            press.clicked.connect(asked)
            row.addWidget(press)
        row.addSpacing(12)
        row.addWidget(self._name, stretch=1)
        self.help = _bare("Help", "Keys, self-test, about", "info")
        self.help.setMenu(self._help_menu())
        row.addWidget(self.help)
        full_screen = _bare("", "Full screen (f, F11)", "full-screen")
        full_screen.clicked.connect(self.full_screen_asked)
        row.addWidget(full_screen)

    def _help_menu(self) -> QMenu:
        menu = QMenu(self)
        for text, asked in (
            ("Keys  (?)", self.keys_asked),
            ("Self-test", self.self_test_asked),
            ("About", self.about_asked),
        ):
            menu.addAction(text).triggered.connect(asked)
        return menu

    def show_source(self, source: SourceStatus) -> None:
        """Shows the open source's name, size and rate, or that there is none."""
        self._name.show_line(source_words(source))


def source_words(source: SourceStatus) -> str:
    """Name, size and rate of a source: "clip.mkv · 512 × 512 · 25 fps"; else why there is none."""
    info = source.info
    if info is None:
        return SOURCE_WORDS[source.state].lower()
    parts = [info.name]
    if info.width and info.height:
        parts.append(f"{info.width} × {info.height}")
    if info.rate_fps:
        parts.append(f"{info.rate_fps:g} fps")
    return " · ".join(parts)


def _bare(text: str, tip: str, icon_name: str) -> QPushButton:
    made = button(text, tip, icon_name=icon_name)
    made.setProperty("bare", True)
    return made
