"""Recordings on command: pause, step, seek, locked play."""

import time
from itertools import pairwise
from pathlib import Path

from made_clips import index_in, index_picture, now, until, write_clip
from made_engines import CrashingEngine, HeldEngine, SometimesNaNEngine, SquareEngine, loader

from app.core.commands import CommandQueue, Pause, Play, Seek
from app.core.recording import LATE_S
from app.core.snapshot import ModelState, PlaybackMode, SourceState
from app.core.sources.file import FileSource

ANY = "weights.safetensors"


def shown_index(pipeline):
    frame = now(pipeline).frame
    return None if frame is None else index_in(frame.rgb)


def paused_at(pipeline, time_s):
    pipeline.pause()
    pipeline.seek(time_s)
    until(lambda: shown_index(pipeline) == round(time_s * 25))
    assert now(pipeline).source.state is SourceState.PAUSED


def own_answer(pipeline):
    """The answer where it belongs to exactly the frame that is shown."""
    snapshot = now(pipeline)
    result = snapshot.result
    return result if result is not None and result.frame is snapshot.frame else None


def test_a_paused_picture_stands_still_and_goes_on_where_it_stood(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    until(lambda: (shown_index(pipeline) or 0) >= 10)
    pipeline.pause()
    until(lambda: now(pipeline).source.state is SourceState.PAUSED)
    index = shown_index(pipeline)
    time.sleep(0.2)
    assert shown_index(pipeline) == index
    pipeline.play()
    following = until(lambda: (found := shown_index(pipeline)) != index and found)
    assert following == index + 1
    assert now(pipeline).source.state is SourceState.PLAYING


def test_steps_are_exact_in_both_directions(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    paused_at(pipeline, 2.0)
    expected = 50
    for frames in (1, 1, -1, -1, -1, 5, -20, 3, -1):
        pipeline.step(frames)
        expected += frames
        until(lambda wanted=expected: shown_index(pipeline) == wanted)
        assert now(pipeline).frame.index == expected
        assert now(pipeline).source.state is SourceState.PAUSED


def test_a_step_while_playing_pauses_and_goes_one_further(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    until(lambda: (shown_index(pipeline) or 0) >= 5)
    pipeline.step(1)
    until(lambda: now(pipeline).source.state is SourceState.PAUSED)
    index = shown_index(pipeline)
    pipeline.step(-1)
    until(lambda: shown_index(pipeline) == index - 1)


def test_stepping_before_the_beginning_stays_there(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    paused_at(pipeline, 0.04)
    pipeline.step(-5)
    until(lambda: shown_index(pipeline) == 0)


def test_seeking_while_playing_plays_on_from_there(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    until(lambda: shown_index(pipeline) is not None)
    pipeline.seek(3.0)
    until(lambda: (shown_index(pipeline) or 0) >= 75)
    assert now(pipeline).source.state is SourceState.PLAYING
    until(lambda: now(pipeline).source.state is SourceState.ENDED)
    assert shown_index(pipeline) == 99


def test_a_dragged_seek_bar_ends_at_its_last_place(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    pipeline.pause()
    for index in range(90):
        pipeline.seek(index / 25)
    until(lambda: shown_index(pipeline) == 89)


def test_of_waiting_seeks_only_the_newest_is_done_and_other_commands_keep_their_place():
    commands = CommandQueue()
    for command in (Seek(1.0), Seek(2.0), Play(), Seek(3.0), Seek(4.0), Pause()):
        commands.put(command)
    taken = [commands.take() for _ in range(5)]
    assert taken == [Seek(2.0), Play(), Seek(4.0), Pause(), None]


def test_after_a_stall_of_the_disk_play_goes_on_at_its_own_pace(clip, pipelines):
    class StallingSource(FileSource):
        def read(self):
            picture = super().read()
            if picture.index == 10:
                # Longer than what is caught up with.
                time.sleep(2 * LATE_S)
            return picture

    pipeline = pipelines(
        loader(SquareEngine()), source_opener=lambda spec: StallingSource(Path(spec))
    )
    pipeline.open(str(clip))
    seen = [until(lambda: now(pipeline).frame)]
    while seen[-1].index < 24:
        seen.append(until(lambda: (found := now(pipeline).frame) is not seen[-1] and found))
    # Without a new start of the clock the frames after it would come in one burst.
    stalled = next(frame for frame in seen if frame.index >= 10)
    assert stalled.captured_s - seen[0].captured_s > stalled.media_s - seen[0].media_s + LATE_S
    after = [frame for frame in seen if frame.index >= 10]
    for one, other in pairwise(after):
        assert other.captured_s - one.captured_s >= other.media_s - one.media_s - 1e-6


def test_an_answer_from_before_a_seek_is_not_painted_after_it(clip, pipelines):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine), max_age_ms=60_000)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    until(lambda: engine.asked)
    engine.gate.release()
    until(lambda: now(pipeline).result is not None)
    pipeline.seek(3.0)
    until(lambda: shown_index(pipeline) >= 75)
    assert now(pipeline).result is None
    engine.gate.release(1000)
    assert until(lambda: now(pipeline).result).frame.index >= 75


def test_at_the_end_the_last_frame_stands_with_its_answer_and_play_begins_again(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.load(ANY)
    pipeline.open(str(clip))
    pipeline.seek(3.8)
    until(lambda: now(pipeline).source.state is SourceState.ENDED)
    assert until(lambda: own_answer(pipeline)).frame.index == 99
    assert pipeline.snapshot(time.monotonic() + 100).result is not None
    pipeline.play()
    assert until(lambda: (found := shown_index(pipeline)) != 99 and found is not None) is True
    assert shown_index(pipeline) < 20


def test_play_on_the_last_frame_begins_again_however_it_was_reached(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(clip))
    paused_at(pipeline, 3.0)
    pipeline.seek(100.0)
    until(lambda: shown_index(pipeline) == 99)
    assert now(pipeline).source.state is SourceState.PAUSED
    pipeline.play()
    until(lambda: shown_index(pipeline) < 20)
    assert now(pipeline).source.state is SourceState.PLAYING


def test_a_paused_picture_gets_its_own_answer_and_keeps_it(clip, pipelines):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine))
    pipeline.load(ANY)
    pipeline.open(str(clip))
    until(lambda: (shown_index(pipeline) or 0) >= 10)
    # The model still has an early frame in hand: the paused one was offered but not answered.
    pipeline.pause()
    until(lambda: now(pipeline).source.state is SourceState.PAUSED)
    assert now(pipeline).result is None
    engine.gate.release(1000)
    until(lambda: own_answer(pipeline))
    assert pipeline.snapshot(time.monotonic() + 1000).result is not None


def test_stepped_frames_show_their_own_answer_only(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.load(ANY)
    pipeline.open(str(clip))
    paused_at(pipeline, 1.0)
    for frames in (1, -1, -3, 7):
        shown = now(pipeline).frame
        pipeline.step(frames)
        until(lambda before=shown: now(pipeline).frame is not before)
        result = now(pipeline).result
        assert result is None or result.frame is now(pipeline).frame
        assert until(lambda: own_answer(pipeline)).prediction.frame_index == shown_index(pipeline)


def test_a_new_model_answers_the_frame_that_stands(clip, pipelines):
    engines = iter([SquareEngine("old"), SquareEngine("new")])
    pipeline = pipelines(lambda _weights, _runtime: next(engines))
    pipeline.load("old")
    pipeline.open(str(clip))
    paused_at(pipeline, 1.0)
    until(lambda: own_answer(pipeline))
    pipeline.load("new")
    until(lambda: (found := own_answer(pipeline)) and found.prediction.model_id == "new")
    assert shown_index(pipeline) == 25


def test_locked_play_answers_every_frame_and_shows_none_without_its_answer(tmp_path, pipelines):
    path = tmp_path / "locked.mkv"
    write_clip(path, [index_picture(index) for index in range(40)])
    engine = SquareEngine()
    pipeline = pipelines(loader(engine), mode=PlaybackMode.LOCKED)
    pipeline.load(ANY)
    pipeline.open(str(path))
    last = None
    while now(pipeline).source.state is not SourceState.ENDED:
        snapshot = now(pipeline)
        if snapshot.frame is not None and snapshot.frame is not last:
            last = snapshot.frame
            assert snapshot.result is not None
            assert snapshot.result.frame is snapshot.frame
        time.sleep(0.001)
    snapshot = now(pipeline)
    assert snapshot.source.frames_read == 40
    assert (snapshot.model.frames_answered, snapshot.model.frames_skipped) == (40, 0)


def test_the_locked_picture_waits_for_the_model_and_goes_on_when_unlocked(clip, pipelines):
    engine = HeldEngine()
    pipeline = pipelines(loader(engine), mode=PlaybackMode.LOCKED)
    pipeline.load(ANY)
    pipeline.open(str(clip))
    engine.gate.release(5)
    until(lambda: engine.asked == [0, 1, 2, 3, 4, 5])
    until(lambda: shown_index(pipeline) == 4)
    time.sleep(0.2)
    assert shown_index(pipeline) == 4
    pipeline.set_mode(PlaybackMode.LIVE)
    until(lambda: shown_index(pipeline) >= 10)
    engine.gate.release(1000)


def test_locked_play_does_not_wait_for_a_model_that_cannot_answer(clip, pipelines):
    for engine in (CrashingEngine(), SometimesNaNEngine()):
        pipeline = pipelines(loader(engine), mode=PlaybackMode.LOCKED)
        pipeline.load(ANY)
        pipeline.open(str(clip))
        until(lambda shown=pipeline: (shown_index(shown) or 0) >= 5)
        assert now(pipeline).model.state is ModelState.FAULT
        assert now(pipeline).result is None


def test_locked_play_without_a_model_is_plain_play(clip, pipelines):
    pipeline = pipelines(loader(SquareEngine()), mode=PlaybackMode.LOCKED)
    pipeline.open(str(clip))
    until(lambda: (shown_index(pipeline) or 0) >= 5)


def test_locked_play_goes_on_with_a_replaced_model(clip, pipelines):
    old = HeldEngine("old")
    engines = iter([old, SquareEngine("new")])
    pipeline = pipelines(lambda _weights, _runtime: next(engines), mode=PlaybackMode.LOCKED)
    pipeline.load("old")
    pipeline.open(str(clip))
    old.gate.release(2)
    until(lambda: len(old.asked) == 3)
    pipeline.load("new")
    old.gate.release(1000)
    until(lambda: (shown_index(pipeline) or 0) >= 6)
    assert own_answer(pipeline).prediction.model_id == "new"
