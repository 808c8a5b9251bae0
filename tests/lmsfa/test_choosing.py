"""`auto`: the fastest runtime that answers as the plain network does, tried once and remembered."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from lmsfa.backends import RUNTIMES, choosing
from lmsfa.backends.agreement import answers_agree
from lmsfa.backends.choosing import Choice, Trial, choose, choose_among, fastest
from lmsfa.card import ModelCard, card_path, int8_path, read_card
from lmsfa.cli import main
from lmsfa.postprocess import RawAnswer
from lmsfa.registry import EngineError, load_engine


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where choices are remembered in this test; empty at first."""
    folder = tmp_path / "memory"
    monkeypatch.setattr(choosing, "user_cache_path", lambda *_, **__: folder)
    return folder / "runtimes"


@pytest.fixture
def written(weights: Path) -> ModelCard:
    """The card beside the weights."""
    return read_card(card_path(weights))


def _only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(choosing, "runtimes_here", lambda *_: names)


def test_the_fastest_that_agrees_is_taken_and_the_reason_names_all() -> None:
    trials = [Trial("a", 20.0, 1.0), Trial("b", 10.0, 0.99), Trial("c", fault="differs")]
    choice = fastest(trials)
    assert choice == Choice("b", (trials[1], trials[0], trials[2]))
    assert choice.reason == "fastest that agrees here: b 10.0 ms, a 20.0 ms, c differs"
    assert fastest(trials[2:]) is None


def test_a_runtime_that_answers_something_else_is_not_taken_however_fast(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNTIMES, "openvino-nothing", "made_backends:NothingBackend")
    _only(monkeypatch, "openvino-nothing", "openvino-fp32")
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "openvino-fp32"
    assert "openvino-nothing differs (mask IoU 0.0, expected 0.99)" in choice.reason


def test_the_next_family_is_tried_where_none_of_the_first_agrees(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNTIMES, "openvino-nothing", "made_backends:NothingBackend")
    monkeypatch.setitem(RUNTIMES, "onnxruntime-gone", "no_such_module:Backend")
    _only(monkeypatch, "openvino-nothing", "onnxruntime-gone", "torch-cpu")
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "torch-cpu"
    assert "onnxruntime-gone cannot be used" in choice.reason


def test_a_runtime_that_fails_while_it_answers_is_not_taken(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNTIMES, "torch-cuda-made", "made_backends:FailingBackend")
    _only(monkeypatch, "torch-cuda-made", "openvino-fp32")
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "openvino-fp32"
    assert "torch-cuda-made cannot be used (out of memory while answering)" in choice.reason


def test_what_was_remembered_and_fails_today_is_chosen_anew(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, "openvino-fp32", "torch-cpu")
    choose(weights, written, threads=1)[0].close()
    monkeypatch.setitem(RUNTIMES, "openvino-fp32", "made_backends:FailingBackend")
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "torch-cpu"


def test_without_openvino_the_others_are_compared_all_the_same(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "lmsfa.backends.openvino_cpu", raising=False)
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "onnxruntime-fp32"
    assert choice.trials[0].agreement > 0.99


def test_an_int8_network_made_anew_is_another_choice(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, "openvino-fp32")
    network = int8_path(weights, written.input_size_px)
    for content in (b"one", b"two"):
        network.write_bytes(content)
        choose(weights, written, threads=1)[0].close()
    assert len(list(memory.iterdir())) == 2


def test_a_gpu_that_cuts_by_thresholds_is_tried_without_and_runs_with_them(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNTIMES, "torch-cuda-made", "made_backends:CuttingBackend")
    _only(monkeypatch, "torch-cuda-made", "torch-cpu")
    backend, choice = choose(weights, written, threads=1)
    backend.close()
    assert choice.runtime == "torch-cuda-made"
    assert backend.card is written


def test_a_choice_is_remembered_and_only_what_was_chosen_is_loaded_again(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, "openvino-fp32", "torch-cpu")
    first, choice = choose(weights, written, threads=1)
    first.close()
    loaded: list[str] = []
    make = choosing.make_backend

    def counted(weights: Path, card: ModelCard, name: str, threads: int | None) -> object:
        loaded.append(name)
        return make(weights, card, name, threads)

    monkeypatch.setattr(choosing, "make_backend", counted)
    again, remembered = choose(weights, written, threads=1)
    again.close()
    assert remembered == choice
    assert loaded == ["openvino-fp32"]


@pytest.mark.parametrize(
    "found",
    [
        b"{",
        b"[]",
        b'{"runtime": "openvino-fp32"}',
        json.dumps({"runtime": "gone", "trials": []}).encode(),
    ],
)
def test_what_cannot_be_remembered_is_chosen_anew(
    weights: Path,
    written: ModelCard,
    memory: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: bytes,
) -> None:
    _only(monkeypatch, "openvino-fp32")
    choose(weights, written, threads=1)[0].close()
    [kept] = memory.iterdir()
    right = kept.read_bytes()
    kept.write_bytes(found)
    choose(weights, written, threads=1)[0].close()
    assert json.loads(kept.read_bytes())["runtime"] == json.loads(right)["runtime"]


def test_another_budget_of_threads_is_another_choice(
    weights: Path, written: ModelCard, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, "openvino-fp32")
    for threads in (1, 2, 1):
        choose(weights, written, threads)[0].close()
    assert len(list(memory.iterdir())) == 2


def test_without_any_runtime_one_line_says_what_each_failed_by(
    weights: Path, written: ModelCard, memory: Path
) -> None:
    with pytest.raises(
        EngineError, match=r"no runtime here can answer: x cannot be used \(runtime"
    ):
        choose_among(weights, written, ["x"])
    assert not memory.exists()


def test_auto_says_why_and_a_named_runtime_needs_no_reason(
    weights: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, "openvino-fp32")
    engine = load_engine(weights, threads=1)
    assert engine.reason.startswith("fastest that agrees here: openvino-fp32")
    engine.close()
    engine = load_engine(weights, "openvino-fp32", threads=1)
    assert engine.reason == ""
    engine.close()


def test_answers_agree_as_far_as_their_masks_do() -> None:
    detections = np.array([[8, 8, 56, 56, 0.9, 1], [0, 0, 64, 40, 0.1, -1]], np.float32)
    grid = np.full((16, 16, 1), -4.0, np.float32)
    grid[4:12, 4:12] = 4.0
    half = grid.copy()
    half[4:12, 4:8] = -4.0
    whole = RawAnswer(detections[:1], grid)
    assert answers_agree(whole, whole, 1, 64) == 1.0
    assert answers_agree(whole, RawAnswer(detections[:1], half), 1, 64) == pytest.approx(
        0.5, abs=0.06
    )
    assert answers_agree(whole, RawAnswer(detections[1:], grid), 1, 64) < 0.1


def test_engines_compares_every_runtime_on_annotated_pictures(
    weights: Path, shapes_dataset: Path, memory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "engines",
        "--weights",
        str(weights),
        "--data",
        str(shapes_dataset),
        "--threads",
        "1",
    ]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    usable = [trial["runtime"] for trial in report["trials"] if not trial["fault"]]
    assert report["auto"] == usable[0]
    assert {"openvino-fp32", "onnxruntime-fp32", "torch-cpu"} <= set(usable)
    assert [row["runtime"] for row in report["differences"]] == usable
