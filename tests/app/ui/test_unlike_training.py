"""On screen: pictures unlike the training are named in amber; far from it none is marked."""

from pathlib import Path

from made_engines import StrangerEngine, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from test_overlay_in_window import ANY_WEIGHTS, PATIENT_MS, marked

from app.ui.theme import Level
from lmsfa.card import card_path, read_card
from lmsfa.familiarity.judgement import FAR, Likeness, Yardstick
from lmsfa.shipped import DEMO_CLIP, WEIGHTS

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


class KnowingEngine(StrangerEngine):
    """Finds what is bright, and knows the training pictures of the larynx weights."""

    def __init__(self):
        super().__init__(model_id="larynx")
        self.yardstick = Yardstick.of(read_card(card_path(WEIGHTS)).familiarity)

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        self.unlikeness = self.yardstick.unlikeness(rgb)
        return super().predict(rgb, frame_index, captured_s)


def test_the_larynx_is_drawn_on_and_a_made_scene_is_not(desk, qtbot):
    engines = {"larynx": KnowingEngine(), "other": StrangerEngine(None, "other")}
    opened = desk(
        lambda weights, _runtime: engines[weights.stem],
        source=DEMO_CLIP,
        weights=Path("larynx.safetensors"),
        max_age_ms=60_000.0,
    )
    qtbot.waitUntil(lambda: marked(opened.scene), timeout=PATIENT_MS)
    answered = opened.scene.snapshot.model.frames_answered
    qtbot.waitUntil(
        lambda: opened.scene.snapshot.model.frames_answered > answered + 20, timeout=PATIENT_MS
    )
    assert not on_picture(opened, OFF)
    opened.controller.open("phantom:calm,size=320x240,fps=10")
    qtbot.waitUntil(lambda: on_picture(opened, OFF), timeout=PATIENT_MS)
    assert not marked(opened.scene)
    opened.controller.load(Path("other.safetensors"))
    qtbot.waitUntil(lambda: opened.scene.snapshot.result is not None, timeout=PATIENT_MS)
    assert not on_picture(opened, OFF)
