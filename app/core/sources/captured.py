"""Live pictures through OpenCV, where FFmpeg cannot open the device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import SourceInfo
from app.core.sources.drain import Drain
from app.core.sources.source import Picture


@dataclass(frozen=True, slots=True)
class _Captured:
    bgr: NDArray[np.uint8]
    index: int
    captured_s: float


class CapturedStream:
    """An open OpenCV capture, drained by a thread of its own. Used on one thread.

    Args:
        name: for people.
        capture: open; used by nobody else from now on.
    """

    def __init__(self, name: str, capture: cv2.VideoCapture) -> None:
        # Asked now: while the drain reads nobody else may touch the capture.
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self._info = SourceInfo(name, width, height, capture.get(cv2.CAP_PROP_FPS), None)
        self._drain = Drain(name, _taken(capture), capture.release)

    def info(self) -> SourceInfo:
        """What the device declares."""
        return self._info

    def read(self) -> Picture | None:
        """Blocks for the newest picture; None when none comes any more.

        Raises:
            SourceLostError: reading failed.
        """
        taken = self._drain.take()
        if taken is None:
            return None
        rgb = np.asarray(cv2.cvtColor(taken.bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        return Picture(rgb, taken.index, captured_s=taken.captured_s)

    def close(self) -> None:
        """Waits until the device is free, for a bounded time; see `Drain.close`."""
        self._drain.close()


def _taken(capture: cv2.VideoCapture) -> Iterator[_Captured]:
    index = 0
    while True:
        is_there, bgr = capture.read()
        if not is_there:
            return
        yield _Captured(np.asarray(bgr, dtype=np.uint8), index, time.monotonic())
        index += 1
