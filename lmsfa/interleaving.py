"""Interleaved timing: whatever slows the machine down slows all who are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Run = Callable[[], object]
Times = NDArray[np.float64]
WARM_UP_ROUNDS = 5


def interleaved_ms(runs: Sequence[Run], rounds: int, warm_up_rounds: int = WARM_UP_ROUNDS) -> Times:
    """Times every run once a round, after some that do not count.

    Each round has another order, always the same ones: threads that a run leaves spinning, and
    caches that it leaves full, meet all others alike.

    Args:
        runs: what is timed; at least one.
        rounds: how often.
        warm_up_rounds: how often before that.

    Returns:
        (rounds, runs) milliseconds of wall-clock time.
    """
    taken = np.zeros((rounds, len(runs)))
    order = np.random.default_rng(0)
    for number in range(-warm_up_rounds, rounds):
        for index in order.permutation(len(runs)):
            started = time.perf_counter_ns()
            runs[index]()
            if number >= 0:
                taken[number, index] = (time.perf_counter_ns() - started) / 1e6
    return taken
