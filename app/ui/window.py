"""The window: puts the parts together and wires them; decides nothing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.caption import system_title
from app.core.frame import Frame
from app.ui import file_choice
from app.ui.answer_chips import AnswerChips
from app.ui.banner import BannerStack
from app.ui.chips import Chips
from app.ui.controller import Controller
from app.ui.keyboard import Keyboard
from app.ui.scene import Scene
from app.ui.side_column import SideColumn
from app.ui.source_bar import SourceBar
from app.ui.state_mark import ChipRow
from app.ui.status_line import StatusLine
from app.ui.style_choice import next_names
from app.ui.transport_bar import TransportBar
from app.ui.video_view import VideoView
from lmsfa.card import ModelCard


class Window(QWidget):
    """The operating-room window.

    Args:
        controller: decides what is shown; the window starts and stops it.
    """

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.setWindowTitle(_title(None))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.resize(1600, 1000)
        self._controller = controller
        self.source_bar = SourceBar()
        self.view = VideoView()
        self.chips = ChipRow()
        self.answer_chips = AnswerChips()
        self.top = BannerStack()
        self.bottom = BannerStack()
        self.transport = TransportBar()
        self.column = SideColumn()
        self.status = StatusLine()
        self._keyboard = Keyboard(
            controller,
            full_screen=self.toggle_full_screen,
            keys=self.column.toggle_keys,
            open_file=self._ask_recording,
        )
        self._lay_out()
        self._wire_sources()
        self._wire_decisions()
        controller.fit_layers(self.view.shown_size)
        controller.start(self.show_scene, self.show_bare)

    def show_scene(self, scene: Scene) -> None:
        """Hands every part what it shows."""
        snapshot = scene.snapshot
        self.view.show_frame(snapshot.frame, scene.layer, snapshot.expires_s)
        self.chips.show_chips(scene.chips)
        self.answer_chips.show_scene(scene)
        self.top.show_notices(scene.top)
        self.bottom.show_notices(scene.bottom)
        self.source_bar.show_source(snapshot.source)
        self.status.show_state(scene.ai, snapshot.model)
        self.setWindowTitle(_title(snapshot.model.card))
        self.column.show_scene(scene)
        self.transport.show_scene(scene)

    def show_bare(self, frame: Frame | None, chips: Chips) -> None:
        """Shows the picture without overlay and these words; everything else stays as it is."""
        self.view.show_frame(frame, None)
        self.chips.show_chips(chips)
        self.answer_chips.withdraw()

    def toggle_full_screen(self) -> None:
        """Fills the screen, or comes back."""
        whole = not self.isFullScreen()
        self.source_bar.setVisible(not whole)
        if whole:
            self.showFullScreen()
        else:
            self.showNormal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Hands keys to the keyboard."""
        if not self._keyboard.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Hands keys to the keyboard."""
        if not self._keyboard.release(event):
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Ends the raw picture with the focus: a key let go elsewhere is never reported."""
        if event.type() is QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._controller.hold_raw(held=False)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Shows nothing any more; the workers end after the window is gone."""
        self._controller.stop()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        stage = QGridLayout()
        stage.setContentsMargins(0, 0, 0, 0)
        stage.addWidget(self.view, 0, 0)
        over = QVBoxLayout()
        over.setSpacing(0)
        over.addWidget(self.top)
        over.addWidget(self.chips, alignment=Qt.AlignmentFlag.AlignLeft)
        over.addStretch()
        # Away from the alarms, and from where sources sign their pictures.
        over.addWidget(self.answer_chips, alignment=Qt.AlignmentFlag.AlignRight)
        over.addWidget(self.bottom)
        stage.addLayout(over, 0, 0)
        picture = QVBoxLayout()
        picture.setSpacing(0)
        picture.addLayout(stage, stretch=1)
        picture.addWidget(self.transport)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(picture, stretch=1)
        middle.addWidget(self.column)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.source_bar)
        whole.addLayout(middle, stretch=1)
        whole.addWidget(self.status)

    def _wire_sources(self) -> None:
        bar = self.source_bar
        bar.file_asked.connect(self._ask_recording)
        bar.folder_asked.connect(lambda: file_choice.ask_folder(self, self._controller.open))
        bar.weights_asked.connect(lambda: file_choice.ask_weights(self, self._load))
        bar.camera_asked.connect(self.column.show_camera)
        bar.keys_asked.connect(self.column.toggle_keys)
        bar.self_test_asked.connect(self.column.toggle_self_test)
        bar.about_asked.connect(self.column.toggle_about)
        bar.full_screen_asked.connect(self.toggle_full_screen)
        self.column.camera.chosen.connect(self._controller.open)
        self.column.camera.chosen.connect(self.column.show_structures)

    def _wire_decisions(self) -> None:
        controller, column, transport = self._controller, self.column, self.transport
        self.view.painted.connect(controller.note_painted)
        self.top.answered.connect(controller.answer)
        self.bottom.answered.connect(controller.answer)
        column.ai_pressed.connect(controller.press_ai_off)
        column.self_test.started.connect(controller.make_room)
        column.self_test.answered.connect(controller.take_back)
        column.raw_held.connect(lambda held: controller.hold_raw(held=held))
        column.structures.toggled.connect(controller.toggle_structure)
        column.structures.only.connect(controller.show_only)
        column.structures.all_on.connect(controller.show_all)
        column.structures.names_pressed.connect(lambda: controller.restyle(next_names))
        column.look.mode_chosen.connect(controller.choose_overlay_mode)
        column.look.opacity_stepped.connect(controller.step_opacity)
        transport.play_toggled.connect(controller.toggle_play)
        transport.stepped.connect(controller.step)
        transport.skipped.connect(controller.skip)
        transport.sought.connect(controller.seek)
        transport.mode_chosen.connect(controller.choose_mode)

    def _ask_recording(self) -> None:
        file_choice.ask_recording(self, self._controller.open)

    def _load(self, path: str) -> None:
        self._controller.load(Path(path))


def _title(card: ModelCard | None) -> str:
    overlay = "Overlay" if card is None else f"{system_title(card)} overlay"
    return f"{overlay} - research use only"
