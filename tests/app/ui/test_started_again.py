"""A model that has stopped is started again by a person, and only by one."""

import pytest
from made_engines import CrashingEngine, SquareEngine
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

PATIENT_MS = 60_000
START = "Start the model again"


def crashing_first():
    """A loader of one engine that crashes, and of good ones after it."""
    engines = [CrashingEngine()]
    return lambda _weights, _runtime: engines.pop() if engines else SquareEngine()


def start_buttons(made):
    return [found for found in made.window.top.findChildren(QPushButton) if found.text() == START]


@pytest.fixture
def stopped(desk, qtbot, square_clip):
    """A window whose model has crashed for good."""
    made = desk(crashing_first(), source=square_clip, weights="any")
    qtbot.waitUntil(lambda: bool(start_buttons(made)), timeout=PATIENT_MS)
    assert made.scene.ai.word == "AI FAULT"
    assert made.scene.layer is None
    return made


def test_a_press_on_the_banner_starts_it(stopped, qtbot):
    (start,) = start_buttons(stopped)
    qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stopped.scene.layer is not None, timeout=PATIENT_MS)
    assert stopped.scene.ai.word == "READY"
    assert not stopped.window.top.texts


def test_ai_off_and_on_starts_it(stopped, qtbot):
    stopped.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: stopped.scene.ai.word == "AI OFF", timeout=PATIENT_MS)
    stopped.press(Qt.Key.Key_Escape)
    stopped.press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stopped.scene.layer is not None, timeout=PATIENT_MS)
    assert stopped.scene.ai.word == "READY"
