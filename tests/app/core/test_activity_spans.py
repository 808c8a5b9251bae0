"""The words and the report of what is being done."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_engines import CARD, ActivityEngine

from app.core.activity_spans import ActivityFigures, ActivitySpan, ActivitySpans
from app.core.activity_words import UNKNOWN, ActivityWords, activity_words, telling
from app.core.frame import Frame
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    Result,
    Snapshot,
    SourceState,
    SourceStatus,
    Timings,
)
from lmsfa.prediction import Prediction

RATE_FPS = 10
RGB = np.zeros((4, 4, 3), np.uint8)


def told(name, score=0.8):
    return Prediction(0, 0.0, (), name, "model", (), score)


def figures(*names, start_s=100.0):
    """Figures of a run of ten frames a second; None is a frame without an answer."""
    spans = ActivitySpans(ActivityEngine.card)
    for number, name in enumerate(names):
        spans.add(None if name is None else told(name), start_s + number / RATE_FPS)
    return spans.by_name()


def test_spans_last_until_another_activity_begins():
    found = figures(*["dissection"] * 5, *["suction"] * 3, *["dissection"] * 2)
    assert found == {
        "dissection": ActivityFigures(7, (ActivitySpan(0, 0.5, 0.8), ActivitySpan(0.8, 0.9, 0.8))),
        "suction": ActivityFigures(3, (ActivitySpan(0.5, 0.8, 0.8),)),
    }


def test_frames_without_an_answer_end_a_span_only_where_they_last():
    short = figures("suction", None, None, "suction")["suction"]
    assert short == ActivityFigures(2, (ActivitySpan(0, 0.3, 0.8),))
    long = figures("suction", *[None] * 12, "suction")["suction"]
    assert long == ActivityFigures(2, (ActivitySpan(0, 0.1, 0.8), ActivitySpan(1.3, 1.3, 0.8)))


def test_activities_that_never_stood_are_listed_and_models_without_any_list_none():
    assert figures("suction")["dissection"] == ActivityFigures(0, ())
    spans = ActivitySpans(CARD)
    spans.add(Prediction(0, 0.0, (), None, "model"), 0.0)
    assert spans.by_name() == {}


def test_a_spans_score_is_the_mean_of_its_frames():
    spans = ActivitySpans(ActivityEngine.card)
    for time_s, score in ((0.0, 0.6), (0.1, 0.9)):
        spans.add(told("suction", score), time_s)
    assert spans.by_name()["suction"].spans == (ActivitySpan(0, 0.1, 0.75),)


@pytest.mark.parametrize(
    ("age_s", "words"), [(0.004, "0.1 s"), (0.1, "0.1 s"), (0.101, "0.2 s"), (0.3, "0.3 s")]
)
def test_ages_are_rounded_up(age_s, words):
    told_words = activity_words(told("suction", 0.874), age_s)
    assert told_words == f"Activity: suction 87 % · {words}"


def shown(prediction, *, source_id=1, captured_s=0.0, expires_s=9.0, card=ActivityEngine.card):
    frame = Frame(RGB, 0, captured_s, source_id)
    result = None if prediction is None else Result(frame, prediction, Timings(0, 0))
    model = ModelStatus(ModelState.READY, card=card)
    playing = SourceStatus(SourceState.PLAYING)
    return Snapshot(frame, result, playing, model, expires_s, newest=result)


def test_numbers_stand_long_enough_to_be_read_and_a_name_follows_at_once():
    words = ActivityWords()
    first = words.of(shown(told("suction", 0.8)), 0.05)
    assert first == "Activity: suction 80 % · 0.1 s"
    assert words.of(shown(told("suction", 0.9), captured_s=0.1), 0.15) == first
    later = words.of(shown(told("suction", 0.9), captured_s=0.3), 0.35)
    assert later == "Activity: suction 90 % · 0.1 s"
    other = words.of(shown(told("dissection", 0.5), captured_s=0.31), 0.36)
    assert other == "Activity: dissection 50 % · 0.1 s"


def test_an_age_is_never_said_lower_than_it_is():
    words, one = ActivityWords(), shown(told("suction"))
    ages = [words.of(one, now_s).split("· ")[1] for now_s in (0.09, 0.12, 0.19, 0.21)]
    assert ages == ["0.1 s", "0.2 s", "0.2 s", "0.3 s"]


def too_old_to_paint(snapshot):
    return replace(snapshot, result=None, expires_s=math.inf)


def test_an_answer_too_old_for_an_overlay_still_tells_for_half_a_second_and_how_old_it_is():
    words, late = ActivityWords(), too_old_to_paint(shown(told("suction")))
    said = [words.of(late, now_s) for now_s in (0.05, 0.2, 0.49, 0.51)]
    assert [text.rpartition("· ")[2] for text in said[:3]] == ["0.1 s", "0.2 s", "0.5 s"]
    assert said[3] == UNKNOWN
    assert telling(late, 0.49) is late.newest
    assert telling(late, 0.51) is None


def test_where_overlays_may_be_older_than_that_the_words_stand_as_long():
    patient = shown(told("suction"), expires_s=2.0)
    assert "2.0 s" in ActivityWords().of(patient, 1.99)
    assert ActivityWords().of(patient, 2.01) == UNKNOWN


def test_words_do_not_flicker_where_every_other_overlay_comes_too_late():
    """Answers of 55 ms to 25 pictures a second, painted up to 120 ms of age, at 60 Hz."""
    words, said = ActivityWords(), []
    for tick in range(60):
        now_s = 0.12 + tick / 60
        newest_s = 0.055 * math.floor((now_s - 0.095) / 0.055)
        until_s = newest_s + 0.12
        answer = shown(told("suction"), captured_s=newest_s, expires_s=until_s)
        said.append(words.of(answer if now_s <= until_s else too_old_to_paint(answer), now_s))
    assert UNKNOWN not in said


def test_words_of_another_source_or_model_are_never_kept():
    words = ActivityWords()
    words.of(shown(told("suction", 0.8)), 0.05)
    assert "70 %" in words.of(shown(told("suction", 0.7), source_id=2), 0.06)
    other = replace(told("suction", 0.6), model_id="other")
    assert "60 %" in words.of(shown(other, source_id=2), 0.07)
    assert words.of(shown(None), 0.08) == UNKNOWN
    assert "50 %" in words.of(shown(replace(other, activity_score=0.5), source_id=2), 0.09)


def test_nothing_at_all_is_said_of_models_without_activities():
    assert ActivityWords().of(shown(Prediction(0, 0.0, (), None, "m"), card=CARD), 0.0) == ""
