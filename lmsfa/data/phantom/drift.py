"""Smooth chance: values that wander over time, the same for the same seed at any time."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

WAVES = 4
"""Their periods have no common measure: what is seen once does not come again for hours."""


class Drift:
    """A value that wanders within -1..1.

    Args:
        rng: where chance comes from.
        period_s: how long a wander there and back usually takes, seconds.
    """

    def __init__(self, rng: np.random.Generator, period_s: float) -> None:
        periods_s = period_s * rng.uniform(0.6, 1.7, WAVES)
        self._rates = (2 * math.pi / periods_s).tolist()
        self._phases = rng.uniform(0, 2 * math.pi, WAVES).tolist()

    def at(self, time_s: float) -> float:
        """The value at a time, -1..1."""
        waves = zip(self._rates, self._phases, strict=True)
        return sum(math.sin(rate * time_s + phase) for rate, phase in waves) / WAVES

    def above(self, time_s: float, share: float) -> float:
        """How far it rises above what it stays below for `1 - share` of the time, 0..1, roughly."""
        if share <= 0:
            return 0.0
        # A mean of sines is nearly normal; of these four the deviation is sqrt(1/8).
        edge = math.sqrt(1 / (2 * WAVES)) * NormalDist().inv_cdf(1 - min(share, 0.99))
        return min(1.0, max(0.0, (self.at(time_s) - edge) / 0.35))
