"""A window with structures switched off says so, and never that nothing was found."""

from dataclasses import replace
from pathlib import Path

from made_engines import SquareEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.theme import Level

PATIENT_MS = 20_000
NOTHING = "NOTHING FOUND"


class BlindEngine(SquareEngine):
    """Finds nothing."""

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        return replace(super().predict(rgb, frame_index, captured_s), instances=())


def opened_on(desk, clip, engine=None):
    load = loader(engine or SquareEngine())
    return desk(load, source=clip, weights=Path("any"), max_age_ms=5000.0)


def wait_for(opened, qtbot, word):
    qtbot.waitUntil(lambda: word in opened.window.chips.texts, timeout=PATIENT_MS)


def words_since(opened, first):
    """Everything that chips and status line said from a scene on."""
    scenes = opened.scenes[first:]
    chips = {text for scene in scenes for _, text in scene.chips}
    return chips | {scene.ai.detail.upper() for scene in scenes}


def test_as_long_as_a_structure_is_off_the_picture_counts_it_in_amber(desk, qtbot, square_clip):
    opened = opened_on(desk, square_clip)
    qtbot.waitUntil(lambda: opened.scene.ai.detail == "marking", timeout=PATIENT_MS)
    # The square is tissue, of three structures the first: without the second it is still marked.
    opened.press(Qt.Key.Key_2)
    wait_for(opened, qtbot, "1 OF 3 HIDDEN")
    assert opened.scene.ai.detail == "marking · 1 of 3 hidden"
    assert (Level.WATCH, "1 OF 3 HIDDEN") in opened.scene.chips
    QTest.mouseClick(opened.window.column.structures.switches[2], Qt.MouseButton.LeftButton)
    wait_for(opened, qtbot, "2 OF 3 HIDDEN")
    opened.press(Qt.Key.Key_0)
    qtbot.waitUntil(
        lambda: not any("HIDDEN" in text for text in opened.window.chips.texts), timeout=PATIENT_MS
    )
    assert opened.scene.ai.level is Level.GOOD


def test_what_is_found_and_hidden_is_never_called_nothing(desk, qtbot, square_clip):
    opened = opened_on(desk, square_clip)
    qtbot.waitUntil(lambda: opened.scene.ai.detail == "marking", timeout=PATIENT_MS)
    first = opened.press(Qt.Key.Key_1)
    wait_for(opened, qtbot, "1 OF 3 HIDDEN")
    scenes = len(opened.scenes)
    qtbot.waitUntil(lambda: len(opened.scenes) > scenes + 5, timeout=PATIENT_MS)
    # Nor at the moment when it comes back, before the next answer.
    opened.press(Qt.Key.Key_0)
    qtbot.waitUntil(lambda: opened.scene.ai.detail == "marking", timeout=PATIENT_MS)
    assert NOTHING not in words_since(opened, first)


def test_nothing_found_is_said_only_while_all_are_on(desk, qtbot, square_clip):
    opened = opened_on(desk, square_clip, BlindEngine())
    wait_for(opened, qtbot, NOTHING)
    opened.press(Qt.Key.Key_Space)
    wait_for(opened, qtbot, "PAUSED")
    first = opened.press(Qt.Key.Key_1)
    wait_for(opened, qtbot, "1 OF 3 HIDDEN")
    scenes = len(opened.scenes)
    qtbot.waitUntil(lambda: len(opened.scenes) > scenes + 5, timeout=PATIENT_MS)
    assert NOTHING not in words_since(opened, first)
    assert opened.window.status.text.count("1 of 3 hidden") == 1
    opened.press(Qt.Key.Key_1)
    wait_for(opened, qtbot, NOTHING)


def test_all_structures_off_is_said_as_one_of_them_is(desk, qtbot, square_clip):
    opened = opened_on(desk, square_clip)
    qtbot.waitUntil(lambda: opened.scene.ai.detail == "marking", timeout=PATIENT_MS)
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        opened.press(key)
    wait_for(opened, qtbot, "3 OF 3 HIDDEN")
    opened.press(Qt.Key.Key_Escape)
    wait_for(opened, qtbot, "AI OFF")
    assert opened.window.chips.texts == ("AI OFF", "3 OF 3 HIDDEN")
