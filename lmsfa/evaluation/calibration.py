"""Whether a score of 0.8 is right in 8 of 10 answers, and the temperature that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.matching import ClassMatches, match
from lmsfa.postprocess import calibrated

BINS = 15
"""As in Guo et al., "On calibration of modern neural networks", 2017."""
CALIBRATED_FROM = 0.05
"""Weaker answers are shown by no sensible threshold, and their thousands would drown the rest."""
TEMPERATURES = (0.2, 5.0)
"""What lies outside comes from too few answers."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with a score from `low` to below `high`; score and right share are None without any.

    Attributes:
        low: lowest score, 0..1.
        high: the next bin's lowest.
        answers: how many.
        score: their mean score.
        right: the share of them that is right at IoU 0.5.
    """

    low: float
    high: float
    answers: int
    score: float | None
    right: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Scores against being right at IoU 0.5.

    Attributes:
        ece: expected calibration error, 0..1; None without answers.
        answers: how many were looked at.
        bins: what a reliability plot shows.
    """

    ece: float | None
    answers: int
    bins: tuple[Bin, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return {**asdict(self), "from_score": CALIBRATED_FROM}


def reliability(matches: Sequence[ClassMatches]) -> Reliability:
    """The reliability of all classes' scores together, from `CALIBRATED_FROM` on."""
    return reliability_of(*scores_and_right(matches))


def scores_and_right(matches: Sequence[ClassMatches]) -> tuple[Floats, NDArray[np.bool_]]:
    """(N,) scores from `CALIBRATED_FROM` on, and whether each answer is right at IoU 0.5."""
    scores = np.concatenate([found.scores for found in matches])
    right = np.concatenate([found.right[0] for found in matches])
    kept = scores >= CALIBRATED_FROM
    return scores[kept], right[kept]


def reliability_of(scores: Floats, right: NDArray[np.bool_]) -> Reliability:
    """Expected calibration error and its bins, `BINS` of equal width."""
    places = np.minimum((scores * BINS).astype(np.intp), BINS - 1)
    bins = []
    error = 0.0
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        score = float(scores[inside].mean()) if count else None
        share = float(right[inside].mean()) if count else None
        bins.append(Bin(place / BINS, (place + 1) / BINS, count, score, share))
        if score is not None and share is not None:
            error += count * abs(score - share)
    return Reliability(error / len(scores) if len(scores) else None, len(scores), tuple(bins))


def fitted_temperature(scores: Floats, right: NDArray[np.bool_]) -> float:
    """The temperature that makes what is seen likeliest; 1 where nothing can be learned.

    Args:
        scores: (N,) 0..1, raw.
        right: (N,) whether each answer is right.
    """
    inside = np.clip(scores, 1e-6, 1 - 1e-6)
    if right.size == 0 or right.all() or not right.any():
        return 1.0
    logits = np.log(inside / (1 - inside))
    # Dividing a logit by the temperature is a logistic regression without intercept.
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    slope = float(model.fit(logits[:, None], right).coef_[0, 0])
    if slope <= 0:
        return 1.0
    return float(np.clip(1 / slope, *TEMPERATURES))


def halves(answers: Answers) -> tuple[Answers, Answers]:
    """Two parts that share no sequence: groups in turn; of one group the first and last frames."""
    groups = answers.groups
    if len(groups) > 1:
        return answers.of_groups(*groups[::2]), answers.of_groups(*groups[1::2])
    middle = (len(answers.frames) + 1) // 2
    return answers.of_frames(answers.frames[:middle]), answers.of_frames(answers.frames[middle:])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A temperature fitted on one half, judged on the other.

    Attributes:
        fitted_on: the groups it was fitted on, for people.
        temperature: what was found there.
        before: the other half's reliability with raw scores.
        after: the same answers with the temperature.
    """

    fitted_on: str
    temperature: float
    before: Reliability
    after: Reliability


def cross_fitted(raw: Answers) -> tuple[HeldOut, ...]:
    """Fits on each half and judges on the other; `raw` has temperature 1."""
    parts = halves(raw)
    return tuple(_held_out(*pair) for pair in (parts, parts[::-1]))


def temperature_of(raw: Answers) -> float:
    """Fits on everything; `raw` has temperature 1."""
    return fitted_temperature(*scores_and_right(match(raw)))


def _held_out(seen: Answers, other: Answers) -> HeldOut:
    temperature = temperature_of(seen)
    scores, right = scores_and_right(match(other))
    after = reliability_of(calibrated(scores, temperature), right)
    return HeldOut(", ".join(seen.groups), temperature, reliability_of(scores, right), after)
