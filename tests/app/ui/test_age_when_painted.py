"""What is painted is young when it is painted, not only when that was decided."""

import time

import numpy as np
import pytest
from made_engines import SquareEngine, loader
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage
from test_overlay_in_window import ANY_WEIGHTS, PATIENT_MS, marked

from app.core.frame import Frame
from app.ui.paint_delay import PaintDelay
from app.ui.video_view import VideoView

RED = (0, 0, 255, 255)


def painted_red(view):
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    return image.pixelColor(image.width() // 2, image.height() // 2).red() > 200


@pytest.fixture
def view(qtbot):
    made = VideoView()
    qtbot.addWidget(made)
    made.resize(40, 40)
    made.show()
    return made


def test_a_layer_that_grew_too_old_before_it_is_painted_is_left_out(view):
    frame = Frame(np.zeros((8, 8, 3), np.uint8), 0, 0.0, 1)
    layer = np.full((8, 8, 4), RED, np.uint8)
    view.show_frame(frame, layer, time.monotonic() + 60)
    assert painted_red(view)
    view.show_frame(frame, layer, time.monotonic() - 0.001)
    assert not painted_red(view)
    view.show_frame(frame, layer)
    assert painted_red(view)


class SlowDesktop(QObject):
    """Holds every painting up, as a busy desktop does."""

    held_s = 0.06

    def eventFilter(self, _watched, event):  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.Paint:
            time.sleep(self.held_s)
        return False


def test_the_age_is_judged_and_measured_at_the_painting(desk, qtbot, square_clip):
    made = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=400.0)
    slow = SlowDesktop()
    made.window.view.installEventFilter(slow)
    qtbot.waitUntil(lambda: marked(made.scene), timeout=PATIENT_MS)
    qtbot.waitUntil(lambda: made.scene.readings.lately.frames >= 12, timeout=PATIENT_MS)
    # The delay is part of every measured age, and is expected of every later answer.
    assert made.scene.readings.lately.age_p50_ms >= slow.held_s * 1000
    first = len(made.scenes)
    made.pipeline.max_age_ms = slow.held_s * 1000 - 10
    qtbot.waitUntil(lambda: len(made.scenes) > first + 10, timeout=PATIENT_MS)
    assert all(scene.snapshot.result is None for scene in made.scenes[first + 1 :])


def test_one_stall_does_not_withdraw_the_overlays_that_follow():
    delay = PaintDelay()
    assert delay.expected_s == 0.0
    for number in range(20):
        delay.note(0.5 if number == 7 else 0.004)
    assert delay.expected_s == 0.004
    for _ in range(20):
        delay.note(0.05)
    assert delay.expected_s == 0.05
