"""Names in the real window: by key and button, and gone with the overlay."""

from pathlib import Path

import numpy as np
from made_engines import CARD, SquareEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.core.frame import Frame
from app.core.headless.compositor import Compositor
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    Result,
    Snapshot,
    SourceState,
    SourceStatus,
    Timings,
)
from app.ui.layer_painter import LayerPainter
from lmsfa.naming.names import Names
from lmsfa.naming.plates import FIGURE_RGB
from lmsfa.overlay import OverlayStyle, blend

PATIENT_MS = 20_000


def has_words(scene):
    """Whether the scene's layer holds letters of a name's confidence."""
    if scene.layer is None:
        return False
    return bool((scene.layer[..., 2::-1] == FIGURE_RGB).all(axis=2).any())


def open_marked(desk, qtbot, clip):
    """A paused picture with its overlay."""
    opened = desk(loader(SquareEngine()), source=clip, weights=Path("any"), max_age_ms=5000.0)
    qtbot.waitUntil(lambda: opened.scene.layer is not None, timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "PAUSED" in opened.window.chips.texts, timeout=PATIENT_MS)
    qtbot.waitUntil(lambda: opened.scene.layer is not None, timeout=PATIENT_MS)
    return opened


def wait_for(opened, qtbot, names, *, words):
    qtbot.waitUntil(
        lambda: opened.scene.style.names is names and has_words(opened.scene) == words,
        timeout=PATIENT_MS,
    )


def test_n_names_the_rare_and_small_ones_then_all_then_none(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, square_clip)
    # The square is large, and of no protected class.
    wait_for(opened, qtbot, Names.RARE, words=False)
    opened.press(Qt.Key.Key_N)
    wait_for(opened, qtbot, Names.ALL, words=True)
    opened.press(Qt.Key.Key_N)
    wait_for(opened, qtbot, Names.NONE, words=False)
    opened.press(Qt.Key.Key_N)
    wait_for(opened, qtbot, Names.RARE, words=False)


def test_names_are_chosen_by_a_button_that_a_glove_hits(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, square_clip)
    press = opened.window.column.structures.names
    assert min(press.width(), press.height()) >= 44
    assert press.text() == "Names: rare"
    QTest.mouseClick(press, Qt.MouseButton.LeftButton)
    wait_for(opened, qtbot, Names.ALL, words=True)
    assert press.text() == "Names: all"


def test_names_go_with_the_overlay(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, square_clip)
    opened.press(Qt.Key.Key_N)
    wait_for(opened, qtbot, Names.ALL, words=True)
    named = opened.grabbed_picture()
    first = opened.press(Qt.Key.Key_1)
    qtbot.waitUntil(lambda: len(opened.scenes) > first, timeout=PATIENT_MS)
    assert not has_words(opened.scenes[first])
    opened.press(Qt.Key.Key_1)
    wait_for(opened, qtbot, Names.ALL, words=True)
    QTest.keyPress(opened.window, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: opened.scene.layer is None, timeout=PATIENT_MS)
    raw = opened.grabbed_picture()
    QTest.keyRelease(opened.window, Qt.Key.Key_H)
    wait_for(opened, qtbot, Names.ALL, words=True)
    off = opened.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(opened.scenes) > off, timeout=PATIENT_MS)
    assert opened.scenes[off].layer is None
    assert (opened.grabbed_picture() == raw).all()
    assert (named != raw).any()


def test_a_run_without_a_window_writes_the_same_names_at_the_same_places():
    rgb = np.full((480, 640, 3), 90, np.uint8)
    # Small enough to be named by default.
    rgb[200:240, 300:340] = 250
    frame = Frame(rgb, 0, 0.0, 1)
    prediction = SquareEngine().predict(rgb)
    source = SourceStatus(SourceState.PLAYING)
    snapshot = Snapshot(
        frame,
        Result(frame, prediction, Timings(0.0, 0.0)),
        source,
        ModelStatus(ModelState.READY, card=CARD),
    )
    layer = LayerPainter().layer_for(snapshot, OverlayStyle())
    in_window = blend(rgb, np.ascontiguousarray(layer[..., [2, 1, 0, 3]]))
    written = Compositor(CARD).over(rgb, prediction, None)
    assert (in_window == written).all()
    assert (written == FIGURE_RGB).all(axis=2).any()
