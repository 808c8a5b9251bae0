"""A training's curves for TensorBoard."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import scalar

TENSORBOARD_FOLDER = "tensorboard"
FORMAT = "brain.Event:2"
"""What TensorBoard expects in the first record of a file."""

_log = logging.getLogger(__name__)


class Curves:
    """One event file. It is for looking on: a full disk ends it and nothing else.

    Records are written on the calling thread: the usual writer has a thread of its own, whose end
    on a full disk nobody can catch.

    Args:
        folder: the training's.
        done: epochs behind; TensorBoard drops what earlier files say of later ones.
    """

    def __init__(self, folder: Path, done: int) -> None:
        self._records: RecordWriter | None = None
        path = folder / TENSORBOARD_FOLDER / f"events.out.tfevents.{time.time_ns()}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: nothing is left that closing could fail to write.
            self._records = RecordWriter(path.open("wb", buffering=0))
        except OSError as error:
            self._give_up(error)
        started = Event(step=done + 1, session_log=SessionLog(status=SessionLog.START))
        self._write([Event(file_version=FORMAT), started])

    def add(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Adds a point to every curve."""
        points = [scalar(name, value) for name, value in figures.items()]  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._write([Event(step=epoch, summary=point) for point in points])

    def close(self) -> None:
        """Closes the event file."""
        if self._records is not None:
            self._records.close()
            self._records = None

    def _write(self, events: list[Event]) -> None:
        if self._records is None:
            return
        try:
            for event in events:
                event.wall_time = time.time()
                self._records.write(event.SerializeToString())
            self._records.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        _log.warning("no curves for TensorBoard from now on (%s)", error.strerror)
        self.close()
