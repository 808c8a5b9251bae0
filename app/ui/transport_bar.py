"""Playing a recording: pause, step, seek, and whether the picture waits for the model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QVBoxLayout,
    QWidget,
)

from app.core.snapshot import PlaybackMode, SourceState
from app.ui.activity_lanes import ActivityLanes
from app.ui.scene import Scene
from app.ui.theme import button, icon

TICKS_PER_S = 100
"""The seek bar counts hundredths of a second."""
WIDTH_FOR_ALL_PX = 930
"""In a narrower bar the seek bar needs the room of the buttons that skip; their keys remain."""
NARROWEST_PX = 700


class SeekBar(QSlider):
    """A slider that goes where it is touched, as fingers expect.

    Signals:
        sought: time_s under the finger, at the press and while it moves.
    """

    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Position in the recording")
        self.setMinimumWidth(120)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Goes to the touched position."""
        self.setSliderDown(True)
        self._seek_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Follows the finger."""
        self._seek_to(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Lets the recording lead again."""
        self.setSliderDown(False)

    @property
    def way(self) -> tuple[float, float]:
        """Where the handle's middle is at the start, and how far it goes, pixels."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        return handle.width() / 2, max(1, self.width() - handle.width())

    def _seek_to(self, event: QMouseEvent) -> None:
        start, length = self.way
        along = min(max(event.position().x() - start, 0), length)
        value = round(along / length * self.maximum())
        self.setValue(value)
        self.sought.emit(value / TICKS_PER_S)


class TransportBar(QWidget):
    """The buttons of a recording; the window hides it for live sources.

    Signals:
        play_toggled: play or pause.
        stepped: frames to go, -1 or 1.
        skipped: seconds to go, negative for back.
        sought: time_s to go to.
        mode_chosen: a `PlaybackMode`.
    """

    play_toggled = Signal()
    stepped = Signal(int)
    skipped = Signal(float)
    sought = Signal(float)
    mode_chosen = Signal(PlaybackMode)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("transportBar")
        # Set by hand, for the layout would ask for room for the buttons that a narrow bar hides.
        self.setMinimumWidth(NARROWEST_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._play = button("", "Play or pause (Space)", icon_name="pause")
        self._play.clicked.connect(self.play_toggled)
        self._is_playing = True
        self.seek_bar = SeekBar()
        self.seek_bar.sought.connect(self.sought)
        self._lanes = ActivityLanes()
        self._times = QLabel()
        self._times.setObjectName("times")
        self._modes = self._mode_buttons()
        back = self._skip(-5, "Left"), self._skip(-1, "Shift+Left")
        forward = self._skip(1, "Shift+Right"), self._skip(5, "Right")
        self._skips = (*back, *forward)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 0, 12, 0)
        whole.setSpacing(0)
        whole.addWidget(self._lanes)
        row = QHBoxLayout()
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(6)
        whole.addLayout(row)
        steps = self._step(-1, "step-back", ","), self._step(1, "step-forward", ".")
        for widget in (*back, steps[0], self._play, steps[1], *forward):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self.seek_bar, stretch=1)
        row.addSpacing(8)
        row.addWidget(self._times)
        row.addSpacing(8)
        for mode_button in self._modes.values():
            row.addWidget(mode_button)

    def show_scene(self, scene: Scene) -> None:
        """Shows where the recording is and how it plays; hides for a live source."""
        source, frame = scene.snapshot.source, scene.snapshot.frame
        duration_s = source.info.duration_s if source.info is not None else None
        self.setVisible(duration_s is not None)
        if duration_s is None:
            return
        self._show_position(frame.media_s or 0.0 if frame is not None else 0.0, duration_s)
        self._show_playing(playing=source.state is SourceState.PLAYING)
        self._show_activities(scene)
        for mode, press in self._modes.items():
            press.setChecked(mode is scene.mode)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leaves the seek bar room to be hit."""
        super().resizeEvent(event)
        for press in self._skips:
            press.setVisible(self.width() >= WIDTH_FOR_ALL_PX)

    def _show_position(self, time_s: float, duration_s: float) -> None:
        self.seek_bar.setMaximum(max(1, round(duration_s * TICKS_PER_S)))
        if not self.seek_bar.isSliderDown():
            self.seek_bar.setValue(round(time_s * TICKS_PER_S))
        self._times.setText(f"{clock(time_s)} / {clock(duration_s)}")

    def _show_activities(self, scene: Scene) -> None:
        card = scene.snapshot.model.card
        if card is None or scene.timeline is None:
            self._lanes.hide()
            return
        start, length = self.seek_bar.way
        left = self.seek_bar.x() - self._lanes.x() + start
        self._lanes.show_lanes(card.activities, scene.timeline, scene.told, (left, length))

    def _show_playing(self, *, playing: bool) -> None:
        if playing != self._is_playing:
            self._is_playing = playing
            self._play.setIcon(icon("pause" if playing else "play"))

    def _mode_buttons(self) -> dict[PlaybackMode, QPushButton]:
        live = button("Live", "Live: the picture never waits for the model", checkable=True)
        locked = button("Locked", "Locked: every frame waits for its own answer", checkable=True)
        for press in (live, locked):
            press.setMinimumWidth(100)
        live.clicked.connect(lambda: self.mode_chosen.emit(PlaybackMode.LIVE))
        locked.clicked.connect(lambda: self.mode_chosen.emit(PlaybackMode.LOCKED))
        return {PlaybackMode.LIVE: live, PlaybackMode.LOCKED: locked}

    def _skip(self, seconds: int, key: str) -> QPushButton:
        sign = "+" if seconds > 0 else "−"
        where = "forward" if seconds > 0 else "back"
        press = button(f"{sign}{abs(seconds)} s", f"{abs(seconds)} s {where} ({key})")
        press.setProperty("small", True)
        press.setFixedWidth(54)
        press.clicked.connect(lambda: self.skipped.emit(float(seconds)))
        return press

    def _step(self, frames: int, icon_name: str, key: str) -> QPushButton:
        where = "forward" if frames > 0 else "back"
        press = button("", f"One frame {where} ({key})", icon_name=icon_name)
        press.clicked.connect(lambda: self.stepped.emit(frames))
        return press


def clock(time_s: float) -> str:
    """Minutes, seconds and tenths: 1:02.5."""
    tenths = int(max(0.0, time_s) * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
