"""The thread that opens a source and reads it."""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
from collections.abc import Callable
from threading import Thread

from app.core.recording import RecordingPlayer
from app.core.snapshot import SourceState
from app.core.sources import Picture, Source, SourceError, SourceLostError
from app.core.stage import Stage

logger = logging.getLogger(__name__)


class SourceReader:
    """Opens one source once and puts its pictures on a stage until stopped. Single use, any thread.

    `has_ended` turns True once nothing more comes.

    Args:
        spec: what to open.
        open_source: makes the source from `spec`.
        stage: where pictures and states go.
        on_change: called on the reader's thread once the source is open, and when it ends, last.
    """

    def __init__(
        self,
        spec: str,
        open_source: Callable[[str], Source],
        stage: Stage,
        on_change: Callable[[], None],
    ) -> None:
        self.stage = stage
        self._spec, self._open_source, self._on_change = spec, open_source, on_change
        self.has_ended = False
        self._progress_s = time.monotonic()
        self._thread = Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Begins to open the source; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; returns at once."""
        self.stage.stopping = True
        self.stage.commands.ring()

    def join(self) -> None:
        """Waits until the thread has ended, if it was ever started."""
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def silent_s(self) -> float:
        """For how long neither a picture came nor the source was opened, seconds."""
        return time.monotonic() - self._progress_s

    def _run(self) -> None:
        try:
            self._serve(self._open_source(self._spec))
        except SourceLostError as error:
            # The line names the source, and that may name a patient: the log gets a mark instead.
            logger.info("%s is lost", mark(self._spec))
            self.stage.turn(SourceState.LOST, str(error))
        except SourceError as error:
            logger.info("%s could not be read", mark(self._spec))
            self.stage.turn(self._broken_off, str(error))
        except Exception as error:  # noqa: BLE001 - the top of the worker
            trace = traceback.format_exc().replace(self._spec, mark(self._spec))
            logger.critical("the capture thread ended\n%s", trace)
            self._break_off(type(error).__name__)
        finally:
            self.has_ended = True
            self._on_change()

    def _break_off(self, error: str) -> None:
        again = "" if self._broken_off is SourceState.LOST else "; open it again"
        self.stage.turn(self._broken_off, f"reading the source failed ({error}){again}")

    @property
    def _broken_off(self) -> SourceState:
        """What an error means: a live source that was once open is tried again whatever it was."""
        info = self.stage.view.status.info
        was_live = info is not None and not info.is_recording
        return SourceState.LOST if was_live else SourceState.FAULT

    def _serve(self, source: Source) -> None:
        try:
            info = source.open()
            self._progress_s = time.monotonic()
            self.stage.opened(info)
            self._on_change()
            if info.is_recording:
                RecordingPlayer(source, self.stage).run()
            else:
                self._follow(source)
        finally:
            source.close()

    def _follow(self, source: Source) -> None:
        """Shows a live source's pictures as they come."""
        while not self.stage.stopping:
            picture = source.read()
            self._progress_s = time.monotonic()
            if picture is None:
                raise SourceLostError("the sender has ended the stream")
            self._show(picture)

    def _show(self, picture: Picture) -> None:
        # Who was replaced because no picture came shows none that comes after all.
        if self.stage.stopping:
            return
        captured_s = self._progress_s if picture.captured_s is None else picture.captured_s
        frame = self.stage.frame_from(picture, captured_s)
        # First the model: it needs longer than looking at the picture takes.
        self.stage.model.offer(frame, passing=True)
        self.stage.show(frame, SourceState.PLAYING)


def mark(spec: str) -> str:
    """A name for the log that tells sources apart and tells nothing about a patient."""
    return f"source {hashlib.sha256(spec.encode()).hexdigest()[:8]}"
