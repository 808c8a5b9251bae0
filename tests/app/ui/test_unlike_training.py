"""On screen: pictures unlike the training are named in amber; far from it none is marked."""

from made_engines import StrangerEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from test_overlay_in_window import ANY_WEIGHTS, PATIENT_MS, marked

from app.ui.theme import Level
from lmsfa.familiarity.judgement import FAR, Likeness
from lmsfa.registry import load_engine
from lmsfa.shipped import DEMO_CLIP, PHANTOM_WEIGHTS, WEIGHTS

UNLIKE, OFF = Likeness.UNLIKE.value, Likeness.FAR.value


def open_stranger(desk, square_clip, unlikeness):
    engine = StrangerEngine(unlikeness)
    opened = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=5000.0)
    return engine, opened


def on_picture(opened, words):
    return words in opened.window.chips.texts


def test_an_unlike_picture_keeps_its_overlay_under_an_amber_word(desk, qtbot, square_clip):
    engine, opened = open_stranger(desk, square_clip, 1.05)
    qtbot.waitUntil(lambda: on_picture(opened, UNLIKE), timeout=PATIENT_MS)
    assert (Level.WATCH, UNLIKE) in opened.scene.chips
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    engine.unlikeness = 0.5
    qtbot.waitUntil(lambda: not on_picture(opened, UNLIKE), timeout=PATIENT_MS)


def test_far_off_the_overlay_stays_away_until_the_team_wants_it_drawn(desk, qtbot, square_clip):
    engine, opened = open_stranger(desk, square_clip, 2 * FAR)
    qtbot.waitUntil(lambda: on_picture(opened, OFF), timeout=PATIENT_MS)
    assert (Level.WATCH, OFF) in opened.scene.chips
    assert not marked(opened.scene)
    engine.unlikeness, first = 0.5, len(opened.scenes)
    answered = opened.scene.snapshot.model.frames_answered
    qtbot.waitUntil(
        lambda: opened.scene.snapshot.model.frames_answered > answered + 30, timeout=PATIENT_MS
    )
    assert not any(marked(scene) for scene in opened.scenes[first:])
    buttons = opened.window.top.findChildren(QPushButton)
    (anyway,) = (each for each in buttons if each.text() == "Draw anyway")
    engine.unlikeness = 2 * FAR
    QTest.mouseClick(anyway, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: marked(opened.scene) and on_picture(opened, UNLIKE), timeout=PATIENT_MS)
    assert not any("Draw anyway" in str(notice.answers) for notice in opened.scene.top)


def test_another_source_is_judged_anew(desk, qtbot, square_clip):
    engine, opened = open_stranger(desk, square_clip, 2 * FAR)
    qtbot.waitUntil(lambda: on_picture(opened, OFF), timeout=PATIENT_MS)
    engine.unlikeness = 0.5
    opened.controller.open(str(square_clip))
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    assert not on_picture(opened, OFF)


def test_larynx_weights_draw_on_their_demo_and_not_on_a_made_scene(desk, qtbot):
    opened = desk(load_engine, source=DEMO_CLIP, weights=WEIGHTS, max_age_ms=60_000.0)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    answered = opened.scene.snapshot.model.frames_answered
    qtbot.waitUntil(
        lambda: opened.scene.snapshot.model.frames_answered > answered + 20, timeout=PATIENT_MS
    )
    assert not on_picture(opened, OFF)
    opened.controller.open("phantom:calm,size=320x240,fps=10")
    qtbot.waitUntil(lambda: on_picture(opened, OFF), timeout=3 * PATIENT_MS)
    assert not marked(opened.scene)
    opened.controller.load(PHANTOM_WEIGHTS)
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=3 * PATIENT_MS)
    assert not on_picture(opened, OFF)
