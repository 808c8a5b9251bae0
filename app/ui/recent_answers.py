"""What the picture carried a moment ago: words that follow every single answer would flicker."""

from __future__ import annotations

from app.core.follower import is_visibly_moved
from app.core.snapshot import Snapshot

UNANSWERED_S = 0.5
"""After so long without an answer, or a structure, the picture says so; sooner it would flicker."""


class RecentAnswers:
    """Remembers when there last was an answer, one with each structure, a moved one.

    Times are seconds on the monotonic clock. On the window's thread.
    """

    def __init__(self) -> None:
        self._answered_s = self._moved_s = -UNANSWERED_S
        self._seen_s: dict[int, float] = {}

    def note(self, snapshot: Snapshot, now_s: float) -> None:
        """Takes what a newly shown picture carries.

        Args:
            snapshot: as it is shown.
            now_s: when.
        """
        if snapshot.result is None:
            return
        self._answered_s = now_s
        if is_visibly_moved(snapshot):
            self._moved_s = now_s
        for entry in snapshot.result.prediction.instances:
            self._seen_s[entry.class_id] = now_s

    def answered(self, now_s: float) -> bool:
        """Whether there was an answer."""
        return now_s - self._answered_s < UNANSWERED_S

    def marked(self, now_s: float, hidden: frozenset[int]) -> bool:
        """Whether one held a structure that is on; `hidden` are the class ids that are off."""
        return any(
            now_s - seen_s < UNANSWERED_S
            for class_id, seen_s in self._seen_s.items()
            if class_id not in hidden
        )

    def moved(self, now_s: float) -> bool:
        """Whether one was visibly moved by measured motion."""
        return now_s - self._moved_s < UNANSWERED_S
