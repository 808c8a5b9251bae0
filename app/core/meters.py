"""Measures what was displayed: rates, age of the overlay, availability."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np

from app.core.snapshot import Snapshot

WINDOW_S = 60.0
SHORT_WINDOW_S = 2.0
"""For the numbers on the gauge: long enough to read, short enough to follow."""
HISTORY_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What a window of time showed.

    Attributes:
        frames: displayed frames in the window.
        picture_fps: displayed frames a second.
        model_fps: the model's answers a second.
        delay_p99_ms: the time from capture to painting that one picture in a hundred exceeds; None
            without frames.
        age_p50_ms: median age, from capture, of the painted overlays; None where none was painted.
        age_p99_ms: the age that one overlay in a hundred exceeds; None where none was painted.
        availability: share of displayed frames that carried a current answer, 0..1; None without
            frames.
    """

    frames: int
    picture_fps: float
    model_fps: float
    delay_p99_ms: float | None
    age_p50_ms: float | None
    age_p99_ms: float | None
    availability: float | None


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Figures of the short window at one moment, seconds on the monotonic clock."""

    time_s: float
    figures: Figures


@dataclass(frozen=True, slots=True)
class _Shown:
    time_s: float
    delay_ms: float
    age_ms: float | None
    frames_answered: int


class DisplayMeter:
    """Collects every displayed frame of the last minute. One thread (the one that displays)."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        """Makes an empty meter that looks back `window_s` seconds."""
        self._window_s = window_s
        self._shown: deque[_Shown] = deque()
        self._history: deque[HistoryPoint] = deque()

    def shown(self, snapshot: Snapshot, now_s: float) -> None:
        """Counts a frame; call once for each newly displayed one, when it is painted.

        Args:
            snapshot: what was painted.
            now_s: when, on `time.monotonic()`'s clock.
        """
        result, frame = snapshot.result, snapshot.frame
        delay_ms = 0.0 if frame is None else (now_s - frame.captured_s) * 1000
        age_ms = None if result is None else (now_s - result.frame.captured_s) * 1000
        self._shown.append(_Shown(now_s, delay_ms, age_ms, snapshot.model.frames_answered))
        while self._shown and self._shown[0].time_s < now_s - self._window_s:
            self._shown.popleft()
        if not self._history or now_s - self._history[-1].time_s >= HISTORY_STEP_S:
            self._history.append(HistoryPoint(now_s, self.figures(now_s, SHORT_WINDOW_S)))
        while self._history[0].time_s < now_s - self._window_s:
            self._history.popleft()

    def figures(self, now_s: float, window_s: float = WINDOW_S) -> Figures:
        """Figures over the last `window_s` seconds before `now_s`."""
        # From the newest backwards, so that a short window stays cheap after hours.
        recent = takewhile(lambda entry: entry.time_s >= now_s - window_s, reversed(self._shown))
        shown = list(recent)[::-1]
        ages_ms = [entry.age_ms for entry in shown if entry.age_ms is not None]
        delays_ms = [entry.delay_ms for entry in shown]
        age_p50_ms, age_p99_ms = np.percentile(ages_ms, [50, 99]) if ages_ms else (None, None)
        return Figures(
            frames=len(shown),
            picture_fps=_per_second(len(shown) - 1, shown),
            model_fps=_per_second(_answers(shown), shown),
            delay_p99_ms=float(np.percentile(delays_ms, 99)) if delays_ms else None,
            age_p50_ms=None if age_p50_ms is None else float(age_p50_ms),
            age_p99_ms=None if age_p99_ms is None else float(age_p99_ms),
            availability=len(ages_ms) / len(shown) if shown else None,
        )

    @property
    def history(self) -> tuple[HistoryPoint, ...]:
        """The last minute, a point every half second, oldest first."""
        return tuple(self._history)

    def clear(self) -> None:
        """Forgets everything: another source begins."""
        self._shown.clear()
        self._history.clear()


def _per_second(number: int, shown: list[_Shown]) -> float:
    elapsed_s = shown[-1].time_s - shown[0].time_s if shown else 0.0
    return number / elapsed_s if elapsed_s > 0 else 0.0


def _answers(shown: list[_Shown]) -> int:
    """Answers given between the first and last entry; a new model starts again from 0."""
    counts = [entry.frames_answered for entry in shown]
    return sum(max(0, later - before) for before, later in pairwise(counts))
