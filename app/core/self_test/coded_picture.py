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
CLIP_FRAMES = 75
BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1))
PLAIN = {Signal.BLACK: (2, 2, 2), Signal.BLUE: (12, 20, 200), Signal.SLATE: (96, 96, 96)}

Rgb = NDArray[np.uint8]


class CodedPicture:
    """Real frames of the demo clip, 720 lines, 30 a second, each with its number; a `Source`.

    `fault` may be set on any thread and is what the signal suffers from then on.
    """

    def __init__(self) -> None:
        self._clip = list(frames_of(DEMO_CLIP, CLIP_FRAMES))
        self._changed = Condition()
        self._fault = Signal.GOOD
        self._begun_s: float | None = None
        self._started_s = 0.0
        self._index = -1
        self._shown: Rgb | None = None
        self._closed = False
        self._noise = np.random.default_rng(0).integers(0, 7, (HEIGHT, WIDTH, 3), dtype=np.uint8)

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
        return self._started_s + number / RATE_FPS

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        self._started_s, self._index = time.monotonic(), -1
        return SourceInfo("self-test", WIDTH, HEIGHT, RATE_FPS, None)

    def read(self) -> Picture | None:
        """See `Source.read`."""
        now_s = time.monotonic()
        self._index = max(self._index + 1, int((now_s - self._started_s) * RATE_FPS))
        rgb = self._picture()
        captured_s = self.captured_s(self._index)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, max(0.0, captured_s - time.monotonic()))
            if self._begun_s is None and self._fault is not Signal.GOOD:
                self._begun_s = captured_s
            self._changed.wait_for(lambda: self._fault is not Signal.STALLED or self._closed)
        return Picture(rgb, self._index, captured_s=captured_s)

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
        rgb = self._faulty() if self._fault in (*PLAIN, Signal.BARS) else self._real()
        if self._fault is Signal.SWAPPED:
            rgb = np.ascontiguousarray(rgb[..., ::-1])
        if self._fault is not Signal.SLATE:
            write_code(rgb, self._index)
        self._shown = rgb
        return rgb.copy()

    def _real(self) -> Rgb:
        # There and back again, so that nothing leaps.
        step = self._index % (2 * len(self._clip) - 2)
        clip = self._clip[min(step, 2 * len(self._clip) - 2 - step)]
        rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        left = (WIDTH - HEIGHT) // 2
        rgb[:, left : left + HEIGHT] = cv2.resize(clip, (HEIGHT, HEIGHT))
        return rgb

    def _faulty(self) -> Rgb:
        if self._fault is Signal.BARS:
            row = np.array(BARS, dtype=np.uint8)[np.arange(WIDTH) * len(BARS) // WIDTH] * 191
            rgb = np.broadcast_to(row, (HEIGHT, WIDTH, 3)).copy()
        else:
            rgb = np.full((HEIGHT, WIDTH, 3), PLAIN[self._fault], dtype=np.uint8)
        # A slate is made by a machine; everything else comes over a cable, with its noise.
        if self._fault is not Signal.SLATE:
            rgb += np.roll(self._noise, self._index)
        return rgb
