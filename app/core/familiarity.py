"""Whether what is shown is unlike the model's training, and may carry an overlay."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from statistics import median

from app.core.snapshot import Result, Snapshot, SourceState
from lmsfa.familiarity.judgement import Likeness, likeness

WINDOW_S = 1.0
"""So long an answer counts: one odd picture says nothing."""
FIRST_S = 0.5
"""So long answers are gathered before anything is said of a moving picture."""


class FamiliarityGate:
    """Follows the answers to one source, and withdraws the overlay where nothing in it means much.

    Withdrawn, it stays so, whatever comes, until `draw_anyway`, another source or another model.
    On one thread.
    """

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another source was chosen: what was decided about the one before says nothing of it."""
        self._recent: deque[tuple[float, float]] = deque()
        self._seen: Result | None = None
        self._model = ""
        self._current = Likeness.LIKE
        self._is_off = self._is_overruled = False

    def draw_anyway(self) -> None:
        """The team wants the overlay, for as long as source and model stay."""
        self._is_off, self._is_overruled = False, True

    def passed(self, snapshot: Snapshot, now_s: float) -> Snapshot:
        """The same moment with what is said of it, without answers where they are withdrawn.

        Args:
            snapshot: as the pipeline gives it.
            now_s: on the monotonic clock, seconds.
        """
        if not snapshot.source.may_carry_answers:
            # What spoils a picture has a word of its own.
            self._recent.clear()
        elif snapshot.newest is not None and snapshot.newest is not self._seen:
            self._judge(snapshot.newest, now_s, moves=snapshot.source.state is SourceState.PLAYING)
        if self._is_off:
            return replace(snapshot, result=None, newest=None, likeness=Likeness.FAR)
        # Drawn all the same, it is not said to be off.
        shown = Likeness.UNLIKE if self._current is Likeness.FAR else self._current
        return replace(snapshot, likeness=shown)

    def _judge(self, newest: Result, now_s: float, *, moves: bool) -> None:
        if newest.prediction.model_id != self._model:
            self.begin_anew()
            self._model = newest.prediction.model_id
        self._seen = newest
        unlikeness = newest.prediction.unlikeness
        if unlikeness is None:
            return
        if moves:
            unlikeness = self._usual(unlikeness, now_s)
        if unlikeness is not None:
            self._current = likeness(unlikeness, self._current)
            if self._current is Likeness.FAR and not self._is_overruled:
                self._is_off = True

    def _usual(self, unlikeness: float, now_s: float) -> float | None:
        """The median of the last second; None until there is half of one."""
        self._recent.append((now_s, unlikeness))
        # Of a slow model the answer before this one counts, however old it is.
        while len(self._recent) > 2 and self._recent[0][0] <= now_s - WINDOW_S:
            self._recent.popleft()
        if now_s - self._recent[0][0] < FIRST_S:
            return None
        return median(value for _, value in self._recent)
