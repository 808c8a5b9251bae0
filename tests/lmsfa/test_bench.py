"""The benchmark: everybody in the same rounds, ratios of medians that can be trusted."""

import json
import threading
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import onnx
import openvino
import openvino.opset13 as opset
import pytest
import torch

from lmsfa.backends import RUNTIMES
from lmsfa.benchmark import running
from lmsfa.benchmark.contestants import Contestant, ours
from lmsfa.benchmark.cuda_networks import eager_fp32
from lmsfa.benchmark.figures import figures
from lmsfa.benchmark.peers import PEER_RUNTIMES, peer
from lmsfa.benchmark.rounds import Timed
from lmsfa.card import card_path, read_card
from lmsfa.cli import main
from lmsfa.errors import InputError
from lmsfa.interleaving import WARM_UP_ROUNDS, interleaved_ms
from lmsfa.prediction import Prediction


def test_every_round_times_everybody_once_and_nobody_always_follows_the_same() -> None:
    called: list[int] = []
    runs = [lambda k=k: called.append(k) for k in range(3)]
    taken = interleaved_ms(runs, 20)
    assert taken.shape == (20, 3)
    assert (taken > 0).all()
    rounds = np.reshape(called, (20 + WARM_UP_ROUNDS, 3))
    assert (np.sort(rounds, 1) == [0, 1, 2]).all()
    # Inside the rounds everybody follows everybody else.
    assert set(zip(rounds[:, 0], rounds[:, 1], strict=True)) == set(permutations(range(3), 2))


def test_what_takes_longer_is_seen_to_take_longer() -> None:
    never = threading.Event()
    taken = interleaved_ms([lambda: None, lambda: never.wait(0.02)], 5)
    assert (taken[:, 1] >= 19).all()
    assert np.median(taken[:, 0]) < 5


PACE = np.array([1.0, 2.0, 1.0])
"""A machine that halves its speed in one round slows all: no ratio may notice."""


def _taken(name: str, engine: str, precision: str, **medians_ms: float) -> Timed:
    who = Contestant(name, engine, precision, {})
    return Timed(who, {run: PACE * median for run, median in medians_ms.items()})


def _ours(engine: str, precision: str, forward: float) -> Timed:
    around = {"end_to_end": forward + 5, "preprocess": 1.0, "decode": 3.0, "paint": 2.0}
    return _taken("ours", engine, precision, forward=forward, **around)


def test_ratios_are_a_best_peers_time_over_our_best_by_precision_and_by_engine() -> None:
    own = [_ours("a-fp32", "fp32", 20), _ours("b-fp32", "fp32", 10), _ours("c-int8", "int8", 5)]
    peers = [
        _taken("slow", "a-fp32", "fp32", forward=30),
        _taken("fast", "a-fp32", "fp32", forward=24),
        _taken("fast", "b-fp32", "fp32", forward=15),
        _taken("other", "a-bf16", "bf16", forward=1),
    ]
    report = figures(own, peers)
    # Over all engines the best of each side, whatever it runs on: 15 over 10.
    assert report["ratio_to_best_peer"] == {"fp32": 1.5}
    assert report["ratio_spread"] == {"fp32": [1.5, 1.5]}
    assert report["ratio_by_engine"] == {"a-fp32": 1.2, "b-fp32": 1.5}
    assert report["ratio_by_engine_spread"] == {"a-fp32": [1.2, 1.2], "b-fp32": [1.5, 1.5]}
    assert report["peers"][0]["forward_ms"]["p99"] == pytest.approx(59.4)


def test_stages_are_reported_as_they_were_timed() -> None:
    [row] = figures([_ours("a-fp32", "fp32", 20)], [])["ours"]
    assert row["end_to_end_ms"]["p50"] == 25
    stages = {name: entry["p50"] for name, entry in row["stages_ms"].items()}
    assert stages == {"preprocess": 1, "network": 20, "decode": 3, "paint": 2}


@pytest.fixture
def rival(tmp_path: Path) -> Path:
    """Somebody's network of one pooling layer for inputs of 64 pixels."""
    picture = opset.parameter([1, 3, 64, 64], np.float32)
    pooled = opset.max_pool(picture, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2])
    openvino.save_model(openvino.Model([pooled.output(0)], [picture]), tmp_path / "rival.xml")
    return tmp_path / "rival.xml"


def test_bench_prints_the_documented_keys(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--size", "64", "--rounds", "2", "--json"]
    assert main([*command, "--engine", "openvino-fp32"]) == 0
    report = json.loads(capsys.readouterr().out)
    [row] = report["ours"]
    assert (row["engine"], row["precision"]) == ("openvino-fp32", "fp32")
    assert 0 < row["forward_ms"]["p50"] <= row["forward_ms"]["p99"]
    assert 0 < row["end_to_end_ms"]["p50"] <= row["end_to_end_ms"]["p99"]
    assert list(row["stages_ms"]) == ["preprocess", "network", "decode", "paint"]
    assert all(0 < entry["p50"] <= entry["p99"] for entry in row["stages_ms"].values())
    assert 0 < row["memory_mb"]["model_mb"] < row["memory_mb"]["process_mb"]
    assert report["peers"] == []
    assert report["ratio_to_best_peer"] == report["ratio_by_engine"] == {}
    assert (report["size"], report["rounds"]) == (64, 2)


def test_decoding_and_painting_are_timed_on_what_the_network_answered(weights: Path) -> None:
    # An untrained network is sure of nothing: below its scores everything is an instance.
    card = replace(read_card(card_path(weights)), input_size_px=64, score_threshold=0.0)
    frame = np.full((48, 64, 3), 90, np.uint8)
    who = ours(weights, card, "openvino-fp32", [frame])
    answered = who.runs["end_to_end"]()
    # Another picture in between: an answer is valid until the next call only.
    who.runs["forward"]()
    assert isinstance(answered, Prediction)
    assert who.instances == len(answered.instances) > 0
    again = who.runs["decode"]()
    assert [entry.box_xyxy for entry in again] == [entry.box_xyxy for entry in answered.instances]
    assert who.runs["paint"]().shape == (48, 64, 4)
    assert who.runs["preprocess"]().shape == (64, 64, 3)


def test_peers_are_timed_on_the_runtimes_that_ours_is_timed_on(
    weights: Path, rival: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--size", "64", "--rounds", "2"]
    command += ["--engine", "openvino-fp32", "--versus", str(rival)]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    [row] = report["peers"]
    assert (row["name"], row["engine"], row["precision"]) == ("rival", "openvino-fp32", "fp32")
    assert list(report["ratio_to_best_peer"]) == ["fp32"]
    assert report["ratio_by_engine"] == {"openvino-fp32": report["ratio_to_best_peer"]["fp32"]}
    # One pooling layer against a whole network.
    assert row["memory_mb"]["model_mb"] < report["ours"][0]["memory_mb"]["model_mb"]


def test_table_and_plot_show_everybody(
    weights: Path, rival: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "speed.png"
    command = ["bench", "--weights", str(weights), "--size", "64", "--rounds", "1"]
    command += ["--engine", "openvino-fp32", "--versus", str(rival), "--plot", str(plot)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("rival", "untrained", "decode", "paint", "MB"))
    picture = cv2.imread(str(plot))
    assert picture is not None
    height, width = picture.shape[:2]
    assert width > height > 100
    # The colours of a peer's bar and of our network's, BGR.
    for ink in ((152, 143, 138), (117, 110, 11)):
        assert (picture == ink).all(2).sum() > 1000


@pytest.fixture
def onnx_rival(tmp_path: Path) -> Path:
    """As `rival`, ONNX."""
    floats = onnx.TensorProto.FLOAT
    picture = onnx.helper.make_tensor_value_info("picture", floats, [1, 3, 64, 64])
    answer = onnx.helper.make_tensor_value_info("answer", floats, [1, 3, 32, 32])
    pool = onnx.helper.make_node(
        "MaxPool", ["picture"], ["answer"], kernel_shape=[2, 2], strides=[2, 2]
    )
    graph = onnx.helper.make_graph([pool], "rival", [picture], [answer])
    opset = onnx.helper.make_opsetid("", 17)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)
    path = tmp_path / "onnx-rival.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("engine", sorted(PEER_RUNTIMES))
def test_a_peers_onnx_file_runs_on_every_runtime_that_takes_peers(
    onnx_rival: Path, engine: str
) -> None:
    who = peer(onnx_rival, engine, 64)
    assert (who.name, who.engine) == ("onnx-rival", engine)
    assert engine.endswith(who.precision)
    answer = who.runs["forward"]()
    [pooled] = [answer[0].numpy()] if engine.startswith("onnxruntime") else answer.values()
    assert pooled.shape == (1, 3, 32, 32)
    assert 0 < pooled.min() < pooled.max() <= 1
    with pytest.raises(InputError, match=r"64, 64.*96, 96"):
        peer(onnx_rival, engine, 96)
    onnx_rival.write_bytes(b"no network")
    with pytest.raises(InputError, match="not a network"):
        peer(onnx_rival, engine, 64)


def test_a_peer_of_another_size_or_kind_is_named(
    weights: Path, rival: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--engine", "openvino-fp32", "--rounds", "1"]
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    for path in (rival, broken, tmp_path / "missing.onnx"):
        assert main([*command, "--size", "96", "--versus", str(path)]) == 2
        said = capsys.readouterr().err.strip()
        assert said.startswith(f"error: {path}: ")
        assert "\n" not in said


def test_of_all_runtimes_one_that_cannot_be_used_is_left_out_and_named(
    weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("openvino-fp32", "onnxruntime-gone")
    monkeypatch.setitem(RUNTIMES, here[1], "no_such_module:Backend")
    monkeypatch.setattr(running, "runtimes_here", lambda *_: here)
    command = ["bench", "--weights", str(weights), "--size", "64", "--rounds", "1"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "left out: onnxruntime-gone: runtime onnxruntime-gone is not installed here" in said
    assert main([*command, "--engine", here[1]]) == 2
    assert capsys.readouterr().err.startswith("error: runtime onnxruntime-gone is not installed")


def test_the_network_as_it_is_written_is_timed_layer_by_layer(weights: Path) -> None:
    card = replace(read_card(card_path(weights)), input_size_px=64)
    who = eager_fp32(weights, card, "cpu")
    assert (who.precision, list(who.runs)) == ("fp32", ["forward"])
    who.runs["forward"]()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_the_network_alone_is_timed_on_the_gpu(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--engine", "torch-cuda", "--rounds", "3"]
    assert main([*command, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["cuda_networks"]
    assert [row["precision"] for row in rows] == ["fp16", "fp32"]
    assert rows[0]["forward_ms"]["p50"] < rows[1]["forward_ms"]["p50"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (["--size", "100"], "multiple of 32"),
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--engine", "abacus"], "'abacus' is not known"),
        (["--plot", "speed.svg"], "ends with .png"),
        (["--plot", "nowhere/speed.png"], "there is no folder nowhere"),
        (["--engine", "torch-cpu", "--versus", "peer.onnx", "--size", "64"], "openvino-fp32"),
    ],
    ids=lambda entry: " ".join(entry) if isinstance(entry, list) else "",
)
def test_what_cannot_be_timed_is_refused_in_one_line(
    given: list[str], word: str, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--weights", str(weights), *given]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: ")
    assert word in said
    assert "\n" not in said
