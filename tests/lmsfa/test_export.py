"""Exported networks: what is written answers what torch answers."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lmsfa.backends.graph import load_graph
from lmsfa.card import card_path, read_card
from lmsfa.cli import main
from lmsfa.export import export_network
from lmsfa.mask_filters import filter_numbers
from lmsfa.shipped import WEIGHTS

ROOT = Path(__file__).parents[2]
CANVAS = np.random.default_rng(1).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)


def _answers(path: Path, canvas: np.ndarray) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"canvas": canvas})


def _plain(weights: Path) -> list[np.ndarray]:
    with torch.inference_mode():
        return [answer.numpy() for answer in load_graph(weights)(torch.from_numpy(CANVAS))]


@pytest.mark.slow
def test_the_onnx_file_answers_what_torch_answers(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export_network(WEIGHTS, path, size_px=96)
    classes = len(read_card(card_path(WEIGHTS)).classes)
    detections, prototypes = _answers(path, CANVAS)
    assert detections.shape == (144 + 36 + 9, 4 + classes + filter_numbers(prototypes.shape[2]))
    assert prototypes.shape[:2] == (24, 24)
    for found, plain in zip((detections, prototypes), _plain(WEIGHTS), strict=True):
        assert found.dtype == np.float32
        # Boxes are pixels of 96; all else is about one.
        np.testing.assert_allclose(found, plain, rtol=1e-3, atol=1e-3)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_the_half_file_keeps_boxes_in_single_precision(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    export_network(WEIGHTS, path, size_px=96, half=True)
    graph = onnx.load(path).graph
    types = [entry.type.tensor_type.elem_type for entry in (*graph.input, *graph.output)]
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    assert types == [half, single, half]
    detections, prototypes = _answers(path, CANVAS.astype(np.float16))
    plain_detections, plain_prototypes = _plain(WEIGHTS)
    np.testing.assert_allclose(detections[:, :4], plain_detections[:, :4], atol=0.5)
    np.testing.assert_allclose(detections[:, 4:], plain_detections[:, 4:], atol=0.05)
    np.testing.assert_allclose(prototypes.astype(np.float32), plain_prototypes, atol=0.05)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("network.pt", [], ".onnx"),
        ("network.xml", ["--half"], "--half"),
        ("missing/network.onnx", [], "does not exist"),
        ("taken.onnx", [], "--overwrite"),
    ],
)
def test_an_output_that_cannot_be_is_refused_in_one_line(
    name: str,
    options: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "taken.onnx").write_bytes(b"precious")
    command = ["export", "--weights", str(WEIGHTS), "--output", str(tmp_path / name)]
    assert main([*command, *options]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert "\n" not in error
    assert (tmp_path / "taken.onnx").read_bytes() == b"precious"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are moved by Linux's variables")
def test_runtimes_report_to_nobody(tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    code = (
        "import lmsfa.backends.onnxruntime_cpu, openvino; "
        "from openvino.tools.ovc import telemetry_utils; print(telemetry_utils.tm.__name__)"
    )
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    # ONNX Runtime would leave the number by which it knows this machine.
    assert not [path for path in tmp_path.rglob("*") if "deviceid" in path.name]
