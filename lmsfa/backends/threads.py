"""How many threads a model may use, so that the picture keeps a core."""

from __future__ import annotations

import os

from threadpoolctl import threadpool_limits

from lmsfa.registry import EngineError


def thread_budget(asked: int | None = None) -> int:
    """Threads that a model may use.

    Args:
        asked: what a person chose; None for all cores but one that the picture keeps, from four
            cores on. Of fewer, all are needed.

    Raises:
        EngineError: `asked` is below one or above the number of cores that this process has.
    """
    cores = _cores()
    if asked is None:
        return cores - 1 if cores >= 4 else cores
    if not 1 <= asked <= cores:
        raise EngineError(
            f"--threads must be from 1 to {cores}, the cores that there are; got {asked}"
        )
    return asked


def threads_beside_picture() -> int:
    """Threads of a model beside which pictures are decoded, followed and painted: they keep a core.

    On two processors that share one core's units, as virtual ones often do, a second thread makes
    the model hardly faster and holds every picture up.
    """
    return max(1, _cores() - 1)


def keep_numpy_on_one_thread() -> None:
    """Has NumPy compute its products on the thread that asks, from here on, in this process.

    OpenBLAS would share a mask's filters among all cores, which gains nothing, and its helpers wait
    for the next product without sleep: they take the core that the picture was to keep.
    """
    threadpool_limits(limits=1, user_api="blas")


def _cores() -> int:
    """Those that this process may run on: in a container fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
