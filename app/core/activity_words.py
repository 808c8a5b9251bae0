"""What the model takes the whole picture for, in words that can be read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.core.snapshot import ModelState, Result, Snapshot
from lmsfa.prediction import Prediction

LABEL = "Activity: "
UNKNOWN = f"{LABEL}–"
"""Said where no current answer tells."""
KEPT_S = 0.25
"""Numbers that change faster cannot be read."""
TENTHS = 10
TOLD_S = 0.5
"""What is being done lasts for many seconds: said with its age, an answer may be older than an
overlay. Withdrawn with each overlay that comes too late, the words would flicker."""


def activity_words(prediction: Prediction | None, age_s: float | None = None) -> str:
    """The activity with its confidence and age: "Activity: dissection 87 % · 0.1 s".

    Args:
        prediction: of which to speak, or None.
        age_s: from capture, rounded up to tenths; None for a picture that carries its own answer.
    """
    if prediction is None or prediction.activity is None or prediction.activity_score is None:
        return UNKNOWN
    told = f"{LABEL}{prediction.activity} {round(prediction.activity_score * 100)} %"
    return told if age_s is None else f"{told} · {_tenths(age_s) / TENTHS:.1f} s"


def telling(snapshot: Snapshot, now_s: float) -> Result | None:
    """The answer whose activity may be told at a snapshot's picture.

    Args:
        snapshot: of which to speak.
        now_s: when the words will be on screen, on the monotonic clock.

    Returns:
        The picture's own where it stands or waits for the model; else the newest that is no older
        than `TOLD_S`.
    """
    newest = snapshot.newest
    if newest is None or now_s > tells_until_s(snapshot):
        return None
    return newest


def tells_until_s(snapshot: Snapshot) -> float:
    """Until when that answer may be told, seconds on the monotonic clock."""
    newest = snapshot.newest
    if newest is None or _is_its_own(snapshot):
        return math.inf
    # An overlay that may be older still does not stand without its words.
    painted_until_s = -math.inf if snapshot.result is None else snapshot.expires_s
    return max(newest.frame.captured_s + TOLD_S, painted_until_s)


def _is_its_own(snapshot: Snapshot) -> bool:
    """Whether the picture stands, or waits for the model, and carries its own answer."""
    return snapshot.result is not None and math.isinf(snapshot.expires_s)


@dataclass(frozen=True, slots=True)
class _Said:
    """Words with what they were said of.

    Attributes:
        of: model, source and activity.
        since_s: on the monotonic clock.
        tenths: age in tenths of a second.
        words: the text.
    """

    of: tuple[str, int, str | None]
    since_s: float
    tenths: int
    words: str


class ActivityWords:
    """Says what is being done, no more often than can be read, and never with too low an age.

    The name follows every answer at once. On one thread.
    """

    def __init__(self) -> None:
        self._said: _Said | None = None

    def of(self, snapshot: Snapshot, now_s: float) -> str:
        """The words that may stand at a snapshot's picture.

        Args:
            snapshot: of which to speak.
            now_s: when they will be on screen, on the monotonic clock.

        Returns:
            Empty without a picture, or without a model that is ready and knows activities.
        """
        model, result = snapshot.model, telling(snapshot, now_s)
        knows = model.card is not None and bool(model.card.activities)
        if snapshot.frame is None or model.state is not ModelState.READY or not knows:
            self._said = None
            return ""
        if result is None or _is_its_own(snapshot):
            self._said = None
            return activity_words(None if result is None else result.prediction)
        age_s, told = now_s - result.frame.captured_s, result.prediction
        of = told.model_id, result.frame.source_id, told.activity
        said = self._said
        if said is None or said.of != of or _is_stale(said, now_s, age_s):
            said = _Said(of, now_s, _tenths(age_s), activity_words(told, age_s))
            self._said = said
        return said.words


def _is_stale(said: _Said, now_s: float, age_s: float) -> bool:
    return now_s - said.since_s >= KEPT_S or _tenths(age_s) > said.tenths


def _tenths(age_s: float) -> int:
    """Rounded up, and what a float cannot hold left out: 0.3 s are three tenths."""
    return max(1, math.ceil(age_s * TENTHS - 1e-6))
