"""No screen saver comes over a picture that plays, or is waited for."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from app.core.awake import Awake
from app.core.pipeline import Pipeline
from app.core.snapshot import SourceState, SourceStatus

LOOK_MS = 500


class Wakefulness(QObject):
    """Holds sleep and screen saver off while a source plays, a live one whatever becomes of it.

    On the window's thread.

    Args:
        pipeline: what plays.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._awake = Awake()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def close(self) -> None:
        """Holds nothing off any more."""
        self._timer.stop()
        self._awake.close()

    def _look(self) -> None:
        source = self._pipeline.snapshot(time.monotonic()).source
        self._awake.want(wanted=_is_watched(source))


def _is_watched(source: SourceStatus) -> bool:
    """Whether somebody may look at the screen without touching anything.

    Who waits for a signal to come back must find it lit; a recording that stands waits for a hand.
    """
    if source.state in (SourceState.PLAYING, SourceState.LOST):
        return True
    return source.info is not None and not source.info.is_recording
