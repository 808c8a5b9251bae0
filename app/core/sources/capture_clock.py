"""From a stream's own time stamps to the time at which its pictures were captured."""

from __future__ import annotations

OLDEST_S = 1.0
"""A device's first picture was not on its way for longer: else its clock is another one."""
DRIFT = 500e-6
"""Two clocks may go apart by so much: crystals do by a tenth of it, a clock that is set by this."""


class CaptureClock:
    """Follows one stream. On one thread.

    A device's stamps are on the monotonic clock (V4L2's are the kernel's capture times) and are
    believed. Any other clock is only steady: the picture that came quickest is taken to have come
    at once, and the others to be late by what they are behind it, however long they stay late.

    A clock that steps back gives a stamp that is not later than the one before, which lateness
    never does: pictures that waited have gone on counting. One that steps forward makes its
    pictures the quickest by far. After either the next picture counts as the quickest.

    What every picture takes on its way cannot be seen from here; nor can a sender that stood, clock
    and all, be told from pictures that waited: they are called late, for that may be true.

    Args:
        is_device: whether stamps may be on the monotonic clock.
    """

    def __init__(self, *, is_device: bool) -> None:
        self._is_device = is_device
        self._stamp_s: float | None = None
        self._arrived_s = 0.0
        self._quickest_s = self._drift = 0.0

    def captured_s(self, stamp_s: float | None, arrived_s: float) -> float:
        """When a picture was captured, monotonic clock, seconds; never after it arrived.

        Args:
            stamp_s: the stream's stamp; None where it gives none.
            arrived_s: monotonic clock.
        """
        if stamp_s is None:
            return arrived_s
        delay_s = arrived_s - stamp_s
        if self._stamp_s is None or stamp_s <= self._stamp_s:
            self._begin(delay_s)
        elif delay_s < self._quickest_s:
            self._quickest_s, self._drift = delay_s, DRIFT
        else:
            passed_s = arrived_s - self._arrived_s
            self._quickest_s = min(delay_s, self._quickest_s + self._drift * passed_s)
        self._stamp_s, self._arrived_s = stamp_s, arrived_s
        # Great stamps lose their last digits.
        return min(arrived_s, stamp_s + self._quickest_s)

    def _begin(self, delay_s: float) -> None:
        """Takes the picture in hand for the quickest, unless its stamp is its capture time."""
        is_kernels = self._is_device and 0 <= delay_s < OLDEST_S
        self._quickest_s, self._drift = (0.0, 0.0) if is_kernels else (delay_s, DRIFT)
