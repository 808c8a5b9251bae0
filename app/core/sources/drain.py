"""Takes what a live source gives, on a thread of its own, and keeps the newest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Generic, TypeVar

import av

from app.core.mailbox import Mailbox
from app.core.sources.source import SourceLostError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

LET_GO_S = 6.0
"""How long closing waits for a picture that is on its way; longer than the sources' own limits."""


class Drain(Generic[Item]):
    """Does nothing but take what comes, and keeps the newest. Used on one thread.

    Pictures that wait in a driver or a socket would be old when they are shown. Whoever is slow
    finds the newest.

    Args:
        name: of the source, for people.
        items: what comes; drawn on the drain's own thread, which blocks there.
        let_go: frees the device or connection; called on the drain's own thread, last.
    """

    def __init__(self, name: str, items: Iterator[Item], let_go: Callable[[], None]) -> None:
        self._name, self._items, self._let_go = name, items, let_go
        self._newest: Mailbox[Item] = Mailbox()
        self._end: SourceLostError | None = None
        self._stopping = False
        self._thread = Thread(target=self._run, name="capture drain", daemon=True)
        self._thread.start()

    def take(self) -> Item | None:
        """Blocks for the newest; None when the source ended.

        Raises:
            SourceLostError: nothing came within the time limit, or the device is gone.
        """
        item = self._newest.take()
        if item is None and self._end is not None:
            raise self._end
        return item

    def close(self) -> None:
        """Waits until device or connection is free, at most `LET_GO_S`.

        What is still held then is logged; it is let go when the read in hand returns, and cannot be
        opened again before.
        """
        self._stopping = True
        self._thread.join(LET_GO_S)
        if self._thread.is_alive():
            # Without the name, which may tell of a patient.
            logger.warning("a closed live source is still held after %g s", LET_GO_S)

    def _run(self) -> None:
        try:
            for item in self._items:
                if self._stopping:
                    return
                self._newest.put(item)
        except av.FFmpegError as error:
            self._end = SourceLostError(
                f"{self._name}: no pictures any more ({error.strerror}); check cable and sender"
            )
        except Exception as error:  # noqa: BLE001 - the top of the worker
            self._end = SourceLostError(
                f"{self._name}: no picture can be read ({type(error).__name__})"
            )
        finally:
            self._newest.close(keep=True)
            # Here alone: closing while another thread reads would crash.
            self._let_go()
