"""How long it takes from deciding what is shown until it is painted."""

from __future__ import annotations

import statistics
from collections import deque

REMEMBERED = 64
"""Paintings that are looked back on: two to three seconds of video."""


class PaintDelay:
    """Expects the next painting to take as long as the last ones at their median. One thread.

    The view leaves out what is too old all the same; expecting more would withdraw overlays that
    are still in time.
    """

    def __init__(self) -> None:
        self._delays_s: deque[float] = deque(maxlen=REMEMBERED)
        self.expected_s = 0.0

    def note(self, delay_s: float) -> None:
        """Learns from a painting that came `delay_s` seconds after its decision."""
        self._delays_s.append(delay_s)
        self.expected_s = statistics.median(self._delays_s)
