"""Keeps a source open: starts its reader, watches it, and begins again when a live one is lost."""

from __future__ import annotations

import logging
import traceback
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
MOST_HUNG = 3
"""So many readers that do not return are left behind; each holds a thread and its memory."""
HUNG = "the source does not answer"
NO_MORE_READERS = (
    f"{HUNG}; {MOST_HUNG} attempts hang in it, and the next waits for one of them to return: "
    "check the device, or open the source again"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a live source is waited for before its reader is replaced, seconds.

    That the picture stands is said much earlier, see `pipeline.STALL_PERIODS`.

    Attributes:
        opening_s: from its start until a device or stream is open; longer than their own limits.
            Files and folders have no such limit.
        silent_s: from its opening, or from one picture to the next; longer than a stream's own
            limit. Recordings have no such limit.
        pauses_s: between the end of one attempt and the next, the last one for ever after; from the
            first again once a picture came.
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
        self._hung: list[SourceReader] = []
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
        try:
            self._keep_open()
        except Exception as error:  # noqa: BLE001 - the top of the worker
            trace = traceback.format_exc().replace(self._spec, mark(self._spec))
            logger.critical("the capture watch ended\n%s", trace)
            self._break_off(type(error).__name__)

    def _break_off(self, error: str) -> None:
        reader = self._reader
        reader.stop()
        message = f"watching the source failed ({error}); open it again"
        fault = replace(reader.stage.view.status, state=SourceState.FAULT, message=message)
        # On a stage of its own, whose mark no frame will bear: the reader may show one just now.
        self._reader = self._reader_on(reader.stage.reopened(0, fault))
        reader.join()

    def _keep_open(self) -> None:
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
            self._wait_for_hung(next_stage)
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
            self._hung.append(reader)
            # It may come back at this very moment; what it shows is seen by nobody any more.
            return replace(reader.stage.view.status, state=SourceState.LOST, message=HUNG)
        return reader.stage.view.status

    def _wait_for_hung(self, next_stage: Stage) -> None:
        """Waits until there are not too many readers left behind; the next stage says so."""
        while len(self._still_hung()) >= MOST_HUNG and not self._stopped.is_set():
            next_stage.turn(SourceState.LOST, NO_MORE_READERS)
            # A reader that returns is news.
            self._news.wait()
            self._news.clear()

    def _still_hung(self) -> list[SourceReader]:
        self._hung = [reader for reader in self._hung if not reader.has_ended]
        return self._hung

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
