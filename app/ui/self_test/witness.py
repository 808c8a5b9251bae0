"""Watches a window from outside: what it paints, when, and how promptly it answers."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtGui import QImage

from app.core.frame import Frame
from app.core.self_test.time_code import BLOCK_SHARE, read_code
from app.ui.controller import Controller
from app.ui.scene import Scene
from app.ui.video_view import VideoView
from app.ui.window import Window

BEAT_MS = 5


class Witness(QObject):
    """Collects what a window paints from `begin` on. Lives on the window's thread.

    Args:
        window: the window.
        controller: what decides in it; its scenes pass through here.
        captured_s: when the picture of a number was captured, monotonic clock, seconds; where
            pictures carry their number.
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
        self._reading = False
        self._begun_s: float | None = None
        # Of a long watch a list would itself be what grows.
        self.delays_ms, self.ages_ms = array("d"), array("d")
        self.painted_at_s, self.gaps_ms = array("d"), array("d")
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

    def begin(self) -> None:
        """Counts from now on, and anew."""
        for figures in (self.delays_ms, self.ages_ms, self.painted_at_s, self.gaps_ms):
            del figures[:]
        self._begun_s = self._last_beat_s = time.monotonic()

    def _show(self, scene: Scene) -> None:
        self.scene = scene
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
            self.ages_ms.append((judged_s - result.frame.captured_s) * 1000)
        if self._captured_s is not None and not self._reading:
            self._reading = True
            # A view cannot be looked at while it paints.
            QTimer.singleShot(0, self, lambda: self._read_code(frame, now_s))

    def _read_code(self, frame: Frame, painted_s: float) -> None:
        self._reading = False
        if self.scene is None or self.scene.snapshot.frame is not frame or self._captured_s is None:
            return
        number = read_code(top_of_picture(self._window.view))
        if number is not None:
            self.delays_ms.append((painted_s - self._captured_s(number)) * 1000)

    def _on_beat(self) -> None:
        now_s = time.monotonic()
        if self._begun_s is not None:
            self.gaps_ms.append((now_s - self._last_beat_s) * 1000)
        self._last_beat_s = now_s


def top_of_picture(view: VideoView) -> NDArray[np.uint8]:
    """What a view shows of a picture's uppermost part, (h, w, 3) uint8 RGB, w its whole width."""
    whole = view.picture_rect()
    part = QRect(whole.left(), whole.top(), whole.width(), round(3 * BLOCK_SHARE * whole.width()))
    return pixels_of(view.grab(part).toImage())


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()
