"""A letter box for one item: whoever is slow finds the newest."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Holds at most one item; a newer one replaces it, and that is counted. Any thread."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._item: Item | None = None
        self._replaced = 0
        self._closed = False

    @property
    def replaced(self) -> int:
        """How many items were replaced before anybody took them."""
        return self._replaced

    def put(self, item: Item) -> None:
        """Leaves the newest item; returns at once. Does nothing once closed."""
        with self._changed:
            if self._closed:
                return
            self._replaced += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self) -> Item | None:
        """Waits for an item and removes it; None once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            return item

    def close(self, *, keep: bool = False) -> None:
        """Wakes whoever waits; what was not taken is let go, or can still be taken with `keep`."""
        with self._changed:
            self._closed = True
            if not keep:
                self._item = None
            self._changed.notify_all()
