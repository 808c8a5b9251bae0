"""Interleaved timing: whatever slows the machine down slows all who are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

WARM_UP_ROUNDS = 5


def interleaved_ms(runs: Sequence[Callable[[], object]], rounds: int) -> NDArray[np.float64]:
    """Times every run once a round, after `WARM_UP_ROUNDS` that do not count.

    Each round begins with another run, so that none always follows the same one.

    Args:
        runs: what is timed; at least one.
        rounds: how often.

    Returns:
        (rounds, runs) milliseconds of wall-clock time.
    """
    taken = np.zeros((rounds, len(runs)))
    for number in range(-WARM_UP_ROUNDS, rounds):
        for step in range(len(runs)):
            index = (number + step) % len(runs)
            started = time.perf_counter_ns()
            runs[index]()
            if number >= 0:
                taken[number, index] = (time.perf_counter_ns() - started) / 1e6
    return taken
