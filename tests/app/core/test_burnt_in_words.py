"""A recording carries the words that the window shows over the picture."""

import json
from dataclasses import replace

import numpy as np
import pytest
from made_clips import pictures_of, square_picture, write_clip
from made_engines import ActivityEngine, loader

from app.core.headless import Job, run_job
from app.core.headless.lettering import SAID_RGB, WARNING_RGB, burn

SIZE = 480, 640
CAPTION = "trained on: test · DEMONSTRATION"


def changing(index):
    return ("dissection", 0.9) if index < 15 else ("suction", 0.8)


def demonstrating(**options):
    engine = ActivityEngine(changing, **options)
    engine.card = replace(engine.card, demonstration="It only shows how such a system works.")
    return engine


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """40 frames, the last 10 black."""
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    seen = [square_picture(30 + number, 20, 40, *SIZE) for number in range(30)]
    write_clip(path, seen + [np.zeros((*SIZE, 3), np.uint8)] * 10)
    return path


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "told.safetensors"
    path.write_bytes(b"weights")
    return path


def burnt(rgb, activity):
    """A copy with the words that are to be expected in it."""
    copy = rgb.copy()
    burn(copy, ((CAPTION, WARNING_RGB), (activity, SAID_RGB)))
    return copy


def distance(one, other):
    """Mean difference in brightness around the words."""
    return float(np.abs(one.mean(axis=2) - other.mean(axis=2))[445:472, 380:].mean())


def difference(one, other):
    return np.abs(one.astype(int) - other).max(axis=2)


def test_activity_and_caption_are_burnt_into_every_frame(clip, weights, tmp_path):
    output, report = tmp_path / "out.mkv", tmp_path / "report.json"
    job = Job(str(clip), weights, output=output, report=report)
    run_job(job, loader(demonstrating()))
    raw, painted = pictures_of(clip), pictures_of(output)
    for number, words in ((14, "Activity: dissection 90 %"), (38, "Activity: –")):
        found = painted[number].rgb
        # Another word in its place would be much farther from what is there.
        assert distance(burnt(raw[number].rgb, words), found) < 5
        assert distance(burnt(raw[number].rgb, "Activity: suction 90 %"), found) > 10
        # Between the square's place and the words the picture is as it came.
        assert difference(painted[number].rgb[100:400], raw[number].rgb[100:400]).max() < 12
    told = json.loads(report.read_text())["activities"]
    assert list(told) == ["dissection", "suction"]
    (first,), (second,) = told["dissection"]["spans"], told["suction"]["spans"]
    assert first["start_s"] == 0
    assert first["end_s"] == second["start_s"]
    # The mean of a second has to turn over, and a black picture shows nothing.
    assert 0.6 < first["end_s"] < 1.15
    assert second["end_s"] == pytest.approx(1.2, abs=0.1)
    frames = told["dissection"]["frames"] + told["suction"]["frames"]
    assert frames == pytest.approx(30, abs=3)
    assert 0.5 < first["score"] <= 0.9


def test_a_live_run_says_the_age_too_and_reports_the_spans(clip, weights, tmp_path):
    output = tmp_path / "out.mkv"
    job = Job(str(clip), weights, output=output, live=True)
    report = run_job(job, loader(demonstrating())).report
    assert report.activities["dissection"].frames > 0
    (span, *_) = report.activities["dissection"].spans
    assert 0 <= span.start_s < span.end_s
    written = pictures_of(output)
    assert distance(burnt(written[-1].rgb, "Activity: –"), written[-1].rgb) < 5
    # An answer is at most 120 ms old where it is painted, which is rounded up.
    ages = "Activity: dissection 90 % · 0.1 s", "Activity: dissection 90 % · 0.2 s"
    assert any(
        distance(burnt(picture.rgb, words), picture.rgb) < 5
        for picture in written[5:20]
        for words in ages
    )


def test_models_of_structures_alone_leave_the_picture_to_the_overlay(clip, weights, tmp_path):
    output = tmp_path / "out.mkv"
    engine = ActivityEngine()
    engine.card = replace(engine.card, activities=())
    report = run_job(Job(str(clip), weights, output=output), loader(engine)).report
    assert report.activities == {}
    for raw, painted in zip(pictures_of(clip), pictures_of(output), strict=True):
        assert difference(painted.rgb[100:], raw.rgb[100:]).max() < 12


@pytest.mark.parametrize(
    ("size", "has_room"),
    [((1, 1), False), ((1, 300), False), ((300, 1), False), ((7, 9), True), ((96, 128), True)],
)
def test_words_fit_into_any_picture_and_are_written_nowhere_else(size, has_room):
    whole = np.full((size[0] + 2, size[1] + 2, 3), 90, np.uint8)
    picture = whole[1:-1, 1:-1]
    burn(picture, ((CAPTION, WARNING_RGB), ("Activity: dissection 90 %", SAID_RGB)))
    assert (picture != 90).any() == has_room
    picture[:] = 90
    assert (whole == 90).all()
