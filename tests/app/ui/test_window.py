"""One thin test for each part of the window."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_clips import square_picture, write_clip
from made_engines import CARD, HeldEngine, SlowEngine, SometimesNaNEngine, SquareEngine, loader
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton

from app.core.pipeline import CLOSE_WAIT_S, DEFAULT_MAX_AGE_MS
from app.core.snapshot import PlaybackMode, SourceInfo, SourceState
from app.core.sources import Picture, SourceError
from app.ui.notices import DEMO
from app.ui.theme import RESOURCES
from lmsfa.card import card_path, write_card
from lmsfa.overlay import OverlayMode
from lmsfa.registry import load_engine

ANY_WEIGHTS = Path("any.safetensors")
PATIENT_MS = 60_000


@pytest.fixture
def opened(desk, qtbot, square_clip):
    """A window on a playing recording with a model that is ready."""
    made = desk(loader(SquareEngine()), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=5000.0)
    qtbot.waitUntil(lambda: made.scene.snapshot.result is not None, timeout=PATIENT_MS)
    return made


def frames_go_on(made, qtbot):
    shown = made.scene.snapshot.source.frames_read
    qtbot.waitUntil(lambda: made.scene.snapshot.source.frames_read > shown + 5, timeout=PATIENT_MS)


def press_button(widget, words):
    button = next(b for b in widget.findChildren(QPushButton) if words in b.text())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_panel_has_a_row_for_every_structure_of_the_card(opened):
    switches = opened.window.column.structures.switches
    assert [switch.text() for switch in switches] == [spec.name for spec in CARD.classes]
    assert all(switch.isChecked() for switch in switches)


def test_digits_switch_structures_and_shift_leaves_only_one(opened, qtbot):
    switches = opened.window.column.structures.switches
    opened.press(Qt.Key.Key_2)
    qtbot.waitUntil(lambda: [s.isChecked() for s in switches] == [True, False, True])
    opened.press(Qt.Key.Key_3, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: [s.isChecked() for s in switches] == [False, False, True])
    opened.press(Qt.Key.Key_0)
    qtbot.waitUntil(lambda: all(s.isChecked() for s in switches))


def test_keys_change_mode_and_opacity_within_their_range(opened, qtbot):
    opened.press(Qt.Key.Key_O)
    qtbot.waitUntil(lambda: opened.scene.style.mode is OverlayMode.FILL)
    for _ in range(15):
        opened.press(Qt.Key.Key_Minus)
    qtbot.waitUntil(lambda: opened.scene.style.opacity == pytest.approx(0.1))
    opened.press(Qt.Key.Key_Equal)
    qtbot.waitUntil(lambda: opened.scene.style.opacity == pytest.approx(0.2))


def test_every_mode_keeps_its_own_opacity(opened, qtbot):
    lines = opened.scene.style.opacity
    opened.press(Qt.Key.Key_O)
    qtbot.waitUntil(lambda: opened.scene.style.mode is OverlayMode.FILL)
    assert opened.scene.style.opacity == pytest.approx(0.3)
    opened.press(Qt.Key.Key_Equal)
    qtbot.waitUntil(lambda: opened.scene.style.opacity == pytest.approx(0.4))
    for mode in (OverlayMode.BOTH, OverlayMode.OUTLINE):
        opened.press(Qt.Key.Key_O)
        qtbot.waitUntil(lambda mode=mode: opened.scene.style.mode is mode)
    assert opened.scene.style.opacity == lines
    opened.press(Qt.Key.Key_O)
    qtbot.waitUntil(lambda: opened.scene.style.mode is OverlayMode.FILL)
    assert opened.scene.style.opacity == pytest.approx(0.4)


def test_every_button_is_large_enough_for_a_glove(opened):
    buttons = [b for b in opened.window.findChildren(QPushButton) if b.isVisible()]
    assert len(buttons) > 15
    assert [b.text() for b in buttons if b.height() < 44 or b.width() < 44] == []


def test_training_domain_and_research_use_are_always_in_sight(opened):
    assert opened.window.status.isVisible()
    assert "trained on: test" in opened.window.status.text
    assert "Research use only - not a medical device" in opened.window.status.text
    opened.window.toggle_full_screen()
    assert opened.window.status.isVisible()
    opened.window.toggle_full_screen()


def test_missing_recording_is_named_in_a_banner(desk, qtbot, tmp_path):
    made = desk(loader(SquareEngine()), source=tmp_path / "gone.mkv", weights=ANY_WEIGHTS)
    qtbot.waitUntil(
        lambda: any("gone.mkv" in text for text in made.window.top.texts), timeout=PATIENT_MS
    )


def test_missing_weights_are_named_while_the_picture_goes_on(desk, qtbot, square_clip, tmp_path):
    made = desk(load_engine, source=square_clip, weights=tmp_path / "gone.safetensors")
    qtbot.waitUntil(
        lambda: any("gone.safetensors" in text for text in made.window.top.texts),
        timeout=PATIENT_MS,
    )
    assert "AI FAULT" in made.window.chips.texts
    frames_go_on(made, qtbot)


def test_model_that_answers_nan_is_a_fault_and_the_picture_goes_on(desk, qtbot, square_clip):
    made = desk(loader(SometimesNaNEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: any("NaN" in text for text in made.window.top.texts))
    assert made.scene.layer is None
    frames_go_on(made, qtbot)


def test_nothing_found_is_said_and_does_not_look_like_no_model(desk, qtbot, dark_clip):
    made = desk(loader(SquareEngine()), source=dark_clip, weights=ANY_WEIGHTS, max_age_ms=5000.0)
    qtbot.waitUntil(lambda: "NOTHING FOUND" in made.window.chips.texts, timeout=PATIENT_MS)
    assert made.scene.ai.word == "READY"


def test_window_without_a_model_says_so_at_the_picture(desk, qtbot, square_clip):
    made = desk(loader(SquareEngine()), source=square_clip)
    qtbot.waitUntil(lambda: made.scene.snapshot.frame is not None, timeout=PATIENT_MS)
    assert "NO MODEL" in made.window.chips.texts


def test_slow_engine_proposes_an_age_bound_and_raises_it_only_when_accepted(
    desk, qtbot, square_clip
):
    made = desk(
        loader(SlowEngine()), source=square_clip, weights=ANY_WEIGHTS, max_age_ms=DEFAULT_MAX_AGE_MS
    )
    qtbot.waitUntil(
        lambda: any("Show overlays up to" in text for text in made.window.bottom.texts),
        timeout=PATIENT_MS,
    )
    assert made.pipeline.max_age_ms == DEFAULT_MAX_AGE_MS
    press_button(made.window.bottom, "Allow")
    assert made.pipeline.max_age_ms > 2 * 500
    qtbot.waitUntil(lambda: made.scene.snapshot.result is not None, timeout=PATIENT_MS)
    made.controller.load(Path("other.safetensors"))
    qtbot.waitUntil(lambda: made.pipeline.max_age_ms == DEFAULT_MAX_AGE_MS, timeout=PATIENT_MS)


def test_slow_engine_proposes_the_small_model_that_lies_beside_it(
    desk, qtbot, square_clip, tmp_path
):
    big, small = tmp_path / "big.safetensors", tmp_path / "small.safetensors"
    card = replace(CARD, system="lmsfa")
    write_card(replace(card, system="lmsfa_small", name="small"), card_path(small))
    small.touch()
    slow = SlowEngine()
    slow.card = card
    loaded = []

    def load(weights, runtime):
        loaded.append((weights, runtime))
        return slow

    made = desk(load, source=square_clip, max_age_ms=DEFAULT_MAX_AGE_MS)
    made.controller.load(big, "by-hand")
    qtbot.waitUntil(
        lambda: any("Show overlays up to" in text for text in made.window.bottom.texts),
        timeout=PATIENT_MS,
    )
    press_button(made.window.bottom, "Load the small model")
    qtbot.waitUntil(lambda: len(loaded) == 2, timeout=PATIENT_MS)
    assert loaded == [(big, "by-hand"), (small, "by-hand")]


def test_space_pauses_and_plays_and_a_pause_is_said(opened, qtbot):
    opened.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "PAUSED" in opened.window.chips.texts, timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_Space)
    frames_go_on(opened, qtbot)


def test_comma_and_full_stop_step_by_one_frame(opened, qtbot):
    opened.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: opened.scene.snapshot.source.state is SourceState.PAUSED)
    index = opened.scene.snapshot.frame.index
    opened.press(Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: opened.scene.snapshot.frame.index == index + 1, timeout=PATIENT_MS)
    opened.press(Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: opened.scene.snapshot.frame.index == index, timeout=PATIENT_MS)


def test_touching_the_seek_bar_goes_there(opened, qtbot):
    opened.press(Qt.Key.Key_Space)
    bar = opened.window.transport.seek_bar
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, 10))
    qtbot.waitUntil(
        lambda: abs(opened.scene.snapshot.frame.media_s - 6.0) < 0.3, timeout=PATIENT_MS
    )


def test_locked_mode_lets_go_of_the_picture_while_ai_is_off(desk, qtbot, square_clip):
    engine = HeldEngine()
    opened = desk(loader(engine), source=square_clip, weights=Path("any"))
    press_button(opened.window.transport, "Locked")
    qtbot.waitUntil(lambda: len(engine.asked) == 1, timeout=PATIENT_MS)
    qtbot.waitUntil(lambda: stands(opened.scenes[-30:]), timeout=PATIENT_MS)
    waiting = opened.scene.snapshot.frame.index
    opened.press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: opened.scene.snapshot.frame.index > waiting + 5, timeout=PATIENT_MS)
    assert opened.scene.ai_off
    assert opened.scene.mode is PlaybackMode.LOCKED
    engine.gate.release(1000)


def stands(scenes):
    """Whether they all show one picture of the source, for half a second."""
    first = scenes[0].snapshot.frame
    stand = all(scene.snapshot.frame is first for scene in scenes)
    return len(scenes) == 30 and first is not None and stand


def test_locked_picture_carries_its_answer_for_as_long_as_it_stands(desk, qtbot, square_clip):
    made = desk(loader(SlowEngine()), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: made.scene.snapshot.source.info is not None, timeout=PATIENT_MS)
    press_button(made.window.transport, "Locked")
    qtbot.waitUntil(lambda: _has_own_answer(made.scene), timeout=PATIENT_MS)
    first, begun = len(made.scenes), made.scene.snapshot.frame.index
    qtbot.waitUntil(lambda: made.scene.snapshot.frame.index >= begun + 2, timeout=PATIENT_MS)
    assert all(_has_own_answer(scene) for scene in made.scenes[first:])
    assert {scene.ai.detail for scene in made.scenes[first:]} == {"marking"}


def test_demo_clip_says_what_it_is_until_the_line_is_hidden(desk, qtbot):
    made = desk(loader(SquareEngine()), source=RESOURCES / "demo" / "any.mkv")
    assert DEMO.text in made.window.bottom.texts
    press_button(made.window.bottom, "Hide")
    qtbot.waitUntil(lambda: DEMO.text not in made.window.bottom.texts)


@pytest.fixture
def short_clip(tmp_path):
    """Ten frames."""
    path = tmp_path / "short.mkv"
    write_clip(path, [square_picture(60, 40, 80, height=240, width=320)] * 10)
    return path


def test_demo_clip_begins_again_by_itself_also_when_its_line_is_hidden(
    desk, qtbot, short_clip, monkeypatch
):
    monkeypatch.setattr("app.ui.controller.RESOURCES", short_clip.parent)
    (short_clip.parent / "demo").mkdir()
    demo = short_clip.rename(short_clip.parent / "demo" / "short.mkv")
    made = desk(loader(SquareEngine()), source=demo)
    press_button(made.window.bottom, "Hide")
    qtbot.waitUntil(lambda: made.scene.snapshot.source.frames_read > 25, timeout=PATIENT_MS)
    assert not any(text == "END OF RECORDING" for scene in made.scenes for _, text in scene.chips)
    made.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "PAUSED" in made.window.chips.texts, timeout=PATIENT_MS)


def test_other_recordings_stand_at_their_end_until_space_plays_them_again(desk, qtbot, short_clip):
    made = desk(loader(SquareEngine()), source=short_clip)
    qtbot.waitUntil(lambda: "END OF RECORDING" in made.window.chips.texts, timeout=PATIENT_MS)
    assert made.scene.snapshot.source.frames_read == 10
    first = len(made.scenes)
    qtbot.waitUntil(lambda: len(made.scenes) > first + 10, timeout=PATIENT_MS)
    assert made.scene.snapshot.source.frames_read == 10
    made.press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: made.scene.snapshot.source.frames_read > 12, timeout=PATIENT_MS)


def test_question_mark_opens_and_leaves_the_keys(opened, qtbot):
    opened.press(Qt.Key.Key_Question)
    qtbot.waitUntil(lambda: not opened.window.column.structures.isVisible())
    opened.press(Qt.Key.Key_Question)
    qtbot.waitUntil(opened.window.column.structures.isVisible)


def test_esc_turns_ai_off_also_while_an_address_is_typed(opened, qtbot):
    opened.window.column.show_camera()
    QTest.keyClicks(opened.window.column.camera.address, "rtsp://1o")
    assert opened.scene.style.mode is OverlayMode.OUTLINE
    QTest.keyClick(opened.window.column.camera.address, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: opened.scene.ai_off)


def test_enter_in_the_address_answers_no_question(opened, qtbot):
    opened.window.column.show_camera()
    for _ in range(2):
        opened.press(Qt.Key.Key_Escape)
    QTest.keyClick(opened.window.column.camera.address, Qt.Key.Key_Return)
    first = len(opened.scenes)
    qtbot.waitUntil(lambda: len(opened.scenes) > first)
    assert opened.scenes[first].ai_off


def test_window_closes_at_once_although_the_model_hangs(desk, qtbot, square_clip):
    engine = HeldEngine()
    made = desk(loader(engine), source=square_clip, weights=ANY_WEIGHTS)
    qtbot.waitUntil(lambda: bool(engine.asked), timeout=PATIENT_MS)
    begun_s = time.monotonic()
    made.window.close()
    # The engine hangs for as long as its test lets it; who waited would wait this long at least.
    assert time.monotonic() - begun_s < CLOSE_WAIT_S
    engine.gate.release(1000)


def _has_own_answer(scene):
    result = scene.snapshot.result
    return result is not None and result.frame is scene.snapshot.frame


class LiveTestSource:
    """A camera that never ends: 50 pictures a second."""

    def open(self):
        return SourceInfo("test camera", 64, 64, 50.0, None)

    def __init__(self):
        self.silent = threading.Event()
        self.goes_on = threading.Event()

    def read(self):
        threading.Event().wait(0.02)
        if self.silent.is_set():
            assert self.goes_on.wait(20)
        return Picture(np.full((64, 64, 3), 90, np.uint8), 0)

    def seek(self, time_s):
        raise SourceError(f"a camera cannot be sought (asked for {time_s} s)")

    def close(self):
        pass


def test_live_picture_offers_no_pause_and_cannot_be_stopped_by_a_key(desk, qtbot):
    made = desk(loader(SquareEngine()), source="live", source_opener=lambda _spec: LiveTestSource())
    qtbot.waitUntil(lambda: made.scene.snapshot.frame is not None, timeout=PATIENT_MS)
    assert not made.window.transport.isVisible()
    made.press(Qt.Key.Key_Space)
    made.press(Qt.Key.Key_Comma)
    made.press(Qt.Key.Key_Right)
    frames_go_on(made, qtbot)


def test_live_picture_that_stands_is_said_to_stand(desk, qtbot):
    camera = LiveTestSource()
    made = desk(loader(SquareEngine()), source="live", source_opener=lambda _spec: camera)
    frames_go_on(made, qtbot)
    camera.silent.set()
    qtbot.waitUntil(
        lambda: any("SIGNAL STALLED" in text for text in made.window.chips.texts),
        timeout=PATIENT_MS,
    )
    camera.silent.clear()
    camera.goes_on.set()
    qtbot.waitUntil(
        lambda: not any("SIGNAL STALLED" in text for text in made.window.chips.texts),
        timeout=PATIENT_MS,
    )


def test_seek_bar_can_be_hit_in_a_narrow_window(opened, qtbot):
    opened.window.resize(1100, 700)
    qtbot.waitUntil(lambda: opened.window.width() == 1100)
    bar = opened.window.transport
    qtbot.waitUntil(lambda: bar.layout().minimumSize().width() <= bar.width())
    assert bar.seek_bar.width() >= 120


def test_file_dialog_leaves_ai_off_within_reach(opened, qtbot):
    press_button(opened.window.source_bar, "File")
    dialog = opened.window.findChild(QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert not dialog.isModal()
    press_button(opened.window.column, "AI OFF")
    qtbot.waitUntil(lambda: opened.scene.ai_off)
    dialog.reject()
