"""A live source whose pictures say when they were captured, and that can be made to fail."""

from __future__ import annotations

import time
from threading import Condition

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.self_test.time_code import write_code
from app.core.snapshot import Signal, SourceInfo
from app.core.sources import Picture, SourceError
from lmsfa.data.clips import frames_of
from lmsfa.shipped import DEMO_CLIP

WIDTH, HEIGHT = 1280, 720
RATE_FPS = 30.0
OTHER_SIZE = (960, 540)
"""What a signal that changes its size changes to."""
CLIP_FRAMES = 75
BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1))
PLAIN = {Signal.BLACK: (2, 2, 2), Signal.BLUE: (12, 20, 200), Signal.SLATE: (96, 96, 96)}

Rgb = NDArray[np.uint8]


class CodedPicture:
    """Real frames of the demo clip, 720 lines, each with its number; a `Source`, opened once.

    `fault` may be set on any thread and is what the signal suffers from then on.

    Args:
        rate_fps: pictures a second.
    """

    def __init__(self, rate_fps: float = RATE_FPS) -> None:
        self.rate_fps = rate_fps
        self._clip = list(frames_of(DEMO_CLIP, CLIP_FRAMES))
        self._changed = Condition()
        self._fault = Signal.GOOD
        self._begun_s: float | None = None
        self._started_s = 0.0
        self._index = -1
        self._shown: Rgb | None = None
        self._closed = False

    @property
    def fault(self) -> Signal:
        """What the signal suffers from."""
        return self._fault

    @fault.setter
    def fault(self, fault: Signal) -> None:
        with self._changed:
            self._fault, self._begun_s = fault, None
            self._changed.notify_all()

    @property
    def begun_s(self) -> float | None:
        """When the first picture with the fault was captured, or one was first missing."""
        return self._begun_s

    def captured_s(self, number: int) -> float:
        """When the picture with this number was captured, monotonic clock, seconds."""
        return self._started_s + number / self.rate_fps

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        self._started_s, self._index = time.monotonic(), -1
        return SourceInfo("self-test", WIDTH, HEIGHT, self.rate_fps, None)

    def read(self) -> Picture | None:
        """See `Source.read`."""
        now_s = time.monotonic()
        self._index = max(self._index + 1, int((now_s - self._started_s) * self.rate_fps))
        rgb = self._picture()
        captured_s = self.captured_s(self._index)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, max(0.0, captured_s - time.monotonic()))
            if self._begun_s is None and self._fault is not Signal.GOOD:
                self._begun_s = captured_s
            self._changed.wait_for(lambda: self._fault is not Signal.STALLED or self._closed)
        is_damaged = self._fault is Signal.DAMAGED
        return Picture(rgb, self._index, captured_s=captured_s, is_damaged=is_damaged)

    def seek(self, time_s: float) -> None:
        """A live source has no positions."""
        raise SourceError(f"self-test: cannot be sought (asked for {time_s:.3f} s)")

    def close(self) -> None:
        """See `Source.close`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _picture(self) -> Rgb:
        if self._fault is Signal.FROZEN and self._shown is not None:
            return self._shown.copy()
        is_made = self._fault in (*PLAIN, Signal.BARS)
        rgb = (
            faulty_picture(self._fault, WIDTH, HEIGHT, self._index)
            if is_made
            else self.real(self._index)
        )
        if self._fault is Signal.SWAPPED:
            rgb = np.ascontiguousarray(rgb[..., ::-1])
        if self._fault is Signal.RESIZED:
            rgb = np.asarray(cv2.resize(rgb, OTHER_SIZE), dtype=np.uint8)
        if self._fault is not Signal.SLATE:
            write_code(rgb, self._index)
        self._shown = rgb
        return rgb.copy()

    def real(self, number: int) -> Rgb:
        """(720, 1280, 3) uint8 RGB: the clip there and back again, so that nothing leaps."""
        step = number % (2 * len(self._clip) - 2)
        clip = self._clip[min(step, 2 * len(self._clip) - 2 - step)]
        rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        left = (WIDTH - HEIGHT) // 2
        rgb[:, left : left + HEIGHT] = cv2.resize(clip, (HEIGHT, HEIGHT))
        return rgb


def faulty_picture(fault: Signal, width: int, height: int, number: int) -> Rgb:
    """(height, width, 3) uint8 RGB: what a card shows of a signal that is not one.

    Args:
        fault: BARS, or a key of `PLAIN`.
        width: pixels.
        height: pixels.
        number: of the picture; chooses its noise.
    """
    if fault is Signal.BARS:
        row = np.array(BARS, dtype=np.uint8)[np.arange(width) * len(BARS) // width] * 191
        rgb = np.broadcast_to(row, (height, width, 3)).copy()
    else:
        rgb = np.full((height, width, 3), PLAIN[fault], dtype=np.uint8)
    # A slate is made by a machine; everything else comes over a cable, with its noise.
    if fault is not Signal.SLATE:
        rgb += np.random.default_rng(number).integers(0, 7, rgb.shape, dtype=np.uint8)
    return rgb
