"""The benchmark: everybody in the same rounds, ratios of medians that can be trusted."""

import json
import threading
from pathlib import Path

import numpy as np
import openvino
import openvino.opset13 as opset
import pytest

from lmsfa.benchmark.contestants import Contestant
from lmsfa.benchmark.figures import figures
from lmsfa.benchmark.rounds import WARM_UP_ROUNDS, interleaved_ms
from lmsfa.cli import main


def test_every_round_times_everybody_once_and_begins_with_another() -> None:
    called: list[int] = []
    runs = [lambda k=k: called.append(k) for k in range(3)]
    taken = interleaved_ms(runs, 4)
    assert taken.shape == (4, 3)
    assert (taken > 0).all()
    rounds = np.reshape(called, (4 + WARM_UP_ROUNDS, 3))
    assert (np.sort(rounds, 1) == [0, 1, 2]).all()
    assert set(rounds[:, 0]) == {0, 1, 2}


def test_what_takes_longer_is_seen_to_take_longer() -> None:
    never = threading.Event()
    taken = interleaved_ms([lambda: None, lambda: never.wait(0.02)], 5)
    assert (taken[:, 1] >= 19).all()
    assert np.median(taken[:, 0]) < 5


def _entry(name: str, engine: str, precision: str) -> Contestant:
    return Contestant(name, engine, precision, "a processor", lambda: None)


def test_the_ratio_is_the_best_peers_time_over_our_best() -> None:
    own = [_entry("ours", "a-fp32", "fp32"), _entry("ours", "b-fp32", "fp32")]
    peers = [_entry("slow", "a-fp32", "fp32"), _entry("fast", "b-fp32", "fp32")]
    peers.append(_entry("other", "a-bf16", "bf16"))
    # A machine that halves its speed in one round slows all: the ratio does not notice.
    pace = np.array([1.0, 2.0, 1.0])[:, None]
    report = figures(
        own,
        peers,
        pace * np.array([20.0, 10.0]),
        pace * np.array([30.0, 15.0, 1.0]),
        pace * np.array([25.0, 12.0]),
    )
    assert report["ratio_to_best_peer"] == {"fp32": 1.5}
    assert report["ratio_spread"] == {"fp32": [1.5, 1.5]}
    assert report["ours"][1]["forward_ms"]["p50"] == 10
    assert report["ours"][1]["end_to_end_ms"]["p50"] == 12
    assert report["peers"][0]["forward_ms"]["p99"] == pytest.approx(59.4)


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
    assert report["peers"] == []
    assert report["ratio_to_best_peer"] == {}
    assert (report["size"], report["rounds"]) == (64, 2)


def test_peers_are_timed_on_the_runtimes_that_ours_is_timed_on(
    weights: Path, rival: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["bench", "--weights", str(weights), "--size", "64", "--rounds", "2"]
    command += ["--engine", "openvino-fp32", "--versus", str(rival)]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    [row] = report["peers"]
    assert (row["name"], row["engine"], row["precision"]) == ("rival", "openvino-fp32", "fp32")
    # One pooling layer against a whole network.
    assert report["ratio_to_best_peer"]["fp32"] < 1
    assert main(command) == 0
    assert "rival" in capsys.readouterr().out


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


def test_sizes_that_no_network_takes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--size", "100"]) == 2
    assert "32" in capsys.readouterr().err
