import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from made_clips import index_picture, pictures_of, square_picture, write_clip
from made_engines import (
    CARD,
    CrashingEngine,
    SlowEngine,
    SometimesNaNEngine,
    SquareEngine,
    loader,
)

from app.core.headless import Job, run_job
from app.core.pipeline import DEFAULT_MAX_AGE_MS
from app.core.recorder import OutputError
from app.core.sources import SourceError
from lmsfa.registry import EngineError

KEYS = {
    "frames_read",
    "frames_answered",
    "frames_skipped",
    "video_fps",
    "model_fps",
    "overlay_age_ms",
    "instances",
    "activities",
    "training_domain",
    "warnings",
    "device",
    "engine",
    "source_sha256",
    "weights_sha256",
    "quality",
    "signal",
    "familiarity",
    "notice",
}


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "squares.safetensors"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def squares(tmp_path):
    """30 frames; the square is there in the first 20."""
    path = tmp_path / "squares.mkv"
    dark = square_picture(0, 0, 0, 96, 128)
    pictures = [square_picture(30 + number, 20, 40, 96, 128) for number in range(20)]
    write_clip(path, pictures + [dark] * 10)
    return path


def test_every_frame_is_answered_painted_and_written(squares, weights, tmp_path):
    output, report_path = tmp_path / "out.mkv", tmp_path / "report.json"
    job = Job(str(squares), weights, output=output, report=report_path)
    outcome = run_job(job, loader(SquareEngine()))
    assert outcome.fault == ""
    report = json.loads(report_path.read_text())
    assert set(report) == KEYS
    counts = [report[key] for key in ("frames_read", "frames_answered", "frames_skipped")]
    assert counts == [30, 30, 0]
    assert report["instances"] == {"tissue": 20, "nerve": 0, "tool": 0}
    assert (report["device"], report["engine"]) == ("test bench", "by eye")
    assert report["source_sha256"] == hashlib.sha256(squares.read_bytes()).hexdigest()
    assert report["weights_sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert 0 < report["overlay_age_ms"]["p50"] <= report["overlay_age_ms"]["p99"]
    assert report["video_fps"] > 0
    assert report["model_fps"] >= report["video_fps"]
    assert "Research use only" in report["notice"]
    raw, painted = pictures_of(squares), pictures_of(output)
    assert [picture.media_s for picture in painted] == [picture.media_s for picture in raw]
    for number in (0, 10, 19):
        difference = np.abs(painted[number].rgb.astype(int) - raw[number].rgb).max(axis=2)
        edge = 30 + number
        assert difference[40, edge - 3 : edge + 3].max() > 45
        assert difference[40, : edge - 8].max() < 12
        assert difference[75:].max() < 12
    assert np.abs(painted[25].rgb.astype(int) - raw[25].rgb).max() < 12


@pytest.mark.parametrize("live", [False, True])
def test_the_report_says_what_must_be_known_of_the_model(squares, weights, live):
    engine = SquareEngine()
    engine.card = replace(CARD, synthetic=True, demonstration="It only shows how.")
    report = run_job(Job(str(squares), weights, live=live), loader(engine)).report
    assert report.training_domain == CARD.training_domain
    assert report.warnings == (
        "The training pictures were made by a program.",
        "It only shows how.",
    )


def test_a_run_ends_after_the_frames_that_were_asked_for(squares, weights, tmp_path):
    output = tmp_path / "out.mkv"
    job = Job(str(squares), weights, output=output, max_frames=7)
    assert run_job(job, loader(SquareEngine())).report.frames_read == 7
    assert len(pictures_of(output)) == 7


def test_frames_that_the_model_cannot_answer_are_written_and_counted(squares, weights, tmp_path):
    output = tmp_path / "out.mkv"
    engine = SometimesNaNEngine(lambda index: index % 3 == 0)
    outcome = run_job(Job(str(squares), weights, output=output), loader(engine))
    assert outcome.fault == "the model answered with NaN; load other weights"
    assert (outcome.report.frames_answered, outcome.report.frames_skipped) == (20, 10)
    assert len(pictures_of(output)) == 30
    assert engine.closed


def test_a_model_that_answers_nothing_leaves_ages_empty(squares, weights):
    outcome = run_job(Job(str(squares), weights), loader(SometimesNaNEngine()))
    assert (outcome.report.overlay_age_ms.p50, outcome.report.overlay_age_ms.p99) == (None, None)
    assert outcome.report.frames_skipped == 30


def test_a_live_run_is_paced_and_measures_availability(squares, weights, tmp_path):
    output, report_path = tmp_path / "out.mkv", tmp_path / "report.json"
    job = Job(str(squares), weights, output=output, report=report_path, live=True)
    run_job(job, loader(SquareEngine()))
    report = json.loads(report_path.read_text())
    assert set(report) == KEYS | {"availability"}
    assert report["frames_read"] == 30
    assert 1 <= report["frames_answered"] + report["frames_skipped"] <= 30
    # Unpaced it would take no time worth mentioning; how near it comes is for the machine to say.
    assert 0 < report["video_fps"] < 30
    assert 0 <= report["availability"] <= 1
    assert (report["overlay_age_ms"]["p99"] or 0) <= DEFAULT_MAX_AGE_MS
    assert report["instances"]["tissue"] <= 20
    assert 1 <= len(pictures_of(output)) <= 30


def test_a_live_run_with_a_slow_model_says_so(squares, weights):
    report = run_job(Job(str(squares), weights, live=True), loader(SlowEngine())).report
    assert report.availability == 0
    assert report.overlay_age_ms.p99 is None
    assert report.frames_skipped > report.frames_answered


def test_a_live_run_goes_on_without_a_model_that_crashed(squares, weights, tmp_path):
    output = tmp_path / "out.mkv"
    outcome = run_job(
        Job(str(squares), weights, output=output, live=True), loader(CrashingEngine())
    )
    assert outcome.fault == "the model stopped (MemoryError); load the weights again"
    assert pictures_of(output)


def test_a_live_run_ends_after_the_frames_that_were_asked_for(squares, weights):
    job = Job(str(squares), weights, live=True, max_frames=5)
    run_job(job, loader(SquareEngine()))


def test_a_folder_of_pictures_is_a_source_with_its_own_sum(weights, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        write_clip(folder / f"{number}.png", [index_picture(number)], codec="png", pix_fmt="rgb24")
    output = tmp_path / "out.mkv"
    outcome = run_job(Job(str(folder), weights, output=output), loader(SquareEngine()))
    together = b"".join((folder / f"{number}.png").read_bytes() for number in range(3))
    assert outcome.report.source_sha256 == hashlib.sha256(together).hexdigest()
    assert len(pictures_of(output)) == 3


@pytest.mark.parametrize("name", ["output", "report"])
@pytest.mark.parametrize("live", [False, True])
def test_existing_files_are_refused_before_any_work(squares, weights, tmp_path, name, live):
    existing = tmp_path / "existing.mkv"
    existing.write_text("precious")

    def never(_weights, _runtime):
        raise AssertionError("the model was loaded")

    job = Job(str(squares), weights, live=live, **{name: existing})
    with pytest.raises(OutputError, match="exists already"):
        run_job(job, never)
    assert existing.read_text() == "precious"
    replaced = Job(str(squares), weights, overwrite=True, **{name: existing})
    run_job(replaced, loader(SquareEngine()))
    assert existing.read_bytes() != b"precious"


def test_a_run_never_overwrites_what_it_reads(squares, weights, tmp_path):
    before = squares.read_bytes()
    for more in (
        {"output": squares},
        {"report": weights},
        {"report": weights.with_suffix(".json")},
        {"output": tmp_path / "o.mkv", "report": tmp_path / "o.mkv"},
    ):
        with pytest.raises(OutputError, match="is needed by the run itself"):
            run_job(Job(str(squares), weights, overwrite=True, **more), loader(SquareEngine()))
    assert squares.read_bytes() == before
    assert weights.read_bytes() == b"weights"


@pytest.mark.parametrize("live", [False, True])
def test_bad_sources_and_weights_are_refused_and_leave_no_files(squares, weights, tmp_path, live):
    output = tmp_path / "out.mkv"
    with pytest.raises(SourceError, match="no such file"):
        run_job(
            Job(str(tmp_path / "none.mkv"), weights, output=output, live=live),
            loader(SquareEngine()),
        )
    with pytest.raises(EngineError, match="no such weights file"):
        run_job(Job(str(squares), tmp_path / "none.safetensors", output=output, live=live))
    assert not output.exists()


@pytest.mark.parametrize("live", [False, True])
def test_the_report_counts_frames_by_what_spoilt_them(weights, tmp_path, live):
    clip = tmp_path / "tool.mkv"
    tool = square_picture(0, 0, 0, 96, 100)
    tool[1:95, 1:99] = (215, 90, 50)
    write_clip(clip, [tool] * 40)
    engine = SquareEngine()
    tools = tuple(replace(entry, role="instrument") for entry in CARD.classes)
    engine.card = replace(CARD, classes=tools)
    found = run_job(Job(str(clip), weights, live=live), loader(engine)).report.quality
    assert list(found) == ["OVERLAY OFF: INSTRUMENT COVERS"]
    assert found["OVERLAY OFF: INSTRUMENT COVERS"] > (0 if live else 20)


def noisy(number, seed=7):
    """A picture of a live signal: it moves, and its sensor has noise."""
    noise = np.random.default_rng((seed, number)).integers(0, 9, (96, 128, 3), np.uint8)
    square = square_picture(30 + number % 20, 20, 40, 96, 128)
    light = np.linspace(0, 60, 128)[:, None] * (1, 0, 0)
    return np.clip(square + light - noise, 0, 255).astype(np.uint8)


def test_a_faulty_signal_is_reported_by_its_word_and_carries_no_overlay(weights, tmp_path):
    clip, output, report = (tmp_path / name for name in ("faulty.mkv", "out.mkv", "report.json"))
    black = np.zeros((96, 128, 3), np.uint8)
    good = [noisy(number) for number in range(20)]
    parts = [*good, *[black] * 25, *good, *[noisy(3)] * 50, *good]
    write_clip(clip, parts, codec="ffv1", pix_fmt="bgr0")
    run_job(Job(str(clip), weights, output=output, report=report), loader(SquareEngine()))
    signal = json.loads(report.read_text())["signal"]
    assert set(signal) == {"BLACK PICTURE"}
    black_part = signal["BLACK PICTURE"]
    assert 22 <= black_part["frames"] <= 28
    assert black_part["seconds"] == pytest.approx(black_part["frames"] / 25, abs=0.05)
    raw, painted = pictures_of(clip), pictures_of(output)
    changed = [
        np.abs(one.rgb.astype(int) - other.rgb).max() > 45
        for one, other in zip(raw, painted, strict=True)
    ]
    assert all(changed[:20])
    assert not any(changed[25:45])
    # A recording may stand: nobody takes it for live.
    assert all(changed[60:])


def test_a_live_run_reports_the_signals_words_too(weights, tmp_path):
    clip = tmp_path / "dark.mkv"
    write_clip(clip, [noisy(number) for number in range(5)] + [np.zeros_like(noisy(0))] * 25)
    report = run_job(Job(str(clip), weights, live=True), loader(SquareEngine())).report
    assert list(report.signal) == ["BLACK PICTURE"]
    assert 0 < report.signal["BLACK PICTURE"].frames <= 25
