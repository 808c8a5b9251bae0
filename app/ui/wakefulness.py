"""No screen saver comes over a picture that plays."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from app.core.awake import Awake
from app.core.pipeline import Pipeline
from app.core.snapshot import SourceState

LOOK_MS = 500


class Wakefulness(QObject):
    """Holds sleep and screen saver off while a source plays. On the window's thread.

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
        state = self._pipeline.snapshot(time.monotonic()).source.state
        self._awake.want(wanted=state is SourceState.PLAYING)
