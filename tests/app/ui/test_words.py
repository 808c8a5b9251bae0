"""The words on the gauge and in the status line: each state has its own."""

from dataclasses import replace

import numpy as np
import pytest
from made_engines import CARD

from app.core.caption import caption
from app.core.frame import Frame
from app.core.meters import Figures
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    PlaybackMode,
    Signal,
    Snapshot,
    SourceInfo,
    SourceState,
    SourceStatus,
)
from app.ui.ai_state import AiState, ai_state
from app.ui.chips import chips
from app.ui.gauge import Gauge
from app.ui.notices import faults
from app.ui.readout import Readings
from app.ui.scene import Scene
from app.ui.source_bar import source_words
from app.ui.theme import Level
from app.ui.transport_bar import clock
from app.ui.verdicts import (
    age_verdict,
    availability_verdict,
    delay_verdict,
    dropped_verdict,
    picture_verdict,
)
from lmsfa.overlay import OverlayStyle
from lmsfa.quality.condition import Condition, Quality
from lmsfa.quality.monitor import View

INFO = SourceInfo("clip.mkv", 640, 480, 25.0, 12.0)
PLAYING = SourceStatus(SourceState.PLAYING, info=INFO)
READY = ModelStatus(ModelState.READY, card=CARD)
FIGURES = Figures(50, 25.0, 24.0, 30.0, 60.0, 90.0, 0.95)


def scene(*, source=PLAYING, ai_word="READY", mode=PlaybackMode.LIVE, bound_ms=120.0, **figures):
    measured = replace(FIGURES, **figures)
    return Scene(
        snapshot=Snapshot(None, None, source, READY),
        layer=None,
        style=OverlayStyle(),
        ai=AiState(Level.GOOD, ai_word),
        ai_off=ai_word == "AI OFF",
        mode=mode,
        max_age_ms=bound_ms,
        readings=Readings(0.0, measured, measured, ()),
        chips=(),
        top=(),
        bottom=(),
    )


@pytest.mark.parametrize(("fps", "word"), [(25.0, "ON RATE"), (20.0, "SLOW"), (10.0, "TOO SLOW")])
def test_picture_rate_is_judged_by_the_sources_own(fps, word):
    assert picture_verdict(scene(picture_fps=fps)).word == word


@pytest.mark.parametrize(
    ("age_ms", "bound_ms", "level", "word"),
    [
        (118.0, 120.0, Level.GOOD, "IN BOUND"),
        (300.0, 450.0, Level.WATCH, "OVER 120"),
        (130.0, 120.0, Level.BAD, "TOO OLD"),
        (None, 120.0, Level.BAD, "NONE SHOWN"),
    ],
)
def test_overlay_age_is_judged_by_the_usual_bound_also_where_it_was_raised(
    age_ms, bound_ms, level, word
):
    verdict = age_verdict(scene(age_p99_ms=age_ms, bound_ms=bound_ms))
    assert (verdict.level, verdict.word) == (level, word)


@pytest.mark.parametrize(("share", "word"), [(0.8, "GOOD"), (0.79, "LOW"), (0.2, "TOO LOW")])
def test_availability_is_judged_by_the_promised_share(share, word):
    assert availability_verdict(scene(availability=share)).word == word


def test_figures_without_meaning_are_not_judged():
    assert age_verdict(scene(ai_word="AI OFF", age_p99_ms=None)).word == "AI OFF"
    assert age_verdict(scene(mode=PlaybackMode.LOCKED)).word == "LOCKED"
    paused = SourceStatus(SourceState.PAUSED, info=INFO)
    assert availability_verdict(scene(source=paused)).word == "PAUSED"


def test_gauge_shows_numbers_beside_their_words(qtbot):
    gauge = Gauge()
    qtbot.addWidget(gauge)
    gauge.show_scene(scene())
    assert gauge.number.text() == "25"
    assert (gauge.age.number.text(), gauge.age.verdict.word) == ("90 ms", "IN BOUND")
    assert (gauge.availability.number.text(), gauge.availability.verdict.word) == ("95 %", "GOOD")
    gauge.show_scene(scene(ai_word="AI OFF"))
    assert (gauge.availability.number.text(), gauge.availability.verdict.word) == ("–", "AI OFF")


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (ModelState.NONE, "NO MODEL"),
        (ModelState.LOADING, "AI LOADING"),
        (ModelState.FAULT, "AI FAULT"),
        (ModelState.READY, "READY"),
    ],
)
def test_every_model_state_has_its_word_and_ai_off_goes_before_all(state, word):
    snapshot = Snapshot(None, None, PLAYING, ModelStatus(state, card=CARD))
    assert _ai(snapshot).word == word
    assert _ai(snapshot, ai_off=True).word == "AI OFF"


def test_picture_says_why_it_carries_no_overlay():
    snapshot = Snapshot(_frame(), None, PLAYING, READY)
    assert _ai(snapshot).on_picture == ""
    assert _ai(snapshot, marked=False).on_picture == "NOTHING FOUND"
    assert _ai(snapshot, answered=False).on_picture == "NO CURRENT ANSWER"
    assert _ai(snapshot, raw=True).on_picture == "RAW PICTURE"


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("marked", [True, False])
def test_what_is_hidden_is_counted_in_amber_and_nothing_counts_as_not_found(count, marked):
    snapshot = Snapshot(_frame(), None, PLAYING, READY)
    hidden = frozenset(range(count))
    words = f"{count} OF 3 HIDDEN"
    states = [
        _ai(snapshot, hidden=hidden, marked=marked),
        _ai(snapshot, hidden=hidden, answered=False, marked=False),
        _ai(snapshot, hidden=hidden, raw=True, marked=marked),
        _ai(snapshot, hidden=hidden, ai_off=True, marked=marked),
        _ai(replace(snapshot, frame=None), hidden=hidden, marked=marked),
    ]
    for state in states:
        shown = chips(state, snapshot, 0.0, was_moved=False)
        assert (Level.WATCH, words) in shown
        assert state.level is Level.WATCH
        said = [state.detail, *(text for _, text in shown)]
        assert not any("nothing found" in text.lower() for text in said)


def test_a_picture_that_may_carry_no_overlay_says_why_once():
    frozen = replace(PLAYING, signal=Signal.FROZEN)
    assert _texts(frozen) == ["PICTURE FROZEN"]
    blood = replace(PLAYING, view=View(condition=Condition(Quality.BLOOD, is_off=True)))
    assert _texts(blood) == ["OVERLAY OFF: BLOOD"]
    assert _texts(replace(PLAYING, state=SourceState.FAULT)) == ["PICTURE STOPPED"]
    assert _texts(PLAYING) == ["NO CURRENT ANSWER"]


def _texts(source):
    """Of the chips at a picture without an answer."""
    snapshot = Snapshot(_frame(), None, source, READY)
    return [
        text for _, text in chips(_ai(snapshot, answered=False), snapshot, 0.0, was_moved=False)
    ]


@pytest.mark.parametrize(
    "state", [SourceState.PAUSED, SourceState.ENDED, SourceState.LOST, SourceState.FAULT]
)
def test_a_state_of_the_source_has_one_word_at_the_picture_and_on_the_gauge(state):
    source = SourceStatus(state, info=INFO)
    shown = Snapshot(_frame(), None, source, READY)
    ((_, at_picture),) = chips(AiState(Level.GOOD, "READY"), shown, 0.0, was_moved=False)
    assert at_picture.startswith(picture_verdict(scene(source=source)).word)
    if state in (SourceState.LOST, SourceState.FAULT):
        gone = replace(source, info=None)
        assert source_words(gone) == picture_verdict(scene(source=gone)).word.lower()


def test_a_state_of_the_model_has_one_word_at_the_picture_and_below_it():
    for state in ModelState:
        snapshot = Snapshot(None, None, PLAYING, ModelStatus(state, card=CARD))
        assert _ai(snapshot).on_picture in ("", _ai(snapshot).word)
    assert _ai(snapshot, ai_off=True).on_picture == _ai(snapshot, ai_off=True).word


def test_one_line_says_why_the_overlay_is_weak_or_off_and_a_signals_fault_goes_before():
    weak = View(condition=Condition(Quality.SMOKE))
    off = View(condition=Condition(Quality.BLOOD, is_off=True))
    assert _chips_of(weak) == ((Level.WATCH, "OVERLAY WEAK: SMOKE"),)
    assert _chips_of(off) == ((Level.BAD, "OVERLAY OFF: BLOOD"),)
    assert _chips_of(off, Signal.FROZEN) == ((Level.BAD, "PICTURE FROZEN"),)
    assert _chips_of(off, Signal.LATE, now_s=2.0) == ((Level.BAD, "PICTURE LATE 2 s"),)


def test_faults_of_source_and_model_stand_side_by_side():
    source = SourceStatus(SourceState.FAULT, "camera 0: is not there")
    model = ModelStatus(ModelState.FAULT, "w: not a card")
    texts = [notice.text for notice in faults(Snapshot(None, None, source, model))]
    assert texts == ["camera 0: is not there", "AI FAULT: w: not a card"]


def test_training_domain_says_synthetic_where_it_is():
    assert caption(CARD) == "trained on: test"
    assert caption(replace(CARD, synthetic=True)) == "trained on: test · SYNTHETIC"


def test_source_and_time_are_written_for_people():
    assert source_words(PLAYING) == "clip.mkv · 640 × 480 · 25 fps"
    gone = SourceStatus(SourceState.FAULT, "clip.mkv: no such file")
    assert source_words(gone) == "picture stopped"
    assert clock(62.59) == "1:02.5"


def _ai(snapshot, *, ai_off=False, raw=False, hidden=frozenset(), answered=True, marked=True):
    return ai_state(
        snapshot, ai_off=ai_off, raw=raw, hidden=hidden, answered=answered, marked=marked
    )


def _chips_of(view, signal=Signal.GOOD, now_s=0.0):
    source = replace(PLAYING, view=view, signal=signal)
    shown = Snapshot(_frame(), None, source, READY)
    return chips(AiState(Level.GOOD, "READY"), shown, now_s, was_moved=False)


def _frame():
    return Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0, 1)


@pytest.mark.parametrize(
    ("delay_ms", "level", "word"),
    [(49.0, Level.GOOD, "IN BOUND"), (51.0, Level.BAD, "TOO LATE"), (None, Level.QUIET, "NOT YET")],
)
def test_the_pictures_own_delay_is_judged_by_its_bound(delay_ms, level, word):
    verdict = delay_verdict(scene(delay_p99_ms=delay_ms))
    assert (verdict.level, verdict.word) == (level, word)


def test_dropped_pictures_are_said_of_how_many():
    assert dropped_verdict(scene(source=replace(PLAYING, frames_read=9))).word == "NONE"
    dropped = replace(PLAYING, frames_read=90, frames_dropped=10)
    assert dropped_verdict(scene(source=dropped)).word == "OF 100"
