"""The gauge's figures: measured at every painted picture, taken now and then."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.meters import SHORT_WINDOW_S, DisplayMeter, Figures, HistoryPoint
from app.core.snapshot import Snapshot

TAKEN_EVERY_S = 0.25
"""Numbers that change faster cannot be read."""
LATELY_S = 10.0
"""Age and availability look back so far: enough for a p99, and still about what happens now."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Figures taken together.

    Attributes:
        time_s: when, on the monotonic clock.
        now: over the last two seconds, for the rates.
        lately: over the last ten seconds, for age and availability.
        history: the last minute.
    """

    time_s: float
    now: Figures
    lately: Figures
    history: tuple[HistoryPoint, ...]


class Readout:
    """Keeps the meter and the last figures that were taken of it. On the window's thread."""

    def __init__(self) -> None:
        self._meter = DisplayMeter()
        self._taken: Readings | None = None

    def shown(self, snapshot: Snapshot, time_s: float) -> None:
        """As `DisplayMeter.shown`."""
        self._meter.shown(snapshot, time_s)

    def begin_anew(self) -> None:
        """What was measured until now is no figure of what comes."""
        self._meter.clear()

    def at(self, now_s: float) -> Readings:
        """The figures to show; the same object until they are taken anew."""
        taken, meter = self._taken, self._meter
        if taken is None or now_s - taken.time_s >= TAKEN_EVERY_S:
            now = meter.figures(now_s, SHORT_WINDOW_S)
            taken = Readings(now_s, now, meter.figures(now_s, LATELY_S), meter.history)
            self._taken = taken
        return taken
