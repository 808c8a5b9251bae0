"""From what was measured to the worst cause."""

from __future__ import annotations

from collections.abc import Mapping

from lmsfa.quality.condition import Quality
from lmsfa.quality.measures import Measures

WEAK = 1.0
"""Badness from which an overlay is weak."""
OFF = 2.0
"""Badness from which nothing reliable can be seen."""

DARK = (100.0, 45.0)
"""Grey values that the brighter parts stay below: weak, off. Real pictures reach 188 at least."""
SMOKE = (60.0, 130.0)
"""Grey values that the darkest parts stay above; 32 at most in real pictures."""
BLOOD = (0.36, 0.75)
"""Share in deep red; 0.25 at most in real pictures."""
GLARE = (0.045, 0.35)
"""Share burnt out; 0.05 at most in real pictures."""
INSTRUMENT = (0.70, 0.88)
"""Share of the field that instruments cover; a laryngoscope over half of it does no harm."""
NO_FLESH_BELOW = 0.025
"""Redness; real pictures have 0.14 at least, through the thickest smoke 0.04."""
BLUR_SHARES = (0.7, 0.3)
"""Of the sharpness that is usual for the source: weak, off."""
BLUR_BELOW = (0.2, 0.42)
"""Sharpness that is blurred whatever is usual, and the most that ever is; made scenes are soft."""


def badness(
    measures: Measures, usual_sharpness: float, covered: float = 0.0
) -> Mapping[Quality, float]:
    """How bad each cause is: `WEAK`, `OFF`, and what lies below, between and beyond.

    Args:
        measures: of the picture.
        usual_sharpness: of the source's clear pictures.
        covered: share of the field that the model sees instruments on, 0..1.
    """
    if measures.light < DARK[1]:
        # What is nearly black has neither colours nor edges.
        return {Quality.DARK: OFF}
    if measures.redness < NO_FLESH_BELOW:
        return {Quality.OUT_OF_BODY: OFF}
    blurred = blurred_below(usual_sharpness)
    return {
        Quality.DARK: _between(measures.light, *DARK),
        Quality.SMOKE: _between(measures.veil, *SMOKE),
        Quality.BLOOD: _between(measures.blood, *BLOOD),
        Quality.GLARE: _between(measures.white, *GLARE),
        Quality.INSTRUMENT: _between(covered, *INSTRUMENT),
        Quality.BLURRED: _between(
            measures.sharpness, blurred, blurred * BLUR_SHARES[1] / BLUR_SHARES[0]
        ),
    }


def blurred_below(usual_sharpness: float) -> float:
    """The sharpness below which a source's picture is blurred."""
    least, most = BLUR_BELOW
    return min(max(BLUR_SHARES[0] * usual_sharpness, least), most)


def _between(value: float, weak: float, off: float) -> float:
    """1 at `weak`, 2 at `off`, along a line."""
    return WEAK + (value - weak) / (off - weak)
