"""From when to when which activity stood at the picture."""

from __future__ import annotations

from dataclasses import dataclass

from lmsfa.card import ModelCard
from lmsfa.following.activity import CALM_S
from lmsfa.prediction import Prediction


@dataclass(frozen=True, slots=True)
class ActivitySpan:
    """One stretch of an activity.

    Attributes:
        start_s: its first frame, seconds from the first frame of the run.
        end_s: the frame that ended it, or the last frame that it stood at.
        score: mean confidence over its frames, 0..1.
    """

    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True, slots=True)
class ActivityFigures:
    """At how many frames an activity stood, and when."""

    frames: int
    spans: tuple[ActivitySpan, ...]


@dataclass(slots=True)
class _Stretch:
    """A span that may go on.

    Attributes:
        name: its activity.
        start_s: its first frame.
        seen_s: the newest frame that it stood at.
        end_s: the frame after that, where there is one.
        frames: how many it stood at.
        scores: their sum.
    """

    name: str
    start_s: float
    seen_s: float
    end_s: float
    frames: int = 0
    scores: float = 0.0


class ActivitySpans:
    """Collects what stood at each frame of a run. On one thread.

    A frame without an answer ends no span where the same activity goes on within `CALM_S`.
    """

    def __init__(self, card: ModelCard) -> None:
        """Starts without a frame, for the activities of `card`."""
        self._names = card.activities
        self._stretches: list[_Stretch] = []
        self._first_s: float | None = None

    def add(self, prediction: Prediction | None, time_s: float) -> None:
        """Counts a frame; every one, in order.

        Args:
            prediction: what stood at it, or None.
            time_s: on any clock that does not go back.
        """
        self._first_s = time_s if self._first_s is None else self._first_s
        now_s = time_s - self._first_s
        open_one = self._stretches[-1] if self._stretches else None
        if open_one is not None and open_one.end_s == open_one.seen_s:
            open_one.end_s = now_s
        if prediction is None or prediction.activity is None:
            return
        goes_on = (
            open_one is not None
            and open_one.name == prediction.activity
            and now_s - open_one.seen_s <= CALM_S
        )
        if open_one is None or not goes_on:
            open_one = _Stretch(prediction.activity, now_s, now_s, now_s)
            self._stretches.append(open_one)
        open_one.seen_s = open_one.end_s = now_s
        open_one.frames += 1
        open_one.scores += prediction.activity_score or 0.0

    def by_name(self) -> dict[str, ActivityFigures]:
        """Activity -> figures, in the card's order; empty where the model knows none."""
        return {name: self._figures(name) for name in self._names}

    def _figures(self, name: str) -> ActivityFigures:
        mine = [stretch for stretch in self._stretches if stretch.name == name]
        spans = tuple(
            ActivitySpan(
                round(stretch.start_s, 3),
                round(stretch.end_s, 3),
                round(stretch.scores / stretch.frames, 4),
            )
            for stretch in mine
        )
        return ActivityFigures(sum(stretch.frames for stretch in mine), spans)
