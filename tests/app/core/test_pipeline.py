"""The pipeline while it plays: the picture's own pace, the model's own pace, and what meets."""

import threading
import time
from itertools import pairwise

import pytest
from made_clips import index_in, index_picture, now, until, write_clip
from made_engines import (
    CARD,
    CrashingEngine,
    HeldEngine,
    SlowEngine,
    SometimesNaNEngine,
    SquareEngine,
    loader,
)

from app.core.frame import Frame
from app.core.inference import InferenceView
from app.core.pipeline import CLOSE_WAIT_S, Pipeline
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    PlaybackMode,
    Result,
    SourceInfo,
    SourceState,
    SourceStatus,
    Timings,
)
from app.core.sources import Picture
from app.core.sources.file import FileSource
from app.core.stage import CaptureView
from lmsfa.registry import EngineError

ANY = "weights.safetensors"


def shown_until_the_end(pipeline):
    """Every snapshot with a new frame, as a window of high rate would see them, and its time."""
    seen, last = [], None
    give_up_s = time.monotonic() + 30
    while time.monotonic() < give_up_s:
        now_s = time.monotonic()
        snapshot = pipeline.snapshot(now_s)
        if snapshot.frame is not None and snapshot.frame is not last:
            last = snapshot.frame
            seen.append((snapshot, now_s))
        elif snapshot.source.state in (SourceState.ENDED, SourceState.FAULT):
            return seen
        time.sleep(0.001)
    raise AssertionError("the recording did not end")


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory):
    """Two seconds."""
    path = tmp_path_factory.mktemp("clip") / "short.mkv"
    write_clip(path, [index_picture(index) for index in range(50)])
    return path


def test_a_recording_is_played_in_its_own_time(short_clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(short_clip))
    seen = [(snapshot.frame, now_s) for snapshot, now_s in shown_until_the_end(pipeline)]
    assert index_in(seen[-1][0].rgb) == 49
    # None before it was due, and none due sooner after another than in the recording.
    assert all(now_s >= frame.captured_s for frame, now_s in seen)
    for (before, _), (after, _) in pairwise(seen):
        assert after.captured_s - before.captured_s >= after.media_s - before.media_s - 1e-6


def test_a_slow_model_never_holds_the_video_back(short_clip, pipelines):
    pipeline = pipelines(loader(SlowEngine()))
    pipeline.load(ANY)
    pipeline.open(str(short_clip))
    shown_until_the_end(pipeline)
    model = now(pipeline).model
    assert now(pipeline).source.frames_read == 50
    # The video was over long before the model had answered all that it was shown.
    assert model.frames_skipped > model.frames_answered
    assert model.p50_ms >= 500


def test_a_model_that_never_answers_is_asked_the_newest_frame_next(clip, pipelines):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine))
    pipeline.load(ANY)
    until(lambda: now(pipeline).model.state is ModelState.READY)
    pipeline.open(str(clip))
    # A frame is shown before it is offered to the model: once this one is shown, 30 was offered.
    until(lambda: now(pipeline).frame is not None and now(pipeline).frame.index >= 31)
    engine.gate.release()
    until(lambda: len(engine.asked) == 2)
    assert engine.asked[0] <= 1
    assert engine.asked[1] >= 30
    engine.gate.release(1000)


def test_only_young_answers_of_the_same_source_are_shown(short_clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()), max_age_ms=120)
    pipeline.load(ANY)
    pipeline.open(str(short_clip))
    for snapshot, now_s in shown_until_the_end(pipeline):
        if snapshot.result is not None and snapshot.source.state is SourceState.PLAYING:
            assert (now_s - snapshot.result.frame.captured_s) * 1000 <= 120
            assert snapshot.result.frame.source_id == snapshot.frame.source_id
    assert now(pipeline).model.frames_answered > 0


def test_an_answer_over_age_is_withdrawn(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()), max_age_ms=120)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    snapshot = until(lambda: (found := now(pipeline)).result is not None and found)
    captured_s = snapshot.result.frame.captured_s
    assert pipeline.snapshot(captured_s + 1.0).result is None
    pipeline.max_age_ms = 5000
    assert pipeline.snapshot(captured_s + 1.0).result is not None


def test_an_answer_never_reaches_another_source(clip, tmp_path, pipelines):
    other = tmp_path / "other.mkv"
    write_clip(other, [index_picture(200)] * 50)
    engine = HeldEngine()
    pipeline = pipelines(loader(engine), max_age_ms=60_000)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    until(lambda: engine.asked)
    pipeline.open(str(other))
    # The model is offered a picture after it is shown: once the next is, the first was.
    until(lambda: (shown := now(pipeline).frame) is not None and shown.index > 0)
    assert index_in(now(pipeline).frame.rgb) == 200
    engine.gate.release()
    until(lambda: now(pipeline).model.frames_answered == 1)
    assert now(pipeline).result is None
    engine.gate.release(1000)
    answered = until(lambda: now(pipeline).result)
    assert index_in(answered.frame.rgb) == 200


def test_an_answer_of_a_replaced_model_is_never_shown(clip, pipelines):
    old, new = HeldEngine("old"), SquareEngine("new")
    engines = iter([old, new])
    pipeline = pipelines(lambda _weights, _runtime: next(engines), max_age_ms=60_000)
    pipeline.load("old")
    pipeline.open(str(clip))
    until(lambda: old.asked)
    old.gate.release()
    until(lambda: now(pipeline).result is not None)
    until(lambda: len(old.asked) == 2)
    pipeline.load("new")
    # The old model still has a frame in hand: the picture goes on without any answer.
    assert now(pipeline).result is None
    until(lambda: "Waiting for the previous model" in now(pipeline).model.message)
    assert now(pipeline).model.state is ModelState.LOADING
    old.gate.release(1000)
    assert until(lambda: now(pipeline).result).prediction.model_id == "new"
    assert old.closed


def test_the_model_state_tells_what_was_loaded(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    assert now(pipeline).model.state is ModelState.NONE
    assert now(pipeline).source.state is SourceState.NONE
    pipeline.load(ANY)
    model = until(lambda: (found := now(pipeline).model).state is ModelState.READY and found)
    assert (model.card, model.runtime, model.device) == (CARD, "by eye", "test bench")
    pipeline.open(str(clip))
    source = until(lambda: (found := now(pipeline).source).info is not None and found)
    assert source.info.name == "clip.mkv"


def test_a_frame_that_the_model_cannot_answer_is_a_fault_until_it_can_again(
    clip, pipelines, caplog
):
    pipeline = pipelines(loader(SometimesNaNEngine(lambda index: 20 <= index < 50)))
    pipeline.load(ANY)
    until(lambda: now(pipeline).model.state is ModelState.READY)
    pipeline.open(str(clip))
    fault = until(lambda: (found := now(pipeline)).model.state is ModelState.FAULT and found)
    assert fault.result is None
    assert fault.model.message == "the model answered with NaN; load other weights"
    assert 20 <= fault.frame.index < 50
    until(lambda: now(pipeline).model.state is ModelState.READY)
    assert until(lambda: now(pipeline).result).frame.index >= 50
    logged = [record for record in caplog.records if record.exc_info]
    assert len(logged) == 1


def test_a_crash_of_the_model_ends_its_answers_and_the_picture_goes_on(clip, pipelines, caplog):
    engine = CrashingEngine()
    pipeline = pipelines(loader(engine))
    pipeline.load(ANY)
    pipeline.open(str(clip))
    fault = until(lambda: (found := now(pipeline)).model.state is ModelState.FAULT and found)
    assert fault.model.message == "the model stopped (MemoryError); load the weights again"
    until(lambda: now(pipeline).frame.index >= fault.frame.index + 10)
    assert now(pipeline).result is None
    assert engine.closed
    assert "no memory for 3 tensors" in caplog.text
    assert "Traceback" in caplog.text


def test_weights_that_cannot_be_loaded_are_a_line_and_the_picture_goes_on(
    clip, pipelines, tmp_path
):
    def refuse(weights, _runtime):
        raise EngineError(f"{weights}: no such weights file")

    pipeline = pipelines(refuse)
    pipeline.load(tmp_path / "none.safetensors")
    pipeline.open(str(clip))
    fault = until(lambda: (found := now(pipeline)).model.state is ModelState.FAULT and found)
    assert fault.model.message.endswith("none.safetensors: no such weights file")
    until(lambda: now(pipeline).frame is not None)


def test_a_source_that_cannot_be_opened_is_a_line(pipelines, tmp_path, caplog):
    pipeline = pipelines(loader(SquareEngine()))
    caplog.set_level("DEBUG")
    pipeline.open(str(tmp_path / "Smith John.mkv"))
    fault = until(lambda: (found := now(pipeline).source).state is SourceState.FAULT and found)
    assert "Smith John.mkv: no such file" in fault.message
    assert "\n" not in fault.message
    assert "could not be read" in caplog.text
    assert "Smith" not in caplog.text


def test_a_source_that_breaks_is_a_fault_and_no_name_gets_into_the_log(pipelines, caplog):
    class Broken:
        def open(self):
            raise KeyError("no track in Smith John.mkv")

        def close(self):
            pass

    pipeline = pipelines(loader(SquareEngine()), source_opener=lambda _spec: Broken())
    pipeline.open("Smith John.mkv")
    fault = until(lambda: (found := now(pipeline).source).state is SourceState.FAULT and found)
    assert fault.message == "reading the source failed (KeyError); open it again"
    assert "Traceback" in caplog.text
    assert "Smith" not in caplog.text


def test_opening_loading_and_closing_return_at_once(clip, pipelines):
    slow_load = threading.Event()

    def load(_weights, _runtime):
        slow_load.wait(20)
        return SquareEngine()

    pipeline = pipelines(load)
    started_s = time.monotonic()
    pipeline.load(ANY)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    pipeline.open(str(clip))
    assert now(pipeline).model.state is ModelState.LOADING
    # Whoever waited for a load would have waited for `slow_load`.
    assert time.monotonic() - started_s < 10
    until(lambda: now(pipeline).frame is not None)
    slow_load.set()
    until(lambda: now(pipeline).result is not None)


def test_a_camera_is_let_go_before_it_is_opened_again(clip, pipelines):
    in_use, reads = threading.Lock(), threading.Event()

    class Camera:
        def open(self):
            assert in_use.acquire(blocking=False), "the device is busy"
            return SourceInfo("camera", 64, 64, 25, None)

        def read(self):
            reads.set()
            threading.Event().wait(0.2)
            return Picture(index_picture(0), 0)

        def close(self):
            in_use.release()

    file = FileSource(clip)
    pipeline = pipelines(
        loader(SquareEngine()),
        source_opener=lambda spec: file if spec == str(clip) else Camera(),
    )
    # In haste, under its other names, and with a recording in between.
    for spec in ("camera:0", "camera:0", "0", "/dev/video0", str(clip), "camera:test"):
        pipeline.open(spec)
    shown = until(lambda: now(pipeline).frame)
    assert shown.source_id == 6
    assert reads.is_set()
    pipeline.close()
    assert in_use.acquire(timeout=5)


def test_of_models_loaded_in_haste_only_one_is_ever_on_the_device(clip, pipelines):
    on_device = []

    class Counted(SquareEngine):
        def close(self):
            on_device.remove(self)

    def load(_weights, _runtime):
        on_device.append(Counted())
        assert len(on_device) == 1, "two models are on the device"
        threading.Event().wait(0.6)
        return on_device[-1]

    pipeline = pipelines(load)
    for _ in range(4):
        pipeline.load(ANY)
        until(lambda: on_device)
    model = until(lambda: (found := now(pipeline).model).state is not ModelState.LOADING and found)
    assert (model.state, model.message) == (ModelState.READY, "")


def test_closing_takes_no_longer_than_promised_although_both_threads_hang(pipelines):
    gate = threading.Event()

    def hang(*_given):
        gate.wait(60)
        raise EngineError("given up")

    pipeline = pipelines(hang, source_opener=hang)
    pipeline.load(ANY)
    pipeline.open("camera:0")
    started_s = time.monotonic()
    pipeline.close()
    assert time.monotonic() - started_s < 5 * CLOSE_WAIT_S
    gate.set()


def test_snapshots_never_wait_for_the_workers(clip, pipelines):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine))
    pipeline.load(ANY)
    pipeline.open(str(clip))
    until(lambda: engine.asked)
    started_s = time.monotonic()
    for _ in range(1000):
        now(pipeline)
    # The engine waits for the gate, with whatever its thread holds.
    assert time.monotonic() - started_s < 10
    engine.gate.release(1000)


def test_a_reader_that_was_interrupted_between_frame_and_answers_looks_again():
    frames = [Frame(index_picture(number), number, 1.0, 1, number / 25) for number in range(2)]
    results = [
        Result(frame, SquareEngine().predict(frame.rgb, frame.index), Timings(0, 0))
        for frame in frames
    ]
    playing = SourceStatus(SourceState.PLAYING, info=SourceInfo("clip", 64, 64, 25, 1.0))
    shown = [CaptureView(playing, frame) for frame in frames]

    class Capture:
        """Shows the second frame from the second look on."""

        looks = iter([shown[0], *[shown[1]] * 9])
        view = property(lambda self: next(self.looks))

    class Inference:
        view = InferenceView(ModelStatus(ModelState.READY), (results[1],))

    pipeline = Pipeline(mode=PlaybackMode.LOCKED)
    pipeline._capture, pipeline._inference = Capture(), Inference()
    snapshot = pipeline.snapshot(1.0)
    assert snapshot.frame is frames[1]
    assert snapshot.result is results[1]


def test_frames_cannot_be_written_to(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    frame = until(lambda: now(pipeline).frame)
    with pytest.raises(ValueError, match="read-only"):
        frame.rgb[0, 0] = 0


def test_an_answer_says_until_when_it_may_be_painted(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()), max_age_ms=120)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    snapshot = until(lambda: (found := now(pipeline)).result is not None and found)
    assert snapshot.expires_s == pytest.approx(snapshot.result.frame.captured_s + 0.12)
    pipeline.pause()
    until(lambda: (found := now(pipeline)).source.state is SourceState.PAUSED and found.result)
    assert now(pipeline).expires_s == float("inf")
