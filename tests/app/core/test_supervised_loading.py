"""A model's process that does not start, does not load, or says what cannot be read."""

import sys

import psutil
import pytest
from made_clips import now, until
from made_supervision import (
    MADE,
    PATIENT_AGE_MS,
    answered_by,
    ask,
    is_gone,
    needs_signals,
    state,
)

from app.core.snapshot import ModelState
from app.core.supervision.engine import ChildLoader
from app.core.supervision.process import EngineLostError


def test_loading_has_a_bound_of_its_own_and_says_so(pipelines, weights):
    (weights / "loading").write_text("hang")
    pipeline = pipelines(ChildLoader(loader=MADE.loader, load_s=0.5))
    pipeline.load(weights)
    fault = until(lambda: (found := now(pipeline).model).state is ModelState.FAULT and found)
    assert fault.message == (
        f"{weights}: not loaded within 0.5 s; load again, or choose what it runs on with --engine"
    )
    assert fault.stopped


@needs_signals
@pytest.mark.parametrize("fault", ["hold", "SIGSTOP"])
def test_a_process_that_stops_while_it_loads_is_found_and_replaced(
    pipelines, long_clip, weights, monkeypatch, fault
):
    monkeypatch.setattr("app.core.supervision.engine.SILENT_S", 1.5)
    (weights / "loading").write_text(fault)
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.open(str(long_clip))
    pipeline.load(weights)
    until(lambda: (weights / "process").exists() and not (weights / "loading").exists())
    hung = int((weights / "process").read_text())
    silent = "the model gave no sign of life while it loaded and is being started again, 1 of 3"
    until(lambda: now(pipeline).model.message == silent)
    assert is_gone(hung)
    assert answered_by(pipeline) != hung


def test_a_load_that_takes_its_time_is_left_alone_while_it_lives(pipelines, weights, monkeypatch):
    monkeypatch.setattr("app.core.supervision.engine.SILENT_S", 1.5)
    (weights / "loading").write_text("slow")
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.load(weights)
    until(lambda: state(pipeline) is ModelState.READY)
    assert now(pipeline).model.message == ""
    assert "loading" not in [entry.name for entry in weights.iterdir()]


@needs_signals
def test_a_process_that_never_says_that_it_lives_is_found(weights, monkeypatch):
    mute = weights / "python"
    mute.write_text("#!/bin/sh\nexec sleep 60\n")
    mute.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(mute))
    monkeypatch.setattr("app.core.supervision.process.FIRST_BEAT_S", 0.3)
    monkeypatch.setattr("app.core.supervision.engine.SILENT_S", 0.3)
    with pytest.raises(EngineLostError, match="gave no sign of life while it loaded"):
        MADE(weights, "auto")
    assert not psutil.Process().children()


@pytest.mark.parametrize("garbage", ["noise", "long", "list", "bare", "short"])
def test_an_answer_that_cannot_be_read_costs_the_process_and_not_the_model(
    playing, weights, garbage
):
    lost = answered_by(playing)
    ask(weights, f"garbage {garbage}")
    garbled = "the model answered what cannot be read and is being started again, 1 of 3"
    until(lambda: now(playing).model.message == garbled)
    assert now(playing).result is None
    assert answered_by(playing) != lost


def test_a_machine_that_starts_no_process_is_tried_again(
    pipelines, long_clip, weights, monkeypatch
):
    monkeypatch.setattr("app.core.supervision.process.START_AGAIN_S", 0.3)
    monkeypatch.setattr(sys, "executable", str(weights / "python"))
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.open(str(long_clip))
    pipeline.load(weights)
    failed = "the model could not be started (No such file or directory)"
    until(lambda: now(pipeline).model.message == f"{failed} and is being started again, 1 of 3")
    monkeypatch.undo()
    assert answered_by(pipeline)


def test_a_machine_that_never_starts_one_is_a_fault_until_a_person_acts(
    pipelines, weights, monkeypatch
):
    monkeypatch.setattr("app.core.supervision.process.START_AGAIN_S", 0.01)
    monkeypatch.setattr(sys, "executable", str(weights / "python"))
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.load(weights)
    fault = until(lambda: (found := now(pipeline).model).stopped and found)
    assert fault.message == (
        "the model could not be started (No such file or directory) "
        "after 3 restarts within a minute"
    )
