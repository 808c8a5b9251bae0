"""The thread that owns the source."""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
from collections.abc import Callable
from threading import Thread

from app.core.commands import Command
from app.core.recording import RecordingPlayer
from app.core.snapshot import PlaybackMode, SourceState
from app.core.sources import Source, SourceError
from app.core.stage import CaptureView, Model, Stage

logger = logging.getLogger(__name__)

DEVICE_WAIT_S = 10.0
"""How long a camera may take to be let go before it is opened again."""


class CaptureWorker:
    """Opens one source and publishes its newest frame until stopped. Single use, any thread."""

    def __init__(
        self,
        spec: str,
        source_id: int,
        model: Model,
        *,
        open_source: Callable[[str], Source],
        mode: PlaybackMode,
        predecessor: CaptureWorker | None = None,
    ) -> None:
        """Makes the worker; `start` begins.

        Args:
            spec: what to open.
            source_id: marks the frames.
            model: who answers them.
            open_source: makes the source from `spec`.
            mode: whether a recording's picture waits for its answer.
            predecessor: a stopped worker that may still hold the same device; waited for.
        """
        self._spec = spec
        self._open_source = open_source
        self._predecessor = predecessor
        self._stage = Stage(source_id, model, mode)
        self._thread = Thread(target=self._run, name="capture", daemon=True)

    @property
    def view(self) -> CaptureView:
        """The newest view; never blocks."""
        return self._stage.view

    def start(self) -> None:
        """Begins to open the source; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; returns at once."""
        self._stage.stopping = True
        self._stage.commands.ring()

    def join(self, timeout_s: float) -> bool:
        """Waits until the thread has ended; False where it has not within the time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def command(self, command: Command) -> None:
        """Hands a command over; live sources take none."""
        self._stage.commands.put(command)

    def set_mode(self, mode: PlaybackMode) -> None:
        """Lets a recording's picture wait for its answer, or not."""
        self._stage.mode = mode
        self._stage.commands.ring()

    def model_changed(self) -> None:
        """There is a new answer or another model; called on any thread."""
        self._stage.commands.ring()

    def _run(self) -> None:
        try:
            self._wait_for_device()
            if not self._stage.stopping:
                self._serve(self._open_source(self._spec))
        except SourceError as error:
            # The line names the source, and that may name a patient: the log gets a mark instead.
            logger.info("%s could not be read", _mark(self._spec))
            self._stage.turn(SourceState.FAULT, str(error))
        except Exception as error:  # noqa: BLE001 - the top of the worker
            trace = traceback.format_exc().replace(self._spec, _mark(self._spec))
            logger.critical("the capture thread ended\n%s", trace)
            message = f"reading the source failed ({type(error).__name__}); open it again"
            self._stage.turn(SourceState.FAULT, message)

    def _wait_for_device(self) -> None:
        # Also when stopped meanwhile: the successor waits for this thread, and means the device.
        predecessor, self._predecessor = self._predecessor, None
        if predecessor is not None:
            predecessor.join(DEVICE_WAIT_S)

    def _serve(self, source: Source) -> None:
        try:
            info = source.open()
            self._stage.opened(info)
            if info.is_recording:
                RecordingPlayer(source, self._stage).run()
            else:
                self._follow(source)
        finally:
            source.close()

    def _follow(self, source: Source) -> None:
        """Shows a live source's pictures as they come."""
        while not self._stage.stopping:
            picture = source.read()
            if picture is None:
                self._stage.turn(SourceState.ENDED, "the sender has ended the stream")
                return
            captured_s = time.monotonic() if picture.captured_s is None else picture.captured_s
            frame = self._stage.frame_from(picture, captured_s)
            self._stage.show(frame, SourceState.PLAYING)
            self._stage.model.offer(frame)


def _mark(spec: str) -> str:
    """A name for the log that tells sources apart and tells nothing about a patient."""
    return f"source {hashlib.sha256(spec.encode()).hexdigest()[:8]}"
