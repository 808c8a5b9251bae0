"""A model in a process of its own, under every fault that a process can have."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import av
import numpy as np
import psutil
import pytest
from made_child_engines import LONG_S, shown
from made_clips import index_picture, now, until
from made_engines import CARD, HeldEngine, loader
from made_supervision import (
    MADE,
    PATIENT_AGE_MS,
    answered_by,
    ask,
    is_gone,
    needs_signals,
    state,
)

from app.core.snapshot import ModelState, PlaybackMode
from app.core.supervision.engine import ChildLoader
from app.core.supervision.process import EngineProcess
from app.core.supervision.restarts import Restarts
from lmsfa.backends.threads import thread_budget
from lmsfa.registry import EngineError, load_engine
from lmsfa.shipped import DEMO_CLIP, WEIGHTS


@needs_signals
@pytest.mark.parametrize(
    "faults",
    [
        {
            "SIGSEGV": "crashed (SIGSEGV)",
            "SIGKILL": "was killed (SIGKILL), perhaps for want of memory",
            "exit": "ended (exit code 3)",
        },
        {
            "SIGABRT": "crashed (SIGABRT)",
            "memory": "ran out of memory",
            "error": "failed (ValueError)",
        },
        dict.fromkeys(["hang", "hold", "SIGSTOP"], "did not answer within 1 s"),
    ],
    ids=["crashes", "failures", "hangs"],
)
def test_a_lost_model_is_named_and_replaced_while_the_picture_goes_on(playing, weights, faults):
    for number, (fault, name) in enumerate(faults.items(), 1):
        lost = answered_by(playing)
        ask(weights, fault)
        loading = until(lambda: (found := now(playing)).model.state is ModelState.LOADING and found)
        assert loading.result is None
        assert (
            loading.model.message == f"the model {name} and is being started again, {number} of 3"
        )
        assert is_gone(lost)
        ready = until(lambda: (found := now(playing)).model.state is ModelState.READY and found)
        assert ready.source.frames_read > loading.source.frames_read
        assert ready.result is None or int(ready.result.prediction.model_id) != lost
        assert answered_by(playing) != lost
        assert now(playing).model.message == ""


def test_no_answer_of_a_lost_process_is_shown_again(playing, weights):
    lost = answered_by(playing)
    ask(weights, "exit")
    until(lambda: state(playing) is ModelState.LOADING)
    assert now(playing).result is None
    assert answered_by(playing) != lost


def test_a_locked_picture_goes_on_without_the_answer_that_was_lost(playing, weights):
    playing.set_mode(PlaybackMode.LOCKED)
    lost = answered_by(playing)
    ask(weights, "exit")
    until(lambda: (found := now(playing).result) and int(found.prediction.model_id) != lost)
    read = now(playing).source.frames_read
    until(lambda: now(playing).source.frames_read > read + 5)


def test_the_fourth_loss_in_a_minute_stays_until_a_person_acts(playing, weights):
    ask(weights, "exit always")
    fault = until(lambda: (found := now(playing)).model.stopped and found)
    assert fault.model.state is ModelState.FAULT
    assert fault.model.message == "the model ended (exit code 3) after 3 restarts within a minute"
    assert fault.result is None
    assert not psutil.Process().children()
    until(lambda: now(playing).source.frames_read >= fault.source.frames_read + 5)
    assert now(playing).model.stopped
    (weights / "fault").unlink()
    playing.load(weights)
    assert not now(playing).model.stopped
    assert answered_by(playing)
    assert state(playing) is ModelState.READY


def test_a_model_that_never_answers_in_time_may_be_too_large(pipelines, weights, long_clip):
    ask(weights, "slow always")
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.load(weights)
    pipeline.open(str(long_clip))
    fault = until(lambda: (found := now(pipeline)).model.stopped and found)
    assert "did not answer within 1 s after 3 restarts" in fault.model.message
    assert "too large for this machine?" in fault.model.message


def test_three_restarts_fit_into_any_minute():
    restarts = Restarts()
    assert [restarts.take(time_s) for time_s in (0, 10, 20, 30, 59)] == [1, 2, 3, None, None]
    assert restarts.take(60) == 3
    assert restarts.take(61) is None
    assert restarts.take(200) == 1


def test_answers_that_get_ever_slower_end_as_a_hang(playing, weights):
    (weights / "slower").touch()
    until(lambda: "did not answer within 1 s" in now(playing).model.message)
    assert now(playing).result is None


def test_a_frame_that_cannot_be_answered_costs_no_process(playing, weights):
    before = answered_by(playing)
    ask(weights, "NaN always")
    fault = until(lambda: (found := now(playing)).model.state is ModelState.FAULT and found)
    assert fault.model.message == "the model answered with NaN; load other weights"
    assert not fault.model.stopped
    assert fault.result is None
    (weights / "fault").unlink()
    assert answered_by(playing) == before


def test_what_libraries_print_is_logged_and_disturbs_no_answer(playing, weights, caplog):
    before = answered_by(playing)
    ask(weights, "print")
    until(lambda: "python prints" in caplog.text)
    assert caplog.text.count("a library counts to three") == 3
    assert "a library says �" in caplog.text
    answered = now(playing).model.frames_answered
    until(lambda: now(playing).model.frames_answered > answered + 3)
    assert answered_by(playing) == before


@needs_signals
def test_the_log_says_where_a_model_hung_and_what_it_failed_by(playing, weights, caplog):
    ask(weights, "hang")
    until(lambda: "did not answer" in caplog.text)
    assert "made_child_engines.py" in caplog.text
    answered_by(playing)
    ask(weights, "memory")
    until(lambda: "ran out of memory" in caplog.text)
    assert "no memory for 3 tensors" in caplog.text


@needs_signals
@pytest.mark.parametrize("when", ["loading", "fault"])
@pytest.mark.parametrize("fault", ["hang", "SIGSTOP"])
def test_closing_waits_for_no_hung_process_and_leaves_none(
    pipelines, long_clip, weights, when, fault
):
    (weights / when).write_text(fault)
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.open(str(long_clip))
    pipeline.load(weights)
    until(lambda: (weights / "process").exists() and not (weights / when).exists())
    started_s = time.monotonic()
    pipeline.close()
    assert time.monotonic() - started_s < LONG_S / 2
    assert not psutil.Process().children()


def test_a_person_need_not_wait_for_a_hung_model_to_load_another(pipelines, long_clip, weights):
    (weights / "loading").write_text("hang")
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.open(str(long_clip))
    pipeline.load(weights)
    until(lambda: (weights / "process").exists() and not (weights / "loading").exists())
    hung = int((weights / "process").read_text())
    pipeline.load(weights)
    assert answered_by(pipeline) != hung
    assert is_gone(hung)


PARENT = """
import sys, time
from pathlib import Path
import numpy as np
from app.core.supervision.engine import ChildLoader
engine = ChildLoader(loader="made_child_engines:load")(Path(sys.argv[1]), "auto")
print("loaded", flush=True)
for _ in range(20):
    engine.predict(np.zeros((8, 8, 3), np.uint8))
    time.sleep(0.01)
print("answered", flush=True)
time.sleep(60)
"""


def program(weights):
    """Another program with a model of its own; it says what it has got."""
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, str(weights)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@needs_signals
def test_a_program_that_stood_still_blames_no_model_for_it(weights):
    (weights / "fault").write_text("stop the program")
    with program(weights) as stopped:
        until(lambda: psutil.Process(stopped.pid).status() == psutil.STATUS_STOPPED)
        time.sleep(1.5)
        stopped.send_signal(signal.SIGCONT)
        assert stopped.stdout.read(16) == b"loaded\nanswered\n"
        stopped.kill()


@needs_signals
@pytest.mark.parametrize("doing", ["", "hang", "hold", "SIGSTOP"])
def test_a_process_never_outlives_a_killed_program(weights, doing):
    (weights / "fault").write_text(doing)
    with program(weights) as killed:
        assert killed.stdout.readline() == b"loaded\n"
        until(lambda: not doing or not (weights / "fault").exists())
        child = int((weights / "process").read_text())
        assert not is_gone(child)
        killed.kill()
        until(lambda: is_gone(child))
        assert killed.stderr.read() == b""


def test_a_process_ends_with_its_requests_whatever_it_does(weights):
    (weights / "loading").write_text("hang")
    process = EngineProcess(threading.Event())
    process._channel.send(
        {"loader": MADE.loader, "weights": str(weights), "runtime": "auto", "threads": None}
    )
    until(lambda: (weights / "process").exists() and not (weights / "loading").exists())
    process._process.stdin.close()
    assert process._process.wait(LONG_S) == 0
    process.close()


def in_use():
    """What must not grow: open files, threads, processes, shared memory."""
    me = psutil.Process()
    mapped = sum("memfd:frames" in region.path for region in me.memory_maps(grouped=False))
    return me.num_fds(), threading.active_count(), len(me.children(recursive=True)), mapped


@pytest.mark.skipif(sys.platform != "linux", reason="counts Linux's file descriptors")
def test_nothing_grows_from_load_to_load(weights):
    rgb = index_picture(3)
    counted = []
    for _ in range(6):
        engine = MADE(weights, "auto")
        engine.predict(rgb)
        engine.close()
        counted.append(in_use())
    assert set(counted) == {counted[0]}
    assert counted[0][2:] == (0, 0)


@pytest.fixture
def patient(monkeypatch):
    """Answers may take as long as a busy machine needs for them."""
    monkeypatch.setattr("app.core.supervision.engine.ANSWER_S", float(LONG_S))


def test_frames_of_changing_size_reach_the_process_whole(weights, patient):
    engine = MADE(weights, "auto")
    try:
        for height, width in ((1, 1), (720, 1280), (4320, 7680), (1, 4000), (576, 720)):
            rgb = np.random.default_rng(height).integers(0, 255, (height, width, 3), np.uint8)
            answer = engine.predict(rgb, 7, 1 / 3)
            assert answer.activity == shown(rgb)
            assert (answer.frame_index, answer.captured_s) == (7, 1 / 3)
        turned = rgb[::-2, ::-1]
        assert engine.predict(turned).activity == shown(turned)
    finally:
        engine.close()


def test_the_process_has_neither_the_window_nor_what_it_does_not_run(weights):
    engine = MADE(weights, "auto")
    engine.close()
    assert engine.card == CARD
    assert (engine.runtime, engine.device) == ("by eye", "test bench")
    modules = engine.reason.split()
    assert "numpy" in modules
    assert not {"PySide6", "shiboken6", "torch", "openvino", "av", "pytest"} & set(modules)


def test_the_shipped_weights_answer_alike_in_both_places(patient):
    with av.open(str(DEMO_CLIP)) as clip:
        rgb = next(clip.decode(video=0)).to_ndarray(format="rgb24")
    here = load_engine(WEIGHTS, "openvino-fp32")
    child = ChildLoader(thread_budget())(WEIGHTS, "openvino-fp32")
    try:
        assert (child.card, child.runtime, child.device) == (here.card, here.runtime, here.device)
        assert child.reason == here.reason
        answers = [engine.predict(rgb, 5, 0.1) for engine in (here, child)]
    finally:
        here.close()
        child.close()
    assert answers[0].instances
    assert_alike(*answers)


def assert_alike(one, other):
    bare = {"instances": (), "candidates": ()}
    assert replace(one, **bare) == replace(other, **bare)
    assert len(one.instances) == len(other.instances)
    all_of = [(*each.instances, *each.candidates) for each in (one, other)]
    for mine, yours in zip(*all_of, strict=True):
        assert np.array_equal(mine.mask, yours.mask)
        assert (mine.class_id, mine.box_xyxy) == (yours.class_id, yours.box_xyxy)
        assert (mine.score, mine.placement) == (yours.score, yours.placement)


@pytest.mark.parametrize("runtime", ["auto", "nonsense"])
def test_what_is_wrong_with_weights_arrives_word_for_word(tmp_path, runtime):
    weights = tmp_path / "weights.safetensors"
    if runtime != "auto":
        weights = WEIGHTS
    lines = []
    for load in (load_engine, ChildLoader()):
        with pytest.raises(EngineError) as refused:
            load(weights, runtime)
        lines.append(str(refused.value))
    assert lines[0] == lines[1]


def test_a_model_that_hangs_in_this_process_is_a_fault_until_it_answers(pipelines, long_clip):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine))
    pipeline.open(str(long_clip))
    pipeline.load("any")
    until(lambda: engine.asked)
    hung = until(lambda: (found := now(pipeline)).model.state is ModelState.FAULT and found)
    assert hung.model.message == "the model has not answered for over 1 s"
    assert hung.result is None
    until(lambda: now(pipeline).source.frames_read > hung.source.frames_read + 3)
    engine.gate.release(10_000)
    until(lambda: now(pipeline).result)
    assert state(pipeline) is ModelState.READY
