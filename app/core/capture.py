"""Keeps a source open: starts its reader, watches it, and begins again when a live one is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat
from threading import Event, Thread

from app.core.commands import Command
from app.core.reader import SourceReader, mark
from app.core.snapshot import PlaybackMode, SourceState, SourceStatus
from app.core.sources import Source, device_of
from app.core.stage import CaptureView, Model, Stage

logger = logging.getLogger(__name__)

DEVICE_WAIT_S = 10.0
"""How long a camera may take to be let go before it is opened again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a live source is waited for, seconds.

    Attributes:
        opening_s: until it is open; longer than a stream's own limit.
        silent_s: between two pictures; longer than a stream's own limit.
        pauses_s: between two attempts, the last one for ever after.
    """

    opening_s: float = 15.0
    silent_s: float = 6.0
    pauses_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)


USUAL_PATIENCE = Patience()


class CaptureWorker:
    """Shows one source's newest frame until stopped. Single use, any thread."""

    def __init__(
        self,
        spec: str,
        source_ids: Iterator[int],
        model: Model,
        *,
        open_source: Callable[[str], Source],
        mode: PlaybackMode,
        patience: Patience,
        predecessor: CaptureWorker | None = None,
    ) -> None:
        """Makes the worker; `start` begins.

        Args:
            spec: what to open.
            source_ids: give each opening's frames their mark.
            model: who answers them.
            open_source: makes the source from `spec`.
            mode: whether a recording's picture waits for its answer.
            patience: how long a live source is waited for.
            predecessor: a stopped worker that may still hold the same device; waited for.
        """
        self._spec, self._source_ids = spec, source_ids
        self._open_source = open_source
        self._patience = patience
        self._predecessor = predecessor
        self._news, self._stopped = Event(), Event()
        self._reader = self._reader_on(Stage(next(source_ids), model, mode))
        self._thread = Thread(target=self._run, name="capture watch", daemon=True)

    @property
    def view(self) -> CaptureView:
        """The newest view; never blocks."""
        return self._reader.stage.view

    def start(self) -> None:
        """Begins to open the source; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the threads to end; returns at once."""
        self._stopped.set()
        self._reader.stop()
        self._news.set()

    def join(self, timeout_s: float) -> bool:
        """Waits until the threads have ended; False where they have not within the time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def command(self, command: Command) -> None:
        """Hands a command over; live sources take none."""
        self._reader.stage.commands.put(command)

    def set_mode(self, mode: PlaybackMode) -> None:
        """Lets a recording's picture wait for its answer, or not."""
        self._reader.stage.mode = mode
        self._reader.stage.commands.ring()

    def model_changed(self) -> None:
        """There is a new answer or another model; called on any thread."""
        self._reader.stage.commands.ring()

    def _run(self) -> None:
        # Also when stopped meanwhile: the successor waits for this thread, and means the device.
        predecessor, self._predecessor = self._predecessor, None
        if predecessor is not None:
            predecessor.join(DEVICE_WAIT_S)
        pauses_s = self._pauses_s()
        reader, read_before = self._reader, 0
        while not self._stopped.is_set():
            reader = self._reader
            reader.start()
            status = self._watched(reader)
            if status.state is not SourceState.LOST:
                break
            if status.frames_read > read_before:
                read_before, pauses_s = status.frames_read, self._pauses_s()
            next_stage = reader.stage.reopened(next(self._source_ids), status)
            self._reader = self._reader_on(next_stage)
            self._stopped.wait(next(pauses_s))
        reader.join()

    def _watched(self, reader: SourceReader) -> SourceStatus:
        """Waits until a reader has ended, or gives one up that does not return."""
        while not reader.has_ended and not self._stopped.is_set():
            limit_s = self._limit_s(reader.stage)
            left_s = None if limit_s is None else limit_s - reader.silent_s
            if left_s is None or left_s > 0:
                self._news.wait(left_s)
                self._news.clear()
                continue
            logger.warning("%s does not answer; its reader is replaced", mark(self._spec))
            reader.stop()
            # It may come back at this very moment; what it shows is seen by nobody any more.
            hung = "the source does not answer"
            return replace(reader.stage.view.status, state=SourceState.LOST, message=hung)
        return reader.stage.view.status

    def _limit_s(self, stage: Stage) -> float | None:
        """How long the source may be silent; None for recordings, which nobody waits for live."""
        if not stage.is_open:
            return self._patience.opening_s if device_of(self._spec) else None
        return None if stage.view.is_recording else self._patience.silent_s

    def _pauses_s(self) -> Iterator[float]:
        pauses_s = self._patience.pauses_s
        return chain(pauses_s, repeat(pauses_s[-1]))

    def _reader_on(self, stage: Stage) -> SourceReader:
        return SourceReader(self._spec, self._open_source, stage, self._news.set)
