"""What the model takes the whole picture for stands at it under the overlay's own rules."""

import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_engines import ActivityEngine, SquareEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from test_overlay_in_window import ANY_WEIGHTS, PATIENT_MS, marked, next_displayed

from app.core.activity_timeline import CELLS
from app.core.activity_words import UNKNOWN
from app.core.snapshot import ModelState
from app.ui.activity_lanes import GAP_PX, LANE_PX, TOP_PX, ActivityLanes
from app.ui.answer_chips import ActivityChip
from app.ui.notices import Answer

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
    assert re.fullmatch(r"Activity: dissection 90 % · (?!0\.0)\d+\.\d s", words)
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
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=1000.0)

    def told():
        """What is in hand may be too old already; then the next frame is let be answered."""
        engine.gate.release()
        return any("dissection" in text for text in said(opened))

    qtbot.waitUntil(told)
    while engine.gate.acquire(blocking=False):
        pass
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


def cells_told(opened, value=None):
    """The cells of the timeline in which something, or one activity, was told."""
    cells = opened.scene.timeline
    if cells is None:
        return []
    return np.flatnonzero(cells if value is None else cells == value).tolist()


def lightness(opened, lane, cell):
    """Of what a lane shows at a cell, 0..255."""
    lanes, bar = lanes_of(opened), opened.window.transport.seek_bar
    start, length = bar.way
    x = round(bar.x() - lanes.x() + start + (cell + 0.5) / CELLS * length)
    y = TOP_PX + LANE_PX // 2 + lane * (LANE_PX + GAP_PX)
    return lanes.grab().toImage().pixelColor(x, y).lightness()


def lanes_of(opened):
    return opened.window.transport.findChild(ActivityLanes)


def test_a_timeline_over_the_seek_bar_shows_where_which_activity_was_told(
    desk, qtbot, square_clip, monkeypatch
):
    # Pictures may be shown as seldom as a busy machine shows them.
    monkeypatch.setattr("app.core.activity_timeline.JOINED_S", PATIENT_AGE_MS / 1000)
    engine = ActivityEngine(lambda index: ("suction", 0.9) if index < 40 else ("dissection", 0.9))
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: len(cells_told(opened, 1)) > 60, timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_Space)
    dissection, suction = cells_told(opened, 1), cells_told(opened, 2)
    # From the first answer to where it is by now without holes, and nothing beyond.
    told = cells_told(opened)
    assert told == list(range(suction[0], dissection[-1] + 1))
    snapshot = opened.scene.snapshot
    assert told[-1] == int(snapshot.frame.media_s / snapshot.source.info.duration_s * CELLS)
    assert lanes_of(opened).isVisible()
    for cells, lane in ((dissection, 0), (suction, 1)):
        middle = cells[len(cells) // 2]
        assert lightness(opened, lane, middle) > lightness(opened, 1 - lane, middle) + 60


def test_ai_off_adds_nothing_to_the_timeline_and_another_model_begins_a_new_one(
    desk, qtbot, square_clip
):
    engines = {
        name: ActivityEngine(model_id=name, told=lambda _index, name=name: (name, 0.9))
        for name in ("dissection", "suction")
    }
    for name, engine in engines.items():
        engine.card = replace(engine.card, sha256=name)
    opened = desk(lambda weights, _runtime: engines[weights.name], source=square_clip)
    opened.controller.load(Path("dissection"))
    qtbot.waitUntil(lambda: len(cells_told(opened)) > 5, timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_Escape)
    told = cells_told(opened)
    frame = opened.scene.snapshot.frame.index
    qtbot.waitUntil(lambda: opened.scene.snapshot.frame.index > frame + 10, timeout=PATIENT_MS)
    assert cells_told(opened) == told
    opened.press(Qt.Key.Key_Escape)
    opened.press(Qt.Key.Key_Return)
    opened.controller.load(Path("suction"))
    qtbot.waitUntil(lambda: bool(cells_told(opened, 2)), timeout=PATIENT_MS)
    assert not cells_told(opened, 1)


def test_why_it_only_demonstrates_is_said_in_words_until_it_is_understood(desk, qtbot, square_clip):
    engine = ActivityEngine()
    engine.card = replace(engine.card, demonstration=DEMONSTRATION)
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS)
    bottom = opened.window.bottom
    qtbot.waitUntil(lambda: DEMONSTRATION in bottom.texts, timeout=PATIENT_MS)
    opened.controller.answer(Answer.HIDE_DEMONSTRATION)
    qtbot.waitUntil(lambda: DEMONSTRATION not in bottom.texts, timeout=PATIENT_MS)
    assert said(opened)[0] == "DEMONSTRATION"


def test_a_model_of_structures_alone_leaves_the_corner_free(desk, qtbot, square_clip):
    opened = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    assert opened.scene.snapshot.model.state is ModelState.READY
    assert said(opened) == ()
    assert not opened.window.answer_chips.isVisible()
    assert not lanes_of(opened).isVisible()
