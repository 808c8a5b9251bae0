"""How many threads a model takes, and that every runtime keeps to it."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import main as program
from lmsfa.backends.threads import thread_budget
from lmsfa.cli import main
from lmsfa.registry import EngineError, load_engine
from lmsfa.shipped import WEIGHTS


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 3), (4, 3), (16, 15)])
def test_the_picture_keeps_a_core_where_there_are_four(
    cores: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert thread_budget() == threads
    assert thread_budget(1) == 1
    assert thread_budget(cores) == cores


@pytest.mark.parametrize("asked", [0, -1, 10_000])
def test_a_number_that_no_machine_has_is_refused_in_one_line(weights: Path, asked: int) -> None:
    with pytest.raises(EngineError, match="--threads must be from 1 to") as caught:
        load_engine(weights, "torch-cpu", threads=asked)
    assert "\n" not in str(caught.value)


@pytest.fixture
def as_before() -> object:
    """torch's threads are the process's: other tests get theirs back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("runtime", ["torch-cpu", "torch-cpu-bf16"])
@pytest.mark.usefixtures("as_before")
def test_torch_keeps_to_the_budget(weights: Path, runtime: str) -> None:
    for threads in {1, thread_budget()}:
        load_engine(weights, runtime, threads=threads)
        assert torch.get_num_threads() == threads


def test_openvino_keeps_to_the_budget() -> None:
    engine = load_engine(WEIGHTS, "openvino-fp32", threads=1)
    request = engine._backend._request
    assert request.get_compiled_model().get_property("INFERENCE_NUM_THREADS") == 1


def test_onnx_runtime_keeps_to_the_budget() -> None:
    engine = load_engine(WEIGHTS, "onnxruntime-fp32", threads=1)
    options = engine._backend._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


@pytest.mark.usefixtures("as_before")
def test_commands_take_the_threads(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, output = tmp_path / "picture.png", tmp_path / "overlaid.png"
    cv2.imwrite(str(picture), np.zeros((40, 60, 3), np.uint8))
    command = ["predict", str(picture), "--weights", str(weights), "--output", str(output)]
    command += ["--runtime", "torch-cpu", "--threads"]
    assert main([*command, "0"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: --threads must be from 1")
    assert "\n" not in said
    assert not output.exists()
    assert main([*command, "1"]) == 0
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("asked", ["0", "many", "100000"])
def test_the_program_refuses_threads_that_cannot_be(
    asked: str, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--headless", "--report", str(tmp_path / "report.json"), "--weights", str(weights)]
    command += ["--runtime", "torch-cpu", "--threads", asked]
    try:
        status = program.main(command)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
