"""What is being done, calmed: a single answer of another mind does not turn it over."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace

from lmsfa.prediction import Prediction

CALM_S = 1.0
"""So long an answer counts. Activities last for many seconds, and a word that is to be read must
stand about as long."""


class CalmActivity:
    """Names the activity whose mean probability over the last second is the greatest.

    An answer carries the probability of its own activity alone; to the mean of every other it adds
    nothing, so that a confidence that is shown is never higher than what the answers were sure of.
    On one thread.
    """

    def __init__(self) -> None:
        self._told: deque[tuple[float, str, float]] = deque()

    def forget(self) -> None:
        """Another scene begins: what was said of the one before says nothing of it."""
        self._told.clear()

    def calmed(self, prediction: Prediction, now_s: float) -> Prediction:
        """The answer with the activity of the last second and its mean probability.

        Args:
            prediction: as the model gave it; one without an activity stays without.
            now_s: its time, seconds; not before that of the answer before it.
        """
        if prediction.activity is None or prediction.activity_score is None:
            return prediction
        self._told.append((now_s, prediction.activity, prediction.activity_score))
        while self._told[0][0] <= now_s - CALM_S:
            self._told.popleft()
        sums: defaultdict[str, float] = defaultdict(float)
        # From the newest on: of two that are level, the one that was said last is named.
        for _, name, score in reversed(self._told):
            sums[name] += score
        name = max(sums, key=sums.__getitem__)
        return replace(prediction, activity=name, activity_score=sums[name] / len(self._told))
