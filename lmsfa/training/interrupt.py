"""Ctrl-C while a training runs."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self


class Interrupt:
    """Notes Ctrl-C and raises it where nothing is half done.

    Raised just anywhere it may leave a reading worker half made, and the program then hangs at its
    end. A second Ctrl-C is raised at once. Outside the main thread, which alone gets signals, it
    notes nothing.
    """

    def __init__(self) -> None:
        self._asked = False

    def __enter__(self) -> Self:
        """Takes the signal over."""
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Gives the signal back."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._former)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def check(self) -> None:
        """Raises KeyboardInterrupt if it was asked for since the start."""
        if self._asked:
            raise KeyboardInterrupt


def ignore_in_worker(_worker: int) -> None:
    """A terminal sends Ctrl-C to workers too; theirs is to read until the training stops them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
