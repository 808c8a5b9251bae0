"""What a run without a window is asked to do, and where its frames go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.core.recorder import Recorder
from app.core.report import Report
from app.core.snapshot import SourceInfo


@dataclass(frozen=True, slots=True)
class Job:
    """A run without a window.

    Attributes:
        source: as `open_source` takes it.
        weights: weights file.
        runtime: as `load_engine` takes it.
        output: video to write, or None.
        report: JSON file to write, or None.
        max_frames: stop after this many frames; None for all.
        live: paced like the window instead of locked.
        overwrite: whether existing files may be replaced.
    """

    source: str
    weights: Path
    runtime: str = "auto"
    output: Path | None = None
    report: Path | None = None
    max_frames: int | None = None
    live: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did; `fault` is the line of a model that could not answer, else empty."""

    report: Report
    fault: str = ""


class Reel:
    """Takes a run's overlaid frames: counts them on a progress line, records them if asked to."""

    def __init__(self, job: Job, info: SourceInfo) -> None:
        """Opens the output.

        Args:
            job: what was asked.
            info: of the opened source.

        Raises:
            OutputError: the output cannot be written.
        """
        self.frames = 0
        self._most = job.max_frames
        self._recorder = (
            None
            if job.output is None
            else Recorder(job.output, info.rate_fps, overwrite=job.overwrite)
        )
        self._start_s: float | None = None
        self._progress = tqdm(total=_expected_frames(job, info), unit="frame", mininterval=0.5)

    def __enter__(self) -> Self:
        """The reel itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the output."""
        self._progress.close()
        if self._recorder is not None:
            self._recorder.close()

    @property
    def is_full(self) -> bool:
        """Whether no more frames are wanted."""
        return self._most is not None and self.frames >= self._most

    def add(self, rgb: NDArray[np.uint8], time_s: float) -> None:
        """Counts and records a frame.

        Args:
            rgb: (H, W, 3) uint8 RGB with its overlay.
            time_s: on any clock; the first frame's time becomes 0.

        Raises:
            OutputError: the disk is full or gone.
        """
        self._start_s = time_s if self._start_s is None else self._start_s
        self.frames += 1
        self._progress.update()
        if self._recorder is not None:
            self._recorder.write(rgb, time_s - self._start_s)


def _expected_frames(job: Job, info: SourceInfo) -> int | None:
    if info.duration_s is None:
        return job.max_frames
    frames = max(1, round(info.duration_s * info.rate_fps))
    return frames if job.max_frames is None else min(frames, job.max_frames)
