"""Cost as work grows: inputs, structures and frames, on answers that are made to measure."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.benchmark.growth import FRAMES, STRUCTURES
from lmsfa.benchmark.made_answer import made_answer
from lmsfa.card import ModelCard
from lmsfa.cli import main
from lmsfa.engine import decoded
from lmsfa.letterbox import Letterbox


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1280, 720)])
@pytest.mark.parametrize("structures", STRUCTURES)
def test_a_made_answer_holds_as_many_structures_as_asked_side_by_side_in_the_frame(
    structures: int, height: int, width: int, card: ModelCard
) -> None:
    place = Letterbox.fit(height, width, 640)
    instances = decoded(made_answer(place, card, structures), card, place)
    assert len(instances) == structures
    assert len({entry.class_id for entry in instances}) == min(structures, len(card.classes))
    covered = np.zeros((height, width), np.uint8)
    for entry in instances:
        left, top, right, bottom = entry.box_xyxy
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        region = entry.region(height, width)
        covered[region.window] += region.mask
    assert covered.max() == 1
    # However many there are, they fill the frame: an ellipse is 0.64 of its part, and of a grid
    # of three by three one part stays empty with eight.
    assert 0.5 < covered.mean() < 0.7


def test_a_made_answer_has_rivals_that_suppression_must_take_out(card: ModelCard) -> None:
    place = Letterbox.fit(720, 1280, 640)
    answer = made_answer(place, card, 8)
    assert (answer.detections[:, 4:6].max(1) > card.score_threshold).sum() == 8 * 8
    assert answer.detections.shape[0] == 80 * 80 + 40 * 40 + 20 * 20
    assert answer.grid == (160, 160)


def test_growth_tells_time_and_memory_of_every_kind_of_work(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "growth.png"
    command = ["bench", "--weights", str(weights), "--engine", "openvino-fp32", "--size", "96"]
    command += ["--rounds", "1", "--growth", "96", "64", "--json", "--plot", str(plot)]
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["engine"], report["precision"]) == ("openvino-fp32", "fp32")
    assert [row["px"] for row in report["network"]] == [64, 96]
    for row in report["network"]:
        assert 0 < row["forward_ms"]["p50"] <= row["forward_ms"]["p99"]
        assert row["end_to_end_ms"]["p50"] > 0
        assert 0 < row["memory_mb"]["model_mb"] < row["memory_mb"]["process_mb"]
    assert [row["instances"] for row in report["instances"]] == list(STRUCTURES)
    assert all(row["decode_ms"]["p50"] > 0 for row in report["instances"])
    assert [row["frame"] for row in report["frames"]] == [f"{w}x{h}" for w, h in FRAMES]
    for row in report["frames"]:
        assert row["paint_mb"] > 0
        # The canvas is drawn on in place.
        assert row["preprocess_mb"] < 0.1
    _, eight, _, hundred = report["instances"]
    assert report["paint_ratio"]["of"] == [100, 8]
    assert report["paint_ratio"]["median"] == pytest.approx(
        hundred["paint_ms"]["p50"] / eight["paint_ms"]["p50"], rel=0.01
    )
    picture = cv2.imread(str(plot))
    assert picture is not None
    assert min(picture.shape[:2]) > 500


def test_the_table_of_growth_has_a_line_for_each_work(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--engine", "openvino-fp32", "--size", "96"]
    assert main([*command, "--rounds", "1", "--growth", "64"]) == 0
    said = capsys.readouterr().out
    assert "made" in said
    lines = [" ".join(line.split()[:2]) for line in said.splitlines()]
    for work in ("network 64", "decode 100", "paint 8", "preprocess 3840x2160", "paint 854x480"):
        assert work in lines


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (["--growth", "100"], "multiple of 32"),
        (["--growth", "--size", "50"], "multiple of 32"),
        (["--growth", "--engine", "all"], "one engine"),
        (["--growth", "--engine", "abacus"], "'abacus' is not known"),
        (["--growth", "--versus", "peer.onnx"], "--versus"),
    ],
    ids=lambda entry: " ".join(entry) if isinstance(entry, list) else "",
)
def test_growth_that_cannot_be_measured_is_refused_in_one_line(
    given: list[str], word: str, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--weights", str(weights), *given]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: ")
    assert word in said
    assert "\n" not in said
