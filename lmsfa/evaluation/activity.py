"""How often the activity is told rightly, and which is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lmsfa.errors import DatasetError
from lmsfa.evaluation.answers import Answers


@dataclass(frozen=True, slots=True)
class ActivityFigures:
    """Activities of the frames whose activity is known.

    Attributes:
        accuracy: share of these frames that are told rightly, 0..1; None without any.
        macro_f1: mean F1 over the activities that the truth holds, 0..1; None without any.
        names: of the activities, in the card's order.
        confusion: frames by true activity (rows) and told activity (columns), in that order.
        per_activity: F1 by name; None where the truth does not hold it.
        frames: how many were judged.
        unknown: frames whose activity nobody said, left out.
    """

    accuracy: float | None
    macro_f1: float | None
    names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    per_activity: dict[str, float | None]
    frames: int
    unknown: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def check_activities(told: Sequence[str], labelled: Sequence[str], source: str) -> None:
    """Checks that labels speak of the activities that a model tells.

    Args:
        told: by the model, as its card names them.
        labelled: names in the labels.
        source: of the labels, for the error.

    Raises:
        DatasetError: the model tells none, or another than one of the labels.
    """
    if not told:
        raise DatasetError("the weights tell no activities; leave --activities out")
    foreign = sorted(set(labelled) - set(told))
    if foreign:
        raise DatasetError(
            f"activities by {source}: the weights tell {', '.join(told)}, "
            f"the labels say {foreign[0]!r}"
        )


def judge_activities(answers: Answers, names: tuple[str, ...]) -> ActivityFigures:
    """Judges the activities of frames; `names` are the card's."""
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.intp)
    pairs = [
        (frame.true_activity, frame.activity)
        for frame in answers.frames
        if frame.true_activity is not None and frame.activity is not None
    ]
    for truth, told in pairs:
        counts[places[truth], places[told]] += 1
    right, true = counts.diagonal(), counts.sum(1)
    scores = {
        name: float(2 * right[place] / (true[place] + counts[:, place].sum()))
        if true[place]
        else None
        for name, place in places.items()
    }
    held = [score for score in scores.values() if score is not None]
    return ActivityFigures(
        accuracy=float(right.sum() / len(pairs)) if pairs else None,
        macro_f1=float(np.mean(held)) if held else None,
        names=names,
        confusion=tuple(tuple(row) for row in counts.tolist()),
        per_activity=scores,
        frames=len(pairs),
        unknown=len(answers.frames) - len(pairs),
    )
