"""What the model says of the whole picture, and what it is that says so."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.activity_words import UNKNOWN, activity_words, tells_until_s
from app.ui.scene import Scene
from app.ui.state_mark import Chip
from app.ui.theme import PALETTE, Level
from lmsfa.card import ModelCard
from lmsfa.prediction import Prediction

WIDEST_AGE_S = 0.9


class ActivityChip(Chip):
    """The activity, as wide as the model's longest, so that nothing beside it moves."""

    def __init__(self) -> None:
        super().__init__(Level.QUIET, UNKNOWN, PALETTE.text)
        self.setToolTip(
            "What the model takes the whole picture for: the mean of its last second, so that a "
            "change is named about half a second late. The age is that of its newest answer"
        )
        self._until_s = math.inf
        self._activities: tuple[str, ...] = ()

    def show_activity(self, words: str, until_s: float, card: ModelCard | None) -> None:
        """Shows words until they are too old.

        Args:
            words: see `activity_words`; empty hides the chip.
            until_s: from this moment on, monotonic clock, nothing is told any more.
            card: of the model that tells.
        """
        self._until_s = until_s
        if card is not None and card.activities != self._activities:
            self._activities = card.activities
            widest = (
                activity_words(Prediction(0, 0.0, (), name, "", (), 1.0), WIDEST_AGE_S)
                for name in card.activities
            )
            self.keep_room(widest)
        if words:
            self.show_words(words)
        self.setVisible(bool(words))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Takes back what grew too old between deciding and painting; the words come after it."""
        if time.monotonic() > self._until_s:
            self.show_words(UNKNOWN)
        super().paintEvent(event)


class AnswerChips(QWidget):
    """The activity, and over it the model's marks where it has some: SYNTHETIC, DEMONSTRATION."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._activity = ActivityChip()
        self._marks = {level: Chip(level, "") for level in (Level.QUIET, Level.WATCH)}
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for chip in (*self._marks.values(), self._activity):
            chip.hide()
            column.addWidget(chip, alignment=Qt.AlignmentFlag.AlignRight)
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        """The words on screen, from top to bottom."""
        chips = *self._marks.values(), self._activity
        return tuple(chip.text for chip in chips if not chip.isHidden())

    def show_scene(self, scene: Scene) -> None:
        """Shows a scene's activity and marks."""
        card = scene.snapshot.model.card
        self._activity.show_activity(scene.activity, tells_until_s(scene.snapshot), card)
        reason = card.demonstration if card is not None else ""
        wanted = Level.WATCH if reason else Level.QUIET
        for level, chip in self._marks.items():
            chip.setVisible(bool(scene.marks) and level is wanted)
            chip.show_words(scene.marks)
            chip.setToolTip(reason)
        self.setVisible(bool(scene.activity or scene.marks))

    def withdraw(self) -> None:
        """Says no activity any more."""
        self._activity.hide()
