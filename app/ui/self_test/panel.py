"""The self-test in the window: what the last one found, and a button for the next."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QProcess, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.core.self_test.promise import SelfTestAnswer, failed_words, last_answer
from app.ui.theme import button

SELF_TEST = (sys.executable, str(Path(__file__).resolve().parents[3] / "main.py"), "--self-test")
RUN = "Run the self-test"
RUNNING = "The self-test runs in a window of its own, for about half a minute."


class SelfTestPanel(QWidget):
    """Runs the self-test as a program of its own; AI is turned off here while it measures.

    Signals:
        started: a self-test begins.
        answered: the newest `SelfTestAnswer`, or None where none can be read.
    """

    started = Signal()
    answered = Signal(object)

    def __init__(self, command: Sequence[str] = SELF_TEST) -> None:
        super().__init__()
        self._command = command
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._run = button(RUN, "Try the program's promises on this machine; AI is turned off")
        self._run.clicked.connect(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._words)
        column.addWidget(self._run)
        self._program = QProcess(self)
        self._program.finished.connect(self._on_finished)
        self._program.errorOccurred.connect(self._on_finished)
        self._words.setText(answer_words(last_answer()))

    @property
    def words(self) -> str:
        """What it says of the last self-test."""
        return self._words.text()

    def start(self) -> None:
        """Begins a self-test."""
        self.started.emit()
        self._run.setEnabled(False)
        self._words.setText(RUNNING)
        self._program.start(self._command[0], list(self._command[1:]))

    def _on_finished(self) -> None:
        answer = last_answer()
        self._run.setEnabled(True)
        self._words.setText(answer_words(answer))
        self.answered.emit(answer)


def answer_words(answer: SelfTestAnswer | None) -> str:
    """The last self-test in words: when, on what, and what failed."""
    if answer is None:
        return "Self-test: not run on this machine yet."
    if answer.passed:
        return f"Self-test passed on {answer.finished}, on {answer.engine}."
    return f"Self-test FAILED on {answer.finished}: {failed_words(answer)}."
