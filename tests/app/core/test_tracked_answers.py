"""The window's pipeline and the run without a window show tracked answers."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_clips import now, pictures_of, square_picture, until, write_clip
from made_engines import ActivityEngine, SquareEngine, loader

from app.core.headless import Job, run_job
from app.core.snapshot import ModelState, PlaybackMode, SourceState


class GapEngine(SquareEngine):
    """Loses the square in chosen frames."""

    def __init__(self, lost):
        super().__init__()
        self.lost = lost

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        answer = super().predict(rgb, frame_index, captured_s)
        return replace(answer, instances=()) if self.lost(frame_index) else answer


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """60 frames of a square that moves a pixel a frame, with a sensor's noise."""
    path, rng = tmp_path_factory.mktemp("clip") / "moving.mkv", np.random.default_rng(3)
    pictures = [square_picture(60 + step, 60, 80, 240, 320) for step in range(60)]
    write_clip(path, [rgb - rng.integers(0, 9, rgb.shape, np.uint8) for rgb in pictures])
    return path


def answers_until(pipeline, last):
    """What was shown, by the answered frame's index, until one after `last` is answered.

    Locked pictures wait for their answers: on any machine every frame gets one.
    """
    seen = {}

    def ended():
        result = now(pipeline).result
        if result is not None:
            seen[result.frame.index] = result.prediction
        return result is not None and result.frame.index > last

    until(ended)
    return seen


def test_an_answer_bridges_a_gap_and_keeps_the_instances_number(moving, pipelines):
    gaps = loader(GapEngine(lambda index: index > 10 and index % 4 == 0))
    pipeline = pipelines(gaps, mode=PlaybackMode.LOCKED)
    pipeline.load("gaps")
    pipeline.open(str(moving))
    seen = answers_until(pipeline, 50)
    found = [instance for index, one in seen.items() if index > 10 for instance in one.instances]
    assert {instance.bridged for instance in found} == {True, False}
    assert len({instance.track for instance in found}) == 1
    for index, one in seen.items():
        if any(instance.bridged for instance in one.instances):
            assert index % 4 == 0


def test_a_run_without_a_window_paints_a_bridged_gap_and_does_not_count_it(moving, tmp_path):
    weights, output = tmp_path / "gaps.safetensors", tmp_path / "out.mkv"
    weights.write_bytes(b"gaps")
    job = Job(str(moving), weights, output=output)
    outcome = run_job(job, loader(GapEngine(lambda index: 20 <= index < 22 or index >= 40)))
    assert outcome.report.instances["tissue"] == 60 - 22
    raw, painted = pictures_of(moving), pictures_of(output)
    marks = [
        int((np.abs(one.rgb.astype(int) - other.rgb).max(axis=2) > 45).sum())
        for one, other in zip(painted, raw, strict=True)
    ]
    assert 0.3 * marks[19] < marks[20] < 0.9 * marks[19]
    assert marks[42] > 0.3 * marks[19]
    assert marks[45] == 0


class StrangeEngine(SquareEngine):
    """Answers once with something that cannot be used, then well."""

    def __init__(self, **strange):
        super().__init__()
        self.strange = strange

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        answer = super().predict(rgb, frame_index, captured_s)
        if frame_index < 10 or not self.strange:
            return answer
        strange, self.strange = self.strange, {}
        return replace(answer, instances=tuple(replace(i, **strange) for i in answer.instances))


@pytest.mark.parametrize(
    ("strange", "words"),
    [
        ({"class_id": 99}, "the model answered with class 99, its card has 3"),
        ({"class_id": -1}, "the model answered with class -1, its card has 3"),
    ],
    ids=["unknown", "negative"],
)
def test_an_answer_of_no_known_class_is_lost_alone(moving, pipelines, caplog, strange, words):
    lost_alone(
        pipelines(loader(StrangeEngine(**strange)), mode=PlaybackMode.LOCKED), moving, caplog, words
    )


def test_an_answer_that_opencv_fails_on_is_lost_alone(moving, pipelines, caplog, monkeypatch):
    def fail(*_):
        monkeypatch.undo()
        cv2.resize(np.empty((0, 0), np.uint8), (4, 4))

    monkeypatch.setattr("lmsfa.following.tracker.mixed", fail)
    words = "the picture could not be followed (resize)"
    lost_alone(pipelines(loader(SquareEngine()), mode=PlaybackMode.LOCKED), moving, caplog, words)


def lost_alone(pipeline, clip, caplog, words):
    """Plays until an answer was lost with these words, and looks whether all goes on."""
    pipeline.load("any")
    pipeline.open(str(clip))
    until(lambda: words in caplog.text)
    found = until(lambda: (result := now(pipeline).result) and result.frame.index > 20 and result)
    assert found.prediction.instances
    assert now(pipeline).model.state is ModelState.READY
    assert now(pipeline).source.state is SourceState.PLAYING


DARK = range(30, 60)


def told_of_darkness(index):
    return ("suction", 0.95) if index in DARK else ("dissection", 0.9)


@pytest.fixture(scope="module")
def darkened(moving, tmp_path_factory):
    """The moving square with a second of darkness, which is named, in its midst."""
    path = tmp_path_factory.mktemp("clip") / "darkened.mkv"
    pictures = [picture.rgb for picture in pictures_of(moving)]
    black = [np.zeros_like(pictures[0])] * len(DARK)
    write_clip(path, pictures[:30] + black + pictures[30:])
    return path


def test_what_a_model_said_of_darkness_does_not_count_when_the_picture_is_back(darkened, pipelines):
    pipeline = pipelines(loader(ActivityEngine(told_of_darkness)), mode=PlaybackMode.LOCKED)
    pipeline.load("told")
    pipeline.open(str(darkened))
    told = answers_until(pipeline, 80)
    after = [answer for index, answer in told.items() if index >= DARK.stop]
    assert {answer.activity for answer in after} == {"dissection"}
    assert [answer.activity_score for answer in after] == pytest.approx([0.9] * len(after))


def test_nor_in_a_run_without_a_window(darkened, tmp_path):
    weights = tmp_path / "told.safetensors"
    weights.write_bytes(b"told")
    job = Job(str(darkened), weights, output=tmp_path / "out.mkv")
    found = run_job(job, loader(ActivityEngine(told_of_darkness))).report.activities
    assert found["dissection"].spans[-1].score == pytest.approx(0.9)
    assert all(span.end_s < DARK.stop / 25 for span in found["suction"].spans)
