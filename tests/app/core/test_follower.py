"""An answer is painted where its structures are now, or not at all."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from made_clips import now, until
from made_engines import loader
from made_oracle import OracleEngine

from app.core.follower import Follower, is_visibly_moved
from app.core.frame import Frame
from app.core.headless import Job, run_job
from app.core.pipeline import Pipeline
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    Result,
    Snapshot,
    SourceState,
    SourceStatus,
    Timings,
)

PATIENT_AGE_MS = 60_000.0
SPEC = "phantom:brisk,seed=3,size=320x180,fps=30"


@pytest.fixture(scope="module")
def oracle():
    return OracleEngine(SPEC, delay_s=0.0)


def frame_of(oracle, index, source_id=1):
    return Frame(oracle.view(index).rgb, index, index / 30, source_id)


def snapshot_of(frame, answered, oracle):
    prediction = oracle.predict(answered.rgb, answered.index, answered.captured_s)
    return Snapshot(
        frame,
        Result(answered, prediction, Timings(0.0, 50.0)),
        SourceStatus(SourceState.PLAYING),
        ModelStatus(ModelState.READY, card=oracle.card),
    )


def agreement(prediction, view):
    """Mean IoU of instances with what the view really shows."""
    shape = view.numbers.shape
    found = []
    for instance in prediction.instances:
        region = instance.region(*shape)
        mask = np.zeros(shape, bool)
        mask[region.window] = region.mask
        true = view.numbers == instance.track
        found.append((mask & true).sum() / max(1, (mask | true).sum()))
    return float(np.mean(found))


def test_an_answer_is_moved_to_the_newest_picture(oracle):
    snapshot = snapshot_of(frame_of(oracle, 33), frame_of(oracle, 30), oracle)
    followed = Follower().followed(snapshot, 0.0)
    view = oracle.view(33)
    before = agreement(snapshot.result.prediction, view)
    assert agreement(followed.result.prediction, view) > max(0.9, before + 0.1)
    assert followed.result.frame is snapshot.result.frame
    assert is_visibly_moved(followed)
    assert not is_visibly_moved(replace(followed, result=None))


def test_the_motion_is_measured_once_for_every_picture_and_answer(oracle):
    follower = Follower()
    snapshot = snapshot_of(frame_of(oracle, 33), frame_of(oracle, 30), oracle)
    first = follower.followed(snapshot, 0.0)
    assert follower.followed(snapshot, 0.0).result is first.result
    later = replace(snapshot, frame=frame_of(oracle, 34))
    assert follower.followed(later, 0.0).result is not first.result


def test_a_picture_with_its_own_answer_is_left_as_it_is(oracle):
    frame = frame_of(oracle, 30)
    snapshot = snapshot_of(frame, frame, oracle)
    assert Follower().followed(snapshot, 0.0) is snapshot
    nothing = replace(snapshot, result=None)
    assert Follower().followed(nothing, 0.0) is nothing


def playing(snapshot, period_s):
    return replace(snapshot, source=SourceStatus(SourceState.PLAYING, period_s=period_s))


def test_a_picture_keeps_its_answer_where_the_next_one_is_near(oracle):
    follower, frame = Follower(), frame_of(oracle, 33)
    earlier, newer = (
        replace(playing(snapshot_of(frame, frame_of(oracle, k), oracle), 1 / 30), expires_s=until_s)
        for k, until_s in ((30, 1.0), (31, 2.0))
    )
    first = follower.followed(earlier, 0.5)
    assert follower.followed(newer, 0.5).result is first.result
    assert follower.followed(newer, 0.5).expires_s == first.expires_s
    # Not beyond its time, nor where another model answers, nor of a source that stands.
    assert follower.followed(newer, 1.5).result.frame is newer.result.frame
    assert follower.followed(replace(newer, result=None), 1.5).result is None
    for other in (
        playing(newer, 0.2),
        replace(newer, source=SourceStatus(SourceState.PAUSED, period_s=1 / 30)),
        replace(
            newer,
            result=replace(
                newer.result, prediction=replace(newer.result.prediction, model_id="another")
            ),
        ),
    ):
        follower = Follower()
        follower.followed(earlier, 0.5)
        assert follower.followed(other, 0.5).result.frame is newer.result.frame


def test_of_sixty_pictures_a_second_every_other_keeps_the_answer_of_the_one_before(oracle):
    follower, answered = Follower(), frame_of(oracle, 30)
    first = playing(snapshot_of(frame_of(oracle, 33), answered, oracle), 1 / 60)
    brought = follower.followed(first, 0.5).result
    frames = [replace(frame_of(oracle, 33 + k), captured_s=1.1 + k / 60) for k in range(3)]
    second, third = (replace(first, frame=frame) for frame in frames[1:])
    assert follower.followed(second, 0.5).result is brought
    assert follower.followed(third, 0.5).result is not brought
    for other in (
        playing(second, 1 / 30),
        replace(second, frame=replace(frames[1], captured_s=1.15)),
        replace(second, frame=replace(frames[1], source_id=2)),
        replace(second, frame=replace(frames[1], rgb=frames[1].rgb[::2, ::2])),
    ):
        follower = Follower()
        brought = follower.followed(first, 0.5).result
        assert follower.followed(other, 0.5).result is not brought


def test_where_nothing_moved_the_answer_stays_the_same_object():
    still = OracleEngine("phantom:still,seed=3,size=320x180", delay_s=0.0)
    snapshot = snapshot_of(frame_of(still, 33), frame_of(still, 30), still)
    followed = Follower().followed(snapshot, 0.0)
    assert followed.result is snapshot.result
    assert not is_visibly_moved(followed)


def test_over_a_cut_or_a_new_size_the_answer_is_withdrawn(oracle):
    other = OracleEngine("phantom:brisk,seed=4,size=320x180", delay_s=0.0)
    answered = frame_of(oracle, 30)
    cut = snapshot_of(frame_of(other, 31), answered, oracle)
    assert Follower().followed(cut, 0.0).result is None
    smaller = Frame(np.ascontiguousarray(answered.rgb[::2, ::2]), 31, 1.1, 1)
    assert Follower().followed(replace(cut, frame=smaller), 0.0).result is None


def test_pictures_of_two_sources_at_one_time_are_not_taken_for_each_other(oracle):
    other = OracleEngine("phantom:brisk,seed=4,size=320x180", delay_s=0.0)
    follower = Follower()
    first = snapshot_of(frame_of(oracle, 33), frame_of(oracle, 30), oracle)
    assert follower.followed(first, 0.0).result is not None
    second = snapshot_of(frame_of(other, 33, 2), frame_of(other, 30, 2), other)
    assert follower.followed(second, 0.0).result is not None


def test_what_is_painted_on_a_live_picture_fits_it(pipelines, oracle):
    pipeline = pipelines(loader(OracleEngine(SPEC, delay_s=0.08)), max_age_ms=PATIENT_AGE_MS)
    pipeline.load("oracle")
    pipeline.open(SPEC)
    follower, seen, moved = Follower(), [], []
    until(lambda: now(pipeline).result)

    def looks():
        snapshot = now(pipeline)
        followed = follower.followed(snapshot, 0.0)
        is_new = snapshot.result is not None and (not seen or snapshot.frame is not seen[-1].frame)
        if is_new:
            seen.append(snapshot)
        if is_new and is_visibly_moved(followed):
            moved.append((snapshot, followed))
        return len(moved) >= 10

    until(looks)
    views = [oracle.view(snapshot.frame.index) for snapshot, _ in moved]
    left, brought = (
        np.mean(
            [
                agreement(pair[which].result.prediction, view)
                for pair, view in zip(moved, views, strict=True)
            ]
        )
        for which in (0, 1)
    )
    assert brought > left + 0.05


def test_a_live_run_without_a_window_counts_moved_answers_as_answers(tmp_path, monkeypatch):
    patient = partial(Pipeline, max_age_ms=PATIENT_AGE_MS)
    monkeypatch.setattr("app.core.headless.live.Pipeline", patient)
    weights = tmp_path / "oracle.safetensors"
    weights.write_bytes(b"oracle")
    job = Job(SPEC, weights, max_frames=30, live=True)
    outcome = run_job(job, loader(OracleEngine(SPEC, delay_s=0.04)))
    assert outcome.fault == ""
    assert outcome.report.availability > 0
    # As many as were answered and shown, not as many as were painted.
    assert 0 < outcome.report.instances["nerve"] <= outcome.report.frames_answered
