"""Follows a source's pictures and says what their overlay is worth, without flicker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmsfa.quality.condition import CLEAR, Condition, Quality
from lmsfa.quality.field import Field, FieldOfView
from lmsfa.quality.judgement import OFF, WEAK, badness, blurred_below
from lmsfa.quality.measures import Measures, measure

SAYING = 3
"""Judgements in a row that say something worse, or another cause."""
TAKING_BACK = 6
"""Judgements in a row that say something better: a clear moment amid smoke is none."""
HELD = 0.92
"""What is said stays until its badness falls below this share of its bound."""
LEARNING = 0.02
"""Weight of a clear picture in the sharpness that is usual."""


@dataclass(frozen=True, slots=True)
class View:
    """What the pictures up to now say.

    Attributes:
        field: the field of view; None before the first picture.
        condition: what keeps it from being seen.
    """

    field: Field | None = None
    condition: Condition = CLEAR


UNJUDGED = View()
"""Before the first picture."""


class QualityMonitor:
    """Judges one opened source, picture by picture; on one thread.

    Field and quality are looked at in turns, for the time that both take.
    """

    def __init__(self) -> None:
        self._field = FieldOfView()
        self._view = UNJUDGED
        self._candidate = CLEAR
        self._seen = self._pictures = 0
        self._usual_sharpness: float | None = None

    def judge(self, rgb: NDArray[np.uint8], covered: float = 0.0) -> View:
        """What this picture and those before it say.

        Args:
            rgb: (H, W, 3) uint8 RGB.
            covered: share of the field that the model's newest answer sees instruments on, 0..1.
        """
        self._pictures += 1
        field = self._view.field
        if self._pictures % 2 or field is None:
            self._view = View(self._field.follow(rgb), self._view.condition)
        else:
            found = self._look(measure(rgb, field), covered)
            self._view = View(field, self._confirmed(found))
        return self._view

    def _look(self, measures: Measures, covered: float) -> Condition:
        """The worst cause in one picture."""
        usual = measures.sharpness if self._usual_sharpness is None else self._usual_sharpness
        said = self._view.condition
        bad = badness(measures, usual, covered)
        weak = {cause: _held(WEAK, held=cause is said.quality) for cause in bad}
        worst = max(bad, key=lambda cause: bad[cause] / weak[cause])
        if bad[worst] < weak[worst]:
            self._learn(usual, measures.sharpness)
            return CLEAR
        off = _held(OFF, held=worst is said.quality and said.is_off)
        return Condition(worst, is_off=bad[worst] >= off)

    def _learn(self, usual: float, sharpness: float) -> None:
        if sharpness >= blurred_below(usual):
            self._usual_sharpness = usual + LEARNING * (sharpness - usual)

    def _confirmed(self, found: Condition) -> Condition:
        """What several judgements in a row have said."""
        said = self._view.condition
        # Two causes in turns are no less a reason to say one of them.
        both_bad = said == CLEAR and CLEAR not in (found, self._candidate)
        self._seen = self._seen + 1 if found == self._candidate or both_bad else 1
        self._candidate = found
        needed = TAKING_BACK if _is_better(found, said) else SAYING
        return found if self._seen >= needed else said


def _held(bound: float, *, held: bool) -> float:
    """What is said already is held to a lower bound."""
    return bound * HELD if held else bound


def _is_better(found: Condition, said: Condition) -> bool:
    if found.quality is Quality.CLEAR:
        return True
    return said.is_off and not found.is_off
