"""Watches a window from outside: what it paints, when, and how promptly it answers."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtGui import QImage

from app.core.frame import Frame
from app.core.self_test.time_code import read_code
from app.ui.controller import Controller
from app.ui.scene import Scene
from app.ui.video_view import VideoView
from app.ui.window import Window

BEAT_MS = 5
CODED_SHARE = 0.1
"""Of a picture's height, holds its number whole."""


class Witness(QObject):
    """Collects what a window paints from `begin` on. Lives on the window's thread.

    Args:
        window: the window.
        controller: what decides in it; its scenes pass through here.
        captured_s: when the picture of a number was captured, monotonic clock, seconds; where
            pictures carry their number. Ages are then measured by it too.

    `numbers` are those of the painted pictures that could be read, `scenes` counts how often the
    window was shown anew.
    """

    def __init__(
        self,
        window: Window,
        controller: Controller,
        captured_s: Callable[[int], float] | None = None,
    ) -> None:
        # The window's child ends with it, on its thread; the garbage collector may run on any.
        super().__init__(window)
        self._window, self._captured_s = window, captured_s
        self.scene: Scene | None = None
        self._painted: Frame | None = None
        self._begun_s: float | None = None
        # Of a long watch a list would itself be what grows.
        self.delays_ms, self.ages_ms = array("d"), array("d")
        self.painted_at_s, self.gaps_ms = array("d"), array("d")
        self.numbers = array("l")
        self.scenes = 0
        self._last_beat_s = time.monotonic()
        window.view.painted.connect(self._on_painted)
        controller.start(self._show, window.show_bare)
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self._beat.start()

    @property
    def counted_s(self) -> float:
        """How long it has counted, seconds."""
        return 0.0 if self._begun_s is None else time.monotonic() - self._begun_s

    def follow(self, captured_s: Callable[[int], float]) -> None:
        """Another source is shown, whose pictures carry numbers of their own."""
        self._captured_s = captured_s

    def begin(self) -> None:
        """Counts from now on, and anew."""
        for figures in (self.delays_ms, self.ages_ms, self.painted_at_s, self.gaps_ms):
            del figures[:]
        del self.numbers[:]
        self.scenes = 0
        self._begun_s = self._last_beat_s = time.monotonic()

    def _show(self, scene: Scene) -> None:
        self.scene = scene
        self.scenes += 1
        self._window.show_scene(scene)

    def _on_painted(self, judged_s: float) -> None:
        """Counts a frame when the view paints it for the first time."""
        scene, now_s = self.scene, time.monotonic()
        frame = scene.snapshot.frame if scene is not None else None
        if scene is None or frame is None or frame is self._painted or self._begun_s is None:
            return
        self._painted = frame
        self.painted_at_s.append(now_s)
        result = scene.snapshot.result
        if scene.layer is not None and result is not None and judged_s <= scene.snapshot.expires_s:
            captured_s = self._captured_of(result.frame)
            if captured_s is not None:
                self.ages_ms.append((judged_s - captured_s) * 1000)
        if self._captured_s is not None:
            number = read_code(painted_picture(self._window.view, CODED_SHARE))
            if number is not None:
                self.numbers.append(number)
                self.delays_ms.append((now_s - self._captured_s(number)) * 1000)

    def _captured_of(self, frame: Frame) -> float | None:
        """When a frame was captured, by its own number where pictures carry one."""
        if self._captured_s is None:
            return frame.captured_s
        number = read_code(frame.rgb)
        return None if number is None else self._captured_s(number)

    def _on_beat(self) -> None:
        now_s = time.monotonic()
        if self._begun_s is not None:
            self.gaps_ms.append((now_s - self._last_beat_s) * 1000)
        self._last_beat_s = now_s


def painted_picture(view: VideoView, share: float = 1.0) -> NDArray[np.uint8]:
    """What a view has just painted of its picture; to be asked when it says `painted`, not later.

    It lies in the window's own memory: nothing is painted again, and what covers the view is not
    painted yet.

    Args:
        view: in a window that is shown.
        share: of the picture's height, from above.

    Returns:
        (h, w, 3) uint8 RGB; black where nothing was painted, or Qt shows its memory to nobody.
    """
    whole, ratio = view.picture_rect(), view.devicePixelRatioF()
    corner = view.mapTo(view.window(), whole.topLeft())
    height = math.ceil(share * whole.height())
    place = (corner.x(), corner.y(), whole.width(), height)
    memory = view.window().backingStore().paintDevice()
    if not isinstance(memory, QImage) or whole.isEmpty():
        return np.zeros((max(1, height), max(1, whole.width()), 3), dtype=np.uint8)
    return pixels_of(memory.copy(QRect(*(round(ratio * side) for side in place))))


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()
