"""Holds off sleep and the screen saver."""

from __future__ import annotations

import logging
from threading import Condition, Thread

from wakepy import ActivationResult, keep

logger = logging.getLogger(__name__)

CLOSE_WAIT_S = 0.5
"""A desktop that was not told notices by itself that the program is gone."""


class Awake:
    """Keeps the machine and its screen awake while that is wanted. Single use, any thread.

    A thread of its own asks the desktop, which may take its time; `want` returns at once.
    Where no desktop can be asked, one line in the log says so, and nothing else happens.
    """

    def __init__(self) -> None:
        """Begins without holding anything off."""
        self._changed = Condition()
        self._wanted = self._closed = self._told = False
        self._thread = Thread(target=self._run, name="awake", daemon=True)
        self._thread.start()

    def want(self, *, wanted: bool) -> None:
        """Holds sleep and screen saver off from now on, or no longer."""
        with self._changed:
            self._wanted = wanted
            self._changed.notify_all()

    def close(self) -> None:
        """Holds nothing off any more; waits a moment for the desktop to be told."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(CLOSE_WAIT_S)

    def _run(self) -> None:
        try:
            while self._wait(wanted=True):
                with keep.presenting(on_fail=self._tell):
                    self._wait(wanted=False)
        except Exception:
            logger.exception("sleep and screen saver are no longer held off")

    def _wait(self, *, wanted: bool) -> bool:
        """Waits until this is wanted; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted is wanted)
            return not self._closed

    def _tell(self, _result: ActivationResult) -> None:
        if not self._told:
            logger.warning("sleep and screen saver cannot be held off here; switch them off")
        self._told = True
