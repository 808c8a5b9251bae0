"""int8 networks: made from real frames, kept where they lose nothing, refused where they do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lmsfa import quantisation
from lmsfa.backends import runtimes_here
from lmsfa.card import ModelCard, card_path, int8_path, read_card
from lmsfa.checkpoint import save_weights
from lmsfa.cli import main
from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.registry import EngineError, load_engine

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "weights" / "lmsfa-larynx.safetensors"
LARYNX = os.environ.get("LARYNX_DATA", "")
VOID = CodedMask.of(-1, np.zeros((4, 4), dtype=np.bool_))
FRAME = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def made(shapes_dataset: Path, card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights with the int8 network that the command has put beside them."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("int8") / "untrained.safetensors"
    save_weights(Lmsfa(LmsfaConfig(classes=2)), card, path)
    command = [sys.executable, "-m", "lmsfa", "quantise", "--data", str(shapes_dataset)]
    command += ["--weights", str(path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    [line] = answer.stdout.splitlines()
    assert "in int8" in line
    return path


def test_quantise_puts_a_network_beside_the_weights_that_runs(made: Path) -> None:
    assert sorted(file.name for file in made.parent.iterdir()) == [
        "untrained.int8-96.bin",
        "untrained.int8-96.xml",
        "untrained.json",
        "untrained.safetensors",
    ]
    engine = load_engine(made, "openvino-int8", score_threshold=0.0, threads=1)
    assert engine.runtime == "OpenVINO int8"
    assert engine.predict(FRAME).instances
    engine.close()
    assert "openvino-int8" in runtimes_here(made, read_card(card_path(made)))


def test_integers_are_what_is_computed_with(made: Path) -> None:
    plain = (made.parent / "untrained.int8-96.bin").stat().st_size
    assert plain < 0.5 * made.stat().st_size


def test_without_the_network_one_line_says_how_to_make_it(weights: Path) -> None:
    with pytest.raises(EngineError, match="no such int8 network; make it by"):
        load_engine(weights, "openvino-int8")
    assert "openvino-int8" not in runtimes_here(weights, read_card(card_path(weights)))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text[: len(text) // 2], "not a whole int8 network"),
        (lambda text: text.replace("weights_sha256", "weights_sha255"), "not a whole int8 network"),
        (lambda text: text.replace("untrained", "other"), "made from other weights"),
    ],
)
def test_a_network_that_is_not_these_weights_is_refused(
    made: Path, weights: Path, spoil: object, words: str
) -> None:
    path = int8_path(weights, 96)
    text = int8_path(made, 96).read_text(encoding="utf-8")
    sha = read_card(card_path(made)).sha256
    assert sha in text
    text = spoil(text.replace(sha, f"untrained{sha}") if words.endswith("weights") else text)
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".bin").write_bytes(int8_path(made, 96).with_suffix(".bin").read_bytes())
    with pytest.raises(EngineError, match=words):
        load_engine(weights, "openvino-int8")


def test_int8_that_loses_too_much_is_refused_and_nothing_is_left(
    weights: Path,
    shapes_dataset: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(quantisation, "LARGEST_LOSS", -0.01)
    before = sorted(weights.parent.iterdir())
    assert main(["quantise", "--data", str(shapes_dataset), "--weights", str(weights)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert "int8 loses" in line
    assert "not written" in line
    assert sorted(weights.parent.iterdir()) == before


def test_activities_that_int8_tells_otherwise_are_counted() -> None:
    told = [AnsweredFrame("a", "", 4, 4, (), (), (), VOID, said) for said in ("cut", "burn", None)]
    exact = Answers(("vein",), (0,), tuple(told))
    assert quantisation.told_otherwise(exact, exact) == 0
    other = exact.of_frames((told[1], *told[1:]))
    assert quantisation.told_otherwise(exact, other) == pytest.approx(1 / 3)


def test_pictures_that_judge_may_not_calibrate(
    weights: Path, shapes_dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["quantise", "--data", str(shapes_dataset), "--weights", str(weights)]
    assert main([*command, "--calibrate-on", "val"]) == 2
    assert "must be different splits" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_the_shipped_weights_keep_their_ap50_in_int8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / SHIPPED.name
    for ending in (".safetensors", ".json"):
        weights.with_suffix(ending).write_bytes(SHIPPED.with_suffix(ending).read_bytes())
    assert main(["quantise", "--data", LARYNX, "--weights", str(weights)]) == 0
    said = json.loads(card_path(weights).read_text())["metrics"]["mask_ap50"]
    ap50 = float(capsys.readouterr().out.split("AP50 ")[1].split()[0])
    assert ap50 > said - 0.01
