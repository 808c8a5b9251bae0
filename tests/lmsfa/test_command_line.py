"""`python -m lmsfa`: what a person types, and what comes back."""

import json
import os
import signal
import subprocess
import sys
import time
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


TRAIN = ["train", "--data", "DATA", "--output", "OUT/run"]
BAD_INPUT = [
    (
        ["predict", "none.png", "--weights", str(WEIGHTS), "--output", "OUT/o.png"],
        "no such picture",
    ),
    (["predict", "OUT/junk.png", "--weights", str(WEIGHTS), "--output", "OUT/o.png"], "readable"),
    (["predict", "OUT/junk.png", "--weights", str(WEIGHTS), "--output", "OUT/no/o.png"], "folder"),
    (["evaluate", "--data", "nowhere", "--weights", str(WEIGHTS)], "no such folder"),
    (["evaluate", "--data", "DATA", "--weights", str(WEIGHTS), "--split", "test"], "no split"),
    (["evaluate", "--data", "DATA", "--weights", str(WEIGHTS), "--without", "hat"], "'hat'"),
    (["train", "--data", "nowhere", "--output", "OUT/run"], "no such folder"),
    ([*TRAIN, "--size", "100"], "multiple of 32"),
    ([*TRAIN, "--size", "0"], "multiple of 32"),
    ([*TRAIN, "--epochs", "0"], "epochs"),
    ([*TRAIN, "--batch", "0"], "batch"),
    ([*TRAIN, "--seed", "-1"], "seed"),
    ([*TRAIN, "--lr", "nan"], "learning rate"),
    ([*TRAIN, "--device", "abacus"], "cuda:N"),
    ([*TRAIN, "--device", "cuda:99"], "no such CUDA device"),
    (["train", "--data", "DATA", "--output", "OUT/junk.png"], "no folder"),
    (["info", "--weights", "none.safetensors"], "none.safetensors"),
    (["info", "--size", "100"], "multiple of 32"),
    (["export", "--weights", str(WEIGHTS), "--output", "OUT/no/x.xml"], "folder"),
    (["export", "--weights", str(WEIGHTS), "--output", "OUT/x.pt"], "end in .xml"),
    (["export", "--weights", str(WEIGHTS), "--output", "OUT/kept.xml"], "exists"),
]


@pytest.mark.parametrize(("command", "said"), BAD_INPUT)
def test_bad_input_is_one_line_and_exit_code_two(
    command: list[str],
    said: str,
    shapes_dataset: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in ("junk.png", "kept.xml"):
        (tmp_path / name).write_text("junk")
    names = {"DATA": str(shapes_dataset), "OUT": str(tmp_path)}
    for short, path in names.items():
        command = [part.replace(short, path, 1) for part in command]
    assert main(command) == 2
    # Native libraries must keep quiet too: this reads the process's own streams.
    out, error = capfd.readouterr()
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert out == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["junk.png", "kept.xml"]


@pytest.mark.parametrize("left", ["last.safetensors", "weights.safetensors"])
def test_a_training_is_never_overwritten_silently(
    left: str, shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / left).write_text("precious")
    (tmp_path / "results.jsonl").write_text("{}\n")
    command = ["train", "--data", str(shapes_dataset), "--output", str(tmp_path), "--size", "64"]
    assert main(command) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert (tmp_path / left).read_text() == "precious"
    assert (tmp_path / "results.jsonl").read_text() == "{}\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal there")
def test_ctrl_c_ends_a_training_with_one_line(shapes_dataset: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lmsfa", "train", "--data", str(shapes_dataset)]
    command += ["--output", str(tmp_path), "--size", "64", "--epochs", "500", "--batch", "4"]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stderr=said, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        deadline = time.monotonic() + 120
        while not (tmp_path / "last.safetensors").is_file():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        # A terminal sends it to the whole group: the worker that reads pictures gets it too.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stdout.read() == b""
        process.stdout.close()
    text = (tmp_path / "said").read_text()
    assert "Traceback" not in text
    # The progress bar draws over itself; what stays on screen is behind its last return.
    lines = [line.split("\r")[-1].strip() for line in text.splitlines()]
    # Notes on the data set come before, and are no end.
    last = [line for line in lines if line and not line.startswith(("epoch ", "note: "))]
    assert len(last) == 1
    assert "--resume" in last[0]


def test_json_on_standard_output_is_nothing_but_json(shapes_dataset: Path, weights: Path) -> None:
    command = [sys.executable, "-m", "lmsfa", "evaluate", "--data", str(shapes_dataset)]
    command += ["--weights", str(weights), "--runtime", "torch-cpu", "--json"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert json.loads(answer.stdout)["images"] == 4
    assert "evaluate:" in answer.stderr


def test_evaluate_prints_the_documented_keys(
    shapes_dataset: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--data", str(shapes_dataset), "--weights", str(weights), "--json"]
    assert main([*command, "--runtime", "torch-cpu", "--without", "dark disc"]) == 0
    report = json.loads(capsys.readouterr().out)
    keys = {"mask_ap50", "mask_ap", "average_recall", "precision", "recall", "per_class"}
    assert keys | {"images", "instances"} <= report.keys()
    assert {"ap50", "ap", "recall", "instances"} <= report["per_class"]["dark disc"].keys()
    assert report["images"] == 4
    assert "mask_ap50" in report["without"]


def test_the_module_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "lmsfa", "--help"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "train" in answer.stdout
