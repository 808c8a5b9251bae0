"""What a person may ask of a recording."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition


@dataclass(frozen=True, slots=True)
class Play:
    """Go on; at the end, from the beginning."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still on the frame that is shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """Stand still `frames` further on (negative: back)."""

    frames: int


@dataclass(frozen=True, slots=True)
class Seek:
    """Show the frame at `time_s` seconds; keep playing or standing still."""

    time_s: float


Command = Play | Pause | Step | Seek


class CommandQueue:
    """Commands from any thread to the capture thread, and the bell that wakes it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._commands: deque[Command] = deque()
        self._rung = False

    def put(self, command: Command) -> None:
        """Leaves a command; a seek replaces a waiting one, for a dragged seek bar sends many."""
        with self._changed:
            while (
                isinstance(command, Seek)
                and self._commands
                and isinstance(self._commands[-1], Seek)
            ):
                self._commands.pop()
            self._commands.append(command)
            self._changed.notify_all()

    def ring(self) -> None:
        """Wakes the capture thread: something that it waits for may have happened."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def take(self) -> Command | None:
        """The oldest command, None where there is none; does not wait."""
        with self._changed:
            return self._commands.popleft() if self._commands else None

    def wait(self, timeout_s: float | None) -> None:
        """Waits for a command or the bell, at most `timeout_s` seconds (None: without limit)."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung or bool(self._commands), timeout_s)
            self._rung = False
