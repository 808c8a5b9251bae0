"""What the model takes the whole picture for stands at it under the overlay's own rules."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from made_engines import ActivityEngine, SquareEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from test_overlay_in_window import ANY_WEIGHTS, PATIENT_MS, marked, next_displayed

from app.core.activity_words import UNKNOWN
from app.core.snapshot import ModelState
from app.ui.answer_chips import ActivityChip

PATIENT_AGE_MS = 60_000.0
DEMONSTRATION = "Its encoder knows nothing of endoscopy; it only shows how such a system works."


def said(opened):
    return opened.window.answer_chips.texts


def wait_for(opened, qtbot, words):
    qtbot.waitUntil(lambda: any(words in text for text in said(opened)), timeout=PATIENT_MS)


def test_a_chip_says_activity_confidence_and_age_beside_the_structures(desk, qtbot, square_clip):
    opened = desk(loader(ActivityEngine()), source=square_clip, weights=ANY_WEIGHTS)
    wait_for(opened, qtbot, "dissection")
    words = next(scene.activity for scene in opened.scenes if "dissection" in scene.activity)
    assert re.fullmatch(r"Activity: dissection 90 % · 0\.[1-9] s", words)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_1)
    wait_for(opened, qtbot, "dissection")


def test_a_picture_that_stands_says_its_activity_without_an_age(desk, qtbot, square_clip):
    opened = desk(loader(ActivityEngine()), source=square_clip, weights=ANY_WEIGHTS)
    wait_for(opened, qtbot, "dissection")
    opened.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: said(opened) == ("Activity: dissection 90 %",), timeout=PATIENT_MS)


def test_an_answer_that_is_too_old_tells_no_activity(desk, qtbot, square_clip):
    engine = ActivityEngine(held=True)
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=300.0)
    engine.gate.release()
    wait_for(opened, qtbot, "dissection")
    qtbot.waitUntil(lambda: said(opened) == (UNKNOWN,), timeout=PATIENT_MS)
    engine.gate.release(100_000)
    wait_for(opened, qtbot, "dissection")
    for scene in opened.scenes:
        # What may be painted has its words; they may stand a little longer than it.
        assert "dissection" in scene.activity or scene.snapshot.result is None


def test_another_source_has_none_of_the_activity_before(desk, qtbot, square_clip, dark_clip):
    engine = ActivityEngine(held=True)
    options = {"source": square_clip, "weights": ANY_WEIGHTS, "max_age_ms": PATIENT_AGE_MS}
    opened = desk(loader(engine), **options)
    engine.gate.release()
    wait_for(opened, qtbot, "dissection")
    before = opened.scene.snapshot.frame.source_id
    opened.controller.open(str(dark_clip))
    qtbot.waitUntil(lambda: said(opened) == (UNKNOWN,), timeout=PATIENT_MS)
    # Before its first picture there is none at all, and no chip beside it.
    shown = [scene for scene in opened.scenes if scene.snapshot.frame is not None]
    other = [scene for scene in shown if scene.snapshot.frame.source_id != before]
    assert other
    assert {scene.activity for scene in other} == {UNKNOWN}
    engine.gate.release(100_000)


def test_a_replaced_model_tells_nothing_any_more(desk, qtbot, square_clip):
    engines = {"first": ActivityEngine(model_id="first"), "bare": SquareEngine("bare")}
    opened = desk(lambda weights, _runtime: engines[weights.name], source=square_clip)
    opened.controller.load(Path("first"))
    wait_for(opened, qtbot, "dissection")
    opened.controller.load(Path("bare"))
    first = len(opened.scenes)
    qtbot.waitUntil(lambda: marked(opened.scene) and len(opened.scenes) > first + 5)
    assert {scene.activity for scene in opened.scenes[first:]} == {""}
    assert said(opened) == ()


def test_ai_off_and_the_raw_picture_withdraw_it_in_the_next_displayed_frame(
    desk, qtbot, square_clip
):
    options = {"source": square_clip, "weights": ANY_WEIGHTS, "max_age_ms": PATIENT_AGE_MS}
    opened = desk(loader(ActivityEngine()), **options)
    wait_for(opened, qtbot, "dissection")
    QTest.keyPress(opened.window, Qt.Key.Key_H)
    assert next_displayed(opened, qtbot, len(opened.scenes)).activity == ""
    assert said(opened) == ()
    QTest.keyRelease(opened.window, Qt.Key.Key_H)
    wait_for(opened, qtbot, "dissection")
    assert next_displayed(opened, qtbot, opened.press(Qt.Key.Key_Escape)).activity == ""
    assert said(opened) == ()


def test_a_chip_that_is_painted_late_takes_back_what_it_was_to_say(qtbot):
    chip = ActivityChip()
    qtbot.addWidget(chip)
    words = "Activity: suction 80 % · 0.1 s"
    chip.show_activity(words, time.monotonic() + 60, ActivityEngine.card)
    chip.grab()
    assert chip.text == words
    chip.show_activity(words, time.monotonic() - 0.001, ActivityEngine.card)
    chip.grab()
    assert chip.text == UNKNOWN


@pytest.mark.parametrize("synthetic", [False, True])
def test_what_only_demonstrates_says_so_at_the_picture_and_why(desk, qtbot, square_clip, synthetic):
    engine = ActivityEngine()
    engine.card = replace(
        engine.card, system="endoarss", demonstration=DEMONSTRATION, synthetic=synthetic
    )
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS)
    wait_for(opened, qtbot, "dissection")
    marks = "SYNTHETIC · DEMONSTRATION" if synthetic else "DEMONSTRATION"
    assert said(opened)[0] == marks
    tips = {
        child.toolTip() for child in opened.window.answer_chips.children() if child.isWidgetType()
    }
    assert DEMONSTRATION in tips
    assert f"trained on: test · {marks}" in opened.window.status.text
    assert "EndoARSS" in opened.window.status.text
    assert opened.window.windowTitle() == "EndoARSS overlay - research use only"


def test_a_model_of_structures_alone_leaves_the_corner_free(desk, qtbot, square_clip):
    opened = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    assert opened.scene.snapshot.model.state is ModelState.READY
    assert said(opened) == ()
    assert not opened.window.answer_chips.isVisible()
