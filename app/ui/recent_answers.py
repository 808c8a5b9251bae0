"""What the picture carried a moment ago: words that follow every single answer would flicker."""

from __future__ import annotations

from app.core.follower import is_visibly_moved
from app.core.snapshot import Snapshot

UNANSWERED_S = 0.5
"""After so long without an answer, or a structure, the picture says so; sooner it would flicker."""


class RecentAnswers:
    """Remembers when there last was an answer, one with a structure, a moved one.

    Times are seconds on the monotonic clock. On the window's thread.
    """

    def __init__(self) -> None:
        self._answered_s = self._marked_s = self._moved_s = -UNANSWERED_S

    def note(self, snapshot: Snapshot, hidden: frozenset[int], now_s: float) -> None:
        """Takes what a newly shown picture carries.

        Args:
            snapshot: as it is shown.
            hidden: class ids that are switched off.
            now_s: when.
        """
        if snapshot.result is None:
            return
        self._answered_s = now_s
        if is_visibly_moved(snapshot):
            self._moved_s = now_s
        if any(found.class_id not in hidden for found in snapshot.result.prediction.instances):
            self._marked_s = now_s

    def answered(self, now_s: float) -> bool:
        """Whether there was an answer."""
        return now_s - self._answered_s < UNANSWERED_S

    def marked(self, now_s: float) -> bool:
        """Whether one of them held a structure that is switched on."""
        return now_s - self._marked_s < UNANSWERED_S

    def moved(self, now_s: float) -> bool:
        """Whether one was visibly moved by measured motion."""
        return now_s - self._moved_s < UNANSWERED_S
