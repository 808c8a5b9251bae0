"""The right-hand column: figures above, structures or a page in the middle, AI OFF always below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.ui.camera_sheet import CameraSheet
from app.ui.gauge import Gauge
from app.ui.look_panel import LookPanel
from app.ui.scene import Scene
from app.ui.self_test.panel import SelfTestPanel
from app.ui.sheet import about_sheet, keys_sheet, self_test_sheet
from app.ui.structure_panel import StructurePanel
from app.ui.theme import button

WIDTH_PX = 372
HEIGHT_FOR_STRIP_PX = 720
AI_BUTTON = "AI OFF  (Esc)"
AI_BUTTON_LATCHED = " AI is OFF"


class SideColumn(QWidget):
    """Everything that a hand touches during a case.

    Signals:
        ai_pressed: the AI OFF button.
        raw_held: True when the raw button goes down, False when it comes up.
    """

    ai_pressed = Signal()
    raw_held = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("column")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH_PX)
        self.gauge = Gauge()
        self.structures = StructurePanel()
        self.look = LookPanel()
        self.camera = CameraSheet()
        self._keys = keys_sheet()
        self.self_test = SelfTestPanel()
        self._self_test = self_test_sheet(self.self_test)
        self._about = about_sheet()
        self._pages = QStackedWidget()
        self._home = _stacked(self.structures, self.look)
        for page in (self._home, self.camera, self._keys, self._self_test, self._about):
            self._pages.addWidget(_scrolled(page))
        for sheet in (self.camera, self._keys, self._self_test, self._about):
            sheet.closed.connect(self.show_structures)
        self._raw = button("Raw  (H)", "Raw picture while held (H)", icon_name="eye")
        self._raw.pressed.connect(lambda: self.raw_held.emit(True))
        self._raw.released.connect(lambda: self.raw_held.emit(False))
        self._ai = button(AI_BUTTON, "Withdraw the overlay at once (Esc, F12)", icon_name="ai-off")
        self._ai.setObjectName("aiSwitch")
        self._ai.clicked.connect(self.ai_pressed)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(10)
        column.addWidget(self.gauge)
        column.addWidget(self._pages, stretch=1)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self._raw)
        bottom.addWidget(self._ai, stretch=1)
        column.addLayout(bottom)

    def show_scene(self, scene: Scene) -> None:
        """Shows figures, structures and the state of the AI switch."""
        self.gauge.show_scene(scene)
        self.structures.show_structures(scene.snapshot.model.card, scene.style)
        self.look.show_style(scene.style)
        if self._ai.property("latched") != scene.ai_off:
            self._ai.setProperty("latched", scene.ai_off)
            self._ai.setText(AI_BUTTON_LATCHED if scene.ai_off else f" {AI_BUTTON}")
            self._ai.style().polish(self._ai)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """On a low screen the structures need the curve's room more."""
        super().resizeEvent(event)
        self.gauge.strip.setVisible(self.height() >= HEIGHT_FOR_STRIP_PX)

    def show_structures(self) -> None:
        """Goes back from a page to the structures."""
        self._turn_to(self._home)

    def show_camera(self) -> None:
        """Opens the page of cameras and streams."""
        self.camera.look()
        self._turn_to(self.camera)

    def toggle_keys(self) -> None:
        """Opens the page of keys, or leaves it."""
        self._toggle(self._keys)

    def toggle_self_test(self) -> None:
        """Opens the page that tries the program's promises here, or leaves it."""
        self._toggle(self._self_test)

    def toggle_about(self) -> None:
        """Opens the page that says what this is, or leaves it."""
        self._toggle(self._about)

    def _toggle(self, page: QWidget) -> None:
        self._turn_to(self._home if page.isVisible() else page)

    def _turn_to(self, page: QWidget) -> None:
        for place in range(self._pages.count()):
            scroll = self._pages.widget(place)
            if isinstance(scroll, QScrollArea) and scroll.widget() is page:
                self._pages.setCurrentIndex(place)
        self.window().setFocus()


def _stacked(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(14)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch()
    return page


def _scrolled(page: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidget(page)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll
