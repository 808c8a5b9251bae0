"""What reaches the screen, with real threads behind it."""

from pathlib import Path

import numpy as np
from made_engines import HeldEngine, SlowEngine, SquareEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

ANY_WEIGHTS = Path("any.safetensors")
PATIENT_MS = 60_000


def marked(scene):
    """Whether the scene's layer covers any pixel."""
    return scene.layer is not None and bool(scene.layer[..., 3].any())


def open_marked(desk, qtbot, engine, clip, **options):
    opened = desk(loader(engine), source=clip, weights=ANY_WEIGHTS, **options)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    return opened


def next_displayed(opened, qtbot, first):
    qtbot.waitUntil(lambda: len(opened.scenes) > first, timeout=PATIENT_MS)
    return opened.scenes[first]


def test_structure_switch_acts_in_the_next_displayed_frame_while_the_model_is_slow(
    desk, qtbot, square_clip
):
    opened = open_marked(desk, qtbot, SlowEngine(), square_clip, max_age_ms=5000.0)
    off = next_displayed(opened, qtbot, opened.press(Qt.Key.Key_1))
    assert off.snapshot.result is not None
    assert not marked(off)
    on = next_displayed(opened, qtbot, opened.press(Qt.Key.Key_1))
    assert marked(on)


def test_structure_switch_needs_no_answer_of_a_model_that_hangs(desk, qtbot, square_clip):
    engine = HeldEngine()
    engine.gate.release()
    opened = open_marked(desk, qtbot, engine, square_clip, max_age_ms=60_000.0)
    QTest.mouseClick(opened.window.column.structures.switches[0], Qt.MouseButton.LeftButton)
    assert not marked(next_displayed(opened, qtbot, len(opened.scenes)))
    engine.gate.release(1000)


def test_ai_off_acts_in_the_next_displayed_frame_while_the_model_is_slow(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, SlowEngine(), square_clip, max_age_ms=5000.0)
    off = next_displayed(opened, qtbot, opened.press(Qt.Key.Key_Escape))
    assert off.layer is None
    assert off.ai.word == "AI OFF"


def test_ai_off_is_latched_and_survives_a_reload_of_the_model(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, SquareEngine(), square_clip, max_age_ms=5000.0)
    first = opened.press(Qt.Key.Key_F12)
    opened.controller.load(ANY_WEIGHTS)
    answers = opened.scenes[-1].snapshot.model.frames_answered
    qtbot.waitUntil(
        lambda: opened.scene.snapshot.model.frames_answered not in (0, answers), timeout=PATIENT_MS
    )
    qtbot.waitUntil(lambda: len(opened.scenes) > first + 20, timeout=PATIENT_MS)
    assert not any(marked(scene) for scene in opened.scenes[first:])


def test_ai_comes_back_only_after_a_confirmation(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, SquareEngine(), square_clip, max_age_ms=5000.0)
    opened.press(Qt.Key.Key_Return)
    opened.press(Qt.Key.Key_Escape)
    asked = next_displayed(opened, qtbot, opened.press(Qt.Key.Key_Escape))
    assert asked.layer is None
    assert any("Turn it on again?" in text for text in opened.window.bottom.texts)
    kept = next_displayed(opened, qtbot, opened.press(Qt.Key.Key_Escape))
    assert kept.layer is None
    assert not any("Turn it on again?" in text for text in opened.window.bottom.texts)
    opened.press(Qt.Key.Key_Escape)
    opened.press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)


def test_raw_picture_is_shown_while_h_is_held(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, SquareEngine(), square_clip, max_age_ms=5000.0)
    QTest.keyPress(opened.window, Qt.Key.Key_H)
    held = next_displayed(opened, qtbot, len(opened.scenes))
    assert held.layer is None
    assert "RAW PICTURE" in opened.window.chips.texts
    QTest.keyRelease(opened.window, Qt.Key.Key_H)
    assert marked(next_displayed(opened, qtbot, len(opened.scenes)))


def test_painted_picture_is_the_raw_one_but_where_a_structure_is(desk, qtbot, square_clip):
    opened = open_marked(desk, qtbot, SquareEngine(), square_clip)
    opened.press(Qt.Key.Key_O)
    opened.press(Qt.Key.Key_Space)
    qtbot.waitUntil(
        lambda: "PAUSED" in opened.window.chips.texts and marked(opened.scene), timeout=PATIENT_MS
    )
    painted = opened.grabbed_picture()
    QTest.keyPress(opened.window, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: opened.scene.layer is None, timeout=PATIENT_MS)
    raw = opened.grabbed_picture()
    inside, outside = _inside_and_outside(opened.window.view.picture_rect(), raw.shape)
    changed = (painted != raw).any(axis=-1)
    assert changed[inside].all()
    assert not changed[outside].any()


def _inside_and_outside(shown, shape):
    """Pixels of the view that surely lie in the clip's square, and those that surely do not."""
    scale = shown.width() / 320
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    x, y = (xs + 0.5 - shown.left()) / scale, (ys + 0.5 - shown.top()) / scale
    from_middle = np.maximum(abs(x - 100), abs(y - 80))
    return from_middle < 30, from_middle > 50
