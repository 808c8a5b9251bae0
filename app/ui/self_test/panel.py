"""The self-test in the window: what the last one found, and a button for the next."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QProcess, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.core.self_test.promise import (
    Promise,
    SelfTestAnswer,
    answered_ns,
    failed_words,
    finished_now,
    keep,
    last_answer,
)
from app.ui.theme import button
from lmsfa.errors import InputError

logger = logging.getLogger(__name__)

SELF_TEST = (sys.executable, str(Path(__file__).resolve().parents[3] / "main.py"), "--self-test")
RUN = "Run the self-test"
RUNNING = "The self-test runs in a window of its own, for less than a minute."


class SelfTestPanel(QWidget):
    """Runs the self-test as a program of its own, which needs the machine for itself.

    Signals:
        started: a self-test begins.
        answered: its `SelfTestAnswer`; one that failed where it did not get to its end.
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
        self._program.errorOccurred.connect(self._on_error)
        self._before: int | None = None
        self._words.setText(answer_words(last_answer()))

    @property
    def words(self) -> str:
        """What it says of the last self-test."""
        return self._words.text()

    def start(self) -> None:
        """Begins a self-test, unless one runs."""
        if self._program.state() is not QProcess.ProcessState.NotRunning:
            return
        self._before = answered_ns()
        self.started.emit()
        self._run.setEnabled(False)
        self._words.setText(RUNNING)
        self._program.start(self._command[0], list(self._command[1:]))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        # Any other error comes with the program's end.
        if error is QProcess.ProcessError.FailedToStart:
            self._answer(_failed("could not be started"))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if status is not QProcess.ExitStatus.NormalExit:
            self._answer(_failed("crashed"))
            return
        # What lies there from before is no answer of this one.
        answer = last_answer() if answered_ns() != self._before else None
        if answer is None or code != (0 if answer.passed else 1):
            answer = _failed(f"ended with exit code {code} and left no answer to it")
        self._answer(answer)

    def _answer(self, answer: SelfTestAnswer) -> None:
        self._run.setEnabled(True)
        self._words.setText(answer_words(answer))
        self.answered.emit(answer)


def _failed(found: str) -> SelfTestAnswer:
    """A self-test that did not get to its end is kept as any other that failed."""
    promise = Promise("self-test", "runs to its end", found, kept=False)
    answer = finished_now((promise,), "no engine")
    try:
        keep(answer)
    except InputError as error:
        logger.warning("%s", error)
    return answer


def answer_words(answer: SelfTestAnswer | None) -> str:
    """The last self-test in words: when, on what, and what failed."""
    if answer is None:
        return "Self-test: not run on this machine yet."
    if answer.passed:
        return f"Self-test passed on {answer.finished}, on {answer.engine}."
    return f"Self-test FAILED on {answer.finished}: {failed_words(answer)}."
