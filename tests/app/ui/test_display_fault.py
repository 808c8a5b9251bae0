"""The picture goes on, alone and with a word, where the window fails to draw what it knows."""

from pathlib import Path

import numpy as np
import pytest
from made_engines import SquareEngine, loader
from PySide6.QtCore import Qt

from lmsfa import overlay

ANY_WEIGHTS = Path("any.safetensors")
PATIENT_MS = 60_000
COLOURED_FROM = 100
"""Of 255: so far apart are an outline's colours; a coded grey edge has less."""


@pytest.fixture
def no_memory(monkeypatch):
    """Outlines cannot be drawn, until it is undone."""

    def fail(*_):
        raise MemoryError("no memory for outlines")

    monkeypatch.setattr(overlay, "stroke", fail)
    return monkeypatch


def show(desk, qtbot, clip):
    """A window that has met its first fault."""
    opened = desk(loader(SquareEngine()), source=clip, weights=ANY_WEIGHTS, max_age_ms=5000.0)
    qtbot.waitUntil(lambda: "DISPLAY FAULT" in opened.window.chips.texts, timeout=PATIENT_MS)
    return opened


def test_the_picture_goes_on_without_overlay_under_a_word_that_goes_with_the_fault(
    desk, qtbot, square_clip, no_memory, caplog
):
    opened = show(desk, qtbot, square_clip)
    shown = set()
    opened.window.view.painted.connect(lambda _: shown.add(opened.controller._painted.index))
    qtbot.waitUntil(lambda: len(shown) > 30, timeout=PATIENT_MS)
    assert opened.window.chips.texts == ("DISPLAY FAULT",)
    assert np.ptp(opened.grabbed_picture(), axis=2).max() < COLOURED_FROM
    assert caplog.text.count("the window cannot be drawn") == 1
    assert "no memory for outlines" in caplog.text
    no_memory.undo()
    qtbot.waitUntil(
        lambda: opened.scene.layer is not None and not opened.window.chips.texts, timeout=PATIENT_MS
    )
    assert np.ptp(opened.grabbed_picture(), axis=2).max() > COLOURED_FROM


def test_the_latch_acts_and_is_said_under_a_fault_and_ends_it(desk, qtbot, square_clip, no_memory):
    opened = show(desk, qtbot, square_clip)
    opened.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: opened.window.chips.texts == ("AI OFF",), timeout=PATIENT_MS)


def test_a_part_of_the_window_that_fails_costs_the_overlay_and_not_the_picture(
    desk, qtbot, square_clip, caplog
):
    opened = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: opened.scene.layer is not None, timeout=PATIENT_MS)
    opened.window.transport.deleteLater()
    qtbot.waitUntil(lambda: "DISPLAY FAULT" in opened.window.chips.texts, timeout=PATIENT_MS)
    frame = opened.controller._snapshot.frame
    qtbot.waitUntil(lambda: opened.controller._snapshot.frame.index > frame.index + 5)
    assert opened.window.view._layer is None
    assert "already deleted" in caplog.text
