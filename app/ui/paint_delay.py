"""How long it takes from deciding what is shown until it is painted."""

from __future__ import annotations

from collections import deque

REMEMBERED = 64
"""Paintings that are looked back on: two to three seconds of video."""
SHARE_IN_TIME = 0.9
"""One stall of the desktop must not withdraw every overlay of the next seconds."""


class PaintDelay:
    """Expects the next painting to take as long as nearly all of the last ones. One thread."""

    def __init__(self) -> None:
        self._delays_s: deque[float] = deque(maxlen=REMEMBERED)
        self.expected_s = 0.0

    def note(self, delay_s: float) -> None:
        """Learns from a painting that came `delay_s` seconds after its decision."""
        self._delays_s.append(delay_s)
        place = int(SHARE_IN_TIME * (len(self._delays_s) - 1))
        self.expected_s = sorted(self._delays_s)[place]
