"""How well it runs: one large number, three smaller ones, and the last minute as a curve."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.snapshot import SourceState
from app.ui.age_strip import AgeStrip
from app.ui.readout import Readings
from app.ui.scene import Scene
from app.ui.state_mark import StateMark
from app.ui.theme import PALETTE
from app.ui.verdicts import (
    Verdict,
    age_verdict,
    availability_verdict,
    delay_verdict,
    dropped_verdict,
    model_verdict,
    picture_verdict,
)

NOTHING = "–"


class VerdictLine(QWidget):
    """A sign and a word in one colour."""

    def __init__(self, *, large: bool = False) -> None:
        super().__init__()
        self._mark = StateMark(18 if large else 14)
        self._word = QLabel()
        self._word.setProperty("role", "large word" if large else "word")
        self._verdict: Verdict | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(7)
        row.addWidget(self._mark)
        row.addWidget(self._word, stretch=1)

    @property
    def word(self) -> str:
        """The word on screen."""
        return self._word.text()

    def show_verdict(self, verdict: Verdict) -> None:
        """Takes a verdict's sign, word and colour."""
        if verdict == self._verdict:
            return
        self._verdict = verdict
        self._mark.show_level(verdict.level)
        self._word.setText(verdict.word)
        self._word.setStyleSheet(f"color: {verdict.level.colour.name()};")


class FigureRow:
    """A caption, a number and its verdict: one row of the gauge's table."""

    def __init__(self, table: QGridLayout, caption: str) -> None:
        row = table.rowCount()
        name = QLabel(caption)
        name.setProperty("role", "quiet")
        self.number = QLabel(NOTHING)
        self.number.setProperty("role", "figure")
        self.verdict = VerdictLine()
        table.addWidget(name, row, 0)
        table.addWidget(self.number, row, 1, Qt.AlignmentFlag.AlignRight)
        table.addWidget(self.verdict, row, 2)

    def show(self, number: str, verdict: Verdict) -> None:
        """Shows a number with its verdict."""
        self.number.setText(number)
        self.verdict.show_verdict(verdict)


class Gauge(QWidget):
    """Picture FPS large; model FPS, overlay age and availability with verdicts; the age's strip."""

    def __init__(self) -> None:
        super().__init__()
        self._readings: Readings | None = None
        self._moving: bool | None = None
        self.number = QLabel(NOTHING)
        self.number.setObjectName("number")
        self.picture = VerdictLine(large=True)
        caption = QLabel("picture FPS")
        caption.setProperty("role", "quiet")
        beside = QVBoxLayout()
        beside.setSpacing(4)
        beside.addStretch()
        beside.addWidget(self.picture)
        beside.addWidget(caption)
        beside.addStretch()
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self.number)
        top.addLayout(beside, stretch=1)
        table = QGridLayout()
        table.setHorizontalSpacing(14)
        table.setVerticalSpacing(2)
        table.setColumnStretch(0, 1)
        table.setColumnMinimumWidth(2, 130)
        self.model = FigureRow(table, "model FPS")
        self.delay = FigureRow(table, "video delay")
        self.age = FigureRow(table, "overlay age")
        self.availability = FigureRow(table, "availability")
        self.dropped = FigureRow(table, "dropped")
        self.strip = AgeStrip()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(table)
        column.addWidget(self.strip)

    def show_scene(self, scene: Scene) -> None:
        """Shows the figures; touches the widgets only when they were measured anew."""
        readings = scene.readings
        if readings is self._readings:
            return
        self._readings = readings
        playing = scene.snapshot.source.state is SourceState.PLAYING
        answering = scene.ai.word == "READY"
        moving = playing and readings.now.frames > 1
        self.number.setText(f"{readings.now.picture_fps:.0f}" if moving else NOTHING)
        if moving != self._moving:
            self._moving = moving
            self.number.setStyleSheet("" if moving else f"color: {PALETTE.faint};")
        self.picture.show_verdict(picture_verdict(scene))
        model_fps = f"{readings.now.model_fps:.1f}" if moving and answering else NOTHING
        self.model.show(model_fps, model_verdict(scene))
        self.delay.show(_milliseconds(readings.lately.delay_p99_ms), delay_verdict(scene))
        self.age.show(_milliseconds(readings.lately.age_p99_ms), age_verdict(scene))
        share = readings.lately.availability if answering else None
        self.availability.show(_percent(share), availability_verdict(scene))
        self.dropped.show(f"{scene.snapshot.source.frames_dropped}", dropped_verdict(scene))
        self.strip.show_history(readings.history, readings.time_s, scene.max_age_ms)


def _milliseconds(age_ms: float | None) -> str:
    return f"{age_ms:.0f} ms" if age_ms is not None else NOTHING


def _percent(share: float | None) -> str:
    return f"{share * 100:.0f} %" if share is not None else NOTHING
