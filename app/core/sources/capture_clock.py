"""From a stream's own time stamps to the time at which its pictures were captured."""

from __future__ import annotations

from collections import deque

OLDEST_S = 1.0
"""A picture that seems older was not on its way so long: its clock has made a step."""
WINDOW_S = 2.0
"""The quickest picture of so long a time shows how far the two clocks are apart."""


class CaptureClock:
    """Follows one stream. On one thread.

    A device's stamps are on the monotonic clock (V4L2's are the kernel's capture times) and are
    believed. Any other clock is only steady: of the last pictures the one that came quickest is
    taken to have come at once, and the others to be late by what they are behind it. What every
    picture takes on its way cannot be seen from here.

    Args:
        is_device: whether stamps may be on the monotonic clock.
    """

    def __init__(self, *, is_device: bool) -> None:
        self._is_device = is_device
        self._delays_s: deque[tuple[float, float]] = deque()

    def captured_s(self, stamp_s: float | None, arrived_s: float) -> float:
        """When a picture was captured, monotonic clock, seconds; never after it arrived.

        Args:
            stamp_s: the stream's stamp; None where it gives none.
            arrived_s: monotonic clock.
        """
        if stamp_s is None:
            return arrived_s
        delay_s = arrived_s - stamp_s
        if self._is_device and 0 <= delay_s < OLDEST_S:
            return stamp_s
        delays_s = self._delays_s
        while delays_s and delays_s[0][0] < arrived_s - WINDOW_S:
            delays_s.popleft()
        if delays_s and delay_s - min(delay for _, delay in delays_s) > OLDEST_S:
            delays_s.clear()
        delays_s.append((arrived_s, delay_s))
        # Great stamps lose their last digits.
        return min(arrived_s, stamp_s + min(delay for _, delay in delays_s))
