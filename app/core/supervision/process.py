"""The program's end of its model's process: started, asked, watched, ended."""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from threading import Event, Thread
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from app.core.supervision.channel import Channel, GarbledError, Head
from app.core.supervision.room import FrameRoom

logger = logging.getLogger(__name__)

CHILD = "app.core.supervision.child"
WATCH_EVERY_S = 0.05
FIRST_BEAT_S = 15.0
"""Python begins, from a slow disk too; then the process says that it lives."""
GRACE_S = 0.1
"""The process ends itself when it is late, and says where it stood; after this it is ended."""
START_AGAIN_S = 1.0
"""Where no process can be started, the next try comes after this: at once would be for nothing."""
END_S = 1.0
"""How long a killed process may take to be gone; one that hangs in a driver takes longer."""
LONGEST_LINE = 4096


class EngineLostError(Exception):
    """The model's process is gone, and its engine with it.

    The message follows after "the model", for people: "crashed (SIGSEGV)".
    """


class EngineLateError(EngineLostError):
    """The process did not answer in time, and was ended."""


class EngineProcess:
    """A process that holds one engine. Single use; made, asked and closed on one thread."""

    def __init__(self, stopped: Event) -> None:
        """Starts the process; returns before it has loaded anything.

        It is a plain process: one of `multiprocessing` would run the program's main file once more,
        whatever that imports, and counting shared memory would take a third process.

        Args:
            stopped: set on any thread, it ends the process within a moment, whatever that does.

        Raises:
            EngineLostError: this machine starts no further process now.
        """
        self._stopped = stopped
        self._closed = Event()
        self._due_s = math.inf
        try:
            self._room = FrameRoom()
            self._process = _started(self._room)
        except OSError as error:
            stopped.wait(START_AGAIN_S)
            raise EngineLostError(f"could not be started ({error.strerror or error})") from None
        self._channel = Channel(
            cast(IO[bytes], self._process.stdout), cast(IO[bytes], self._process.stdin)
        )
        self._said = cast(IO[bytes], self._process.stderr)
        self._threads = [
            Thread(target=self._watch, name="engine watch", daemon=True),
            Thread(target=self._listen, name="engine log", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, rgb: NDArray[np.uint8]) -> Head:
        """Puts a frame before the process; the request names it by what is returned."""
        return self._room.put(rgb)

    def ask(
        self, request: Head, within_s: float, beat_within_s: float = math.inf
    ) -> tuple[Head, bytes]:
        """Sends a request and waits for the answer to it.

        Args:
            request: as `child` knows it.
            within_s: after so long the process is ended.
            beat_within_s: it is ended, too, after so long without a sign of life.

        Raises:
            EngineLostError: there will be no answer; EngineLateError: for want of time.
        """
        due_s = time.monotonic() + within_s
        beat_due_s = time.monotonic() + max(beat_within_s, FIRST_BEAT_S)
        self._due_s = min(due_s, beat_due_s) + GRACE_S
        try:
            self._channel.send(request)
            answer, more = self._channel.receive()
            while "alive" in answer:
                beat_due_s = time.monotonic() + beat_within_s
                self._due_s = min(due_s, beat_due_s) + GRACE_S
                answer, more = self._channel.receive()
        except (OSError, EOFError):
            if time.monotonic() >= due_s:
                raise EngineLateError(f"did not answer within {within_s:g} s") from None
            if time.monotonic() >= beat_due_s:
                raise EngineLostError("gave no sign of life while it loaded") from None
            raise EngineLostError(self._ending()) from None
        except GarbledError as error:
            raise garbled(error) from None
        finally:
            self._due_s = math.inf
        if "lost" in answer:
            raise EngineLostError(answer["lost"])
        return answer, more

    def close(self) -> None:
        """Ends the process at once and frees what it took."""
        self._closed.set()
        self._kill()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            logger.warning("the model's process %d cannot be ended", self._process.pid)
            return
        for thread in self._threads:
            thread.join(END_S)
        self._channel.close()
        self._said.close()
        self._room.close()

    def _watch(self) -> None:
        late = False
        while not self._closed.wait(WATCH_EVERY_S):
            # Late at two looks: where this program stood still, the answer may lie here already.
            was_late, late = late, time.monotonic() > self._due_s
            if self._stopped.is_set() or (was_late and late):
                self._kill()
                return

    def _kill(self) -> None:
        """Nothing gentler ends a process that is stopped, or hangs in a library."""
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
            return
        # With it goes what it has started: the conversion of a network.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        """Into the log goes what the process and its libraries say."""
        while line := self._said.readline(LONGEST_LINE):
            text = line.decode(errors="replace").rstrip()
            if text:
                logger.warning("the model's process says: %s", text)

    def _ending(self) -> str:
        """How the process ended, as `EngineLostError` words it."""
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "closed its answers"
        if code >= 0:
            return f"ended (exit code {code})"
        name = signal.Signals(-code).name
        if name == "SIGKILL":
            return "was killed (SIGKILL), perhaps for want of memory"
        return f"crashed ({name})"


def garbled(error: Exception) -> EngineLostError:
    """The loss of a process that has sent this, which goes into the log."""
    logger.warning("the model's process sent what cannot be read: %s", error)
    return EngineLostError("answered what cannot be read")


def _started(room: FrameRoom) -> subprocess.Popen[bytes]:
    """The process, apart from what this one runs in; a room for nobody is closed."""
    try:
        return subprocess.Popen(
            [sys.executable, "-u", "-P", "-m", CHILD, room.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=room.inherited,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **_apart(),
        )
    except OSError:
        room.close()
        raise


def _apart() -> dict[str, Any]:
    """Options of a process that a terminal's Ctrl-C does not reach: the program ends it."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags}
    return {"start_new_session": True}
