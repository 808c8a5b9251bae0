"""The command that judges what is drawn, from files to figures and pictures."""

import argparse
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_clips import square_picture, write_clip
from made_engines import SquareEngine

from lmsfa.card import ModelCard
from lmsfa.commands import drawn
from lmsfa.data.opening import open_dataset
from lmsfa.errors import InputError
from lmsfa.evaluation.drawn.judging import judge_drawn
from lmsfa.evaluation.drawn.side_by_side import evenly_spaced
from lmsfa.prediction import Prediction
from lmsfa.registry import load_engine

LARYNX = os.environ.get("LARYNX_DATA", "")
SHIPPED = Path(__file__).parents[3] / "weights" / "lmsfa-larynx.safetensors"


def _run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    drawn.add(parser)
    options = parser.parse_args([*map(str, arguments), "--runtime", "torch-cpu"])
    options.run(options)


class _Blind(SquareEngine):
    """Finds nothing."""

    def predict(self, _rgb, frame_index=0, captured_s=0.0):
        return Prediction(frame_index, captured_s, (), None, self.model_id)


@pytest.fixture
def engines(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights called "blind" find nothing, all others the bright square of each picture."""

    def load(weights: Path, _runtime: str, *, threads: int | None = None) -> SquareEngine:
        engine = _Blind() if weights.stem == "blind" else SquareEngine()
        engine.card = card
        return engine

    monkeypatch.setattr("lmsfa.registry.load_engine", load)


def test_answers_stand_beside_the_truth_drawn_alike(
    shapes_dataset: Path, engines: None, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--data", shapes_dataset, "--split", "val", "--weights", "by eye")
    _run(*given, "--json")
    report = json.loads(capsys.readouterr().out)
    asked = {
        "box_cut",
        "straight_per_frame",
        "line_visible",
        "specks_per_frame",
        "nested",
        "boundary_nsd",
        "outside_field",
        "frames",
        "outlines",
    }
    assert asked <= report.keys()
    assert asked <= report["truth"].keys()
    truth = report["truth"]
    # Four pictures of a square and a disc; a square has four straight runs, all of them true, and
    # so small a disc may be flat on two of its sides.
    assert (truth["frames"], truth["outlines"]) == (4, 8)
    assert 4 <= truth["straight_per_frame"] <= 6
    assert (truth["box_cut"], truth["specks_per_frame"], truth["nested"]) == (0, 0, 0)
    assert truth["boundary_nsd"] == pytest.approx(1, abs=0.01)
    # The square is found, the disc is not.
    assert report["runtime"] == SquareEngine.runtime
    assert (report["outlines"], report["box_cut"], report["straight_per_frame"]) == (4, 0, 4)
    assert report["boundary_nsd"] == pytest.approx(0.5, abs=0.02)
    assert report["line_visible"] == {"bright square": {"median": 1, "least": 1}}
    _run(*given)
    table = capsys.readouterr().out
    assert "cut by a box" in table
    assert "line, dark disc" in table


def test_a_clip_is_judged_without_truth_and_without_data(
    engines: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mkv"
    write_clip(clip, [square_picture(8 + n, 8, 20) for n in range(3)])
    _run("--clip", clip, "--weights", "by eye", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["clip"]["frames"], report["clip"]["outlines"]) == (3, 3)
    assert "data" not in report
    assert not {"box_cut", "boundary_nsd", "truth"} & report["clip"].keys()
    _run("--clip", clip, "--weights", "by eye")
    assert "clip.mkv: 3 frames" in capsys.readouterr().out


def test_pictures_are_written_and_put_beside_later_ones(
    shapes_dataset: Path, engines: None, tmp_path: Path
) -> None:
    given, singles = ("--data", shapes_dataset), tmp_path / "before"
    _run(*given, "--weights", "blind", "--pictures", singles)
    assert len(list(singles.iterdir())) == 4
    for name, others in (("a", ("--beside", singles)), ("b", ("--against", "blind"))):
        _run(*given, "--weights", "by eye", "--sheet", tmp_path / f"{name}.jpg", *others)
    one, other = (cv2.imread(str(tmp_path / f"{name}.jpg")).astype(int) for name in "ab")
    assert one.shape == other.shape
    # Coded once more at most.
    assert np.abs(one - other).mean() < 2
    # Blind to the left; to the right a red line runs around the square. OpenCV: blue first.
    tile = one[18:338]
    red = (tile[..., 2] > 150) & (tile[..., :2].max(axis=-1) < 120)
    assert np.count_nonzero(red[:, :320]) == 0
    assert np.count_nonzero(red[:, 320:640]) > 100


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), "give annotated pictures by --data, or a video file by --clip"),
        (("--clip", "c.mkv", "--pictures", "p"), "give --data"),
        (("--data", "d", "--sheet", "s.jpg"), "--sheet goes with --beside"),
        (("--data", "d", "--against", "w"), "--sheet goes with --beside"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(given: tuple[str, ...], why: str) -> None:
    with pytest.raises(InputError, match=why):
        _run(*given, "--weights", "none")


def test_a_folder_with_something_in_it_is_left_alone(
    shapes_dataset: Path, engines: None, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        _run("--data", shapes_dataset, "--weights", "blind", "--pictures", tmp_path)


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_the_shipped_weights_draw_what_is_there() -> None:
    dataset = open_dataset(Path(LARYNX))
    samples = evenly_spaced(dataset.in_split("val"))[::4]
    engine = load_engine(SHIPPED, "torch-cpu")
    found = judge_drawn(engine, dataset, samples)
    engine.close()
    assert (found.answers.frames, found.truth.frames) == (3, 3)
    assert found.answers.outlines >= 9
    assert found.answers.boundary_nsd > 0.3
    assert found.truth.boundary_nsd == pytest.approx(1, abs=0.01)
    assert (found.truth.box_cut, found.truth.nested) == (0, 0)
