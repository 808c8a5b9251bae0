"""`python -m lmsfa`: what a person types, and what comes back."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.card import card_path, read_card
from lmsfa.cli import main
from lmsfa.models.lmsfa import LmsfaConfig

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights" / "lmsfa-larynx.safetensors"


def test_info_gives_the_papers_size_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["parameters"] == pytest.approx(1.8e6, rel=0.02)
    assert report["gflops"] == pytest.approx(8.8, rel=0.02)
    assert (report["size"], report["classes"]) == (640, 4)


def test_the_shipped_weights_have_the_default_shape_but_for_the_classes() -> None:
    shipped = dict(read_card(card_path(WEIGHTS)).architecture)
    default = {name: getattr(LmsfaConfig(), name) for name in LmsfaConfig.__slots__}
    assert shipped.pop("classes") == 6
    default.pop("classes")
    assert {k: tuple(v) if isinstance(v, list) else v for k, v in shipped.items()} == default


def test_info_of_the_shipped_weights_names_its_classes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--weights", str(WEIGHTS)]) == 0
    assert "6 classes" in capsys.readouterr().out


def test_predict_writes_the_overlay_and_never_over_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, output = tmp_path / "frame.png", tmp_path / "overlay.png"
    cv2.imwrite(str(picture), np.full((200, 300, 3), 120, np.uint8))
    command = ["predict", str(picture), "--weights", str(WEIGHTS), "--output", str(output)]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert isinstance(report["instances"], list)
    assert "Research use only" in report["notice"]
    assert cv2.imread(str(output)).shape == (200, 300, 3)
    before = output.read_bytes()
    assert main(command) == 2
    assert "exists" in capsys.readouterr().err
    assert output.read_bytes() == before
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["predict", "none.png", "--weights", str(WEIGHTS), "--output", "o.png"], "none.png"),
        (["evaluate", "--data", "nowhere", "--weights", str(WEIGHTS)], "dataset.json"),
        (["train", "--data", "nowhere", "--output", "o"], "dataset.json"),
        (["info", "--weights", "none.safetensors"], "none.safetensors"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1


def test_evaluate_prints_the_documented_keys(
    shapes_dataset: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(shapes_dataset), "--weights", str(weights), "--json"]
    assert main([*command, "--runtime", "torch-cpu", "--without", "dark disc"]) == 0
    report = json.loads(capsys.readouterr().out)
    keys = {"mask_ap50", "mask_ap", "average_recall", "precision", "recall", "per_class"}
    assert keys | {"images", "instances"} <= report.keys()
    assert report["per_class"]["dark disc"].keys() == {"ap50", "ap", "recall", "instances"}
    assert report["images"] == 4
    assert "mask_ap50" in report["without"]


def test_the_module_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "lmsfa", "--help"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "train" in answer.stdout
