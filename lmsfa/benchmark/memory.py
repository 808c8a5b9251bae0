"""What a loaded network weighs, measured in a process of its own."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import psutil

from lmsfa.errors import InputError
from lmsfa.interleaving import Run

if sys.platform != "win32":
    import resource

ANSWERED_FRAMES = 3
BYTES_PER_MB = 1e6


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory of a process that loads a network and answers a few frames.

    Attributes:
        model_mb: what loading and answering added to the process with all its imports, 1e6 bytes.
        process_mb: all of it, the interpreter and its libraries too. A GPU's memory is not in it.
    """

    model_mb: float
    process_mb: float

    def as_json(self) -> dict[str, float]:
        """Rounded numbers for `json.dumps`."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


def peak_memory(module: str, load: Callable[[], Run]) -> Memory:
    """Loads a network in a fresh interpreter and answers `ANSWERED_FRAMES` there.

    Args:
        module: of the runtime; imported before anything is counted.
        load: what loads and gives what answers a frame; must travel to another process.

    Raises:
        InputError: the process was ended from outside, as by a full memory; or as `load`.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as child:
        try:
            return child.submit(_measured, module, load).result()
        except BrokenProcessPool:
            raise InputError(
                "the process that measures memory was ended from outside; is the memory full?"
            ) from None


def _measured(module: str, load: Callable[[], Run]) -> Memory:
    import_module(module)
    before = psutil.Process().memory_info().rss
    run = load()
    for _ in range(ANSWERED_FRAMES):
        run()
    peak = _peak_bytes()
    return Memory((peak - before) / BYTES_PER_MB, peak / BYTES_PER_MB)


def _peak_bytes() -> int:
    """The largest resident size of this process so far."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux hands getrusage's peak on from the parent, which may have been far larger.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


def allocated_mb(run: Run) -> float:
    """The most that a run holds at once beyond what was there before, 1e6 bytes.

    Counts what Python, numpy and the arrays that OpenCV hands out take; not OpenCV's own scratch.
    """
    run()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run()
        return (tracemalloc.get_traced_memory()[1] - before) / BYTES_PER_MB
    finally:
        tracemalloc.stop()
