"""How often a lost model is started again."""

from __future__ import annotations

from collections import deque

MOST = 3
WITHIN_S = 60.0


class Restarts:
    """Counts restarts: at most `MOST` in any `WITHIN_S` seconds. One thread."""

    def __init__(self) -> None:
        """Starts with none."""
        self._times_s: deque[float] = deque(maxlen=MOST)

    def take(self, now_s: float) -> int | None:
        """Uses one up; its number within the last minute, or None where there is none left.

        Args:
            now_s: on the monotonic clock.
        """
        while self._times_s and now_s - self._times_s[0] >= WITHIN_S:
            self._times_s.popleft()
        if len(self._times_s) == MOST:
            return None
        self._times_s.append(now_s)
        return len(self._times_s)
