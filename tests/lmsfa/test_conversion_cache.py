"""A converted network is kept, and used only where it is whole and made from these weights."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from lmsfa.backends import conversion_cache
from lmsfa.backends.onnxruntime_cpu import ONNX
from lmsfa.backends.openvino_cpu import OPENVINO
from lmsfa.card import card_path
from lmsfa.prediction import Prediction
from lmsfa.registry import EngineError, load_engine

ROOT = Path(__file__).parents[2]
FRAME = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of a test, empty."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(conversion_cache, "user_cache_path", lambda *_, **__: folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was converted by the tests of this module: the same is not made twice, but copied."""
    return tmp_path_factory.mktemp("made")


def _answer(weights: Path, runtime: str = "openvino-fp32") -> Prediction:
    engine = load_engine(weights, runtime, score_threshold=0.0)
    prediction = engine.predict(FRAME)
    engine.close()
    return prediction


def _boxes(weights: Path, runtime: str = "openvino-fp32") -> list[tuple[float, ...]]:
    return [instance.box_xyxy for instance in _answer(weights, runtime).instances]


@pytest.fixture
def conversions(made: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Filled with a path at every conversion."""
    real, done = conversion_cache._convert, []

    def counted(weights: Path, size_px: int, path: Path, options: tuple[str, ...]) -> None:
        done.append(path)
        read = weights.read_bytes() + card_path(weights).read_bytes()
        known = made / f"{sha256(read).hexdigest()}-{size_px}-{path.name}"
        if not known.exists():
            real(weights, size_px, path, options)
            shutil.copytree(path.parent, known)
        shutil.copytree(known, path.parent, dirs_exist_ok=True)

    monkeypatch.setattr(conversion_cache, "_convert", counted)
    return done


def _kept(cache: Path) -> list[Path]:
    """The files of the only network in the cache."""
    [kind] = cache.iterdir()
    [folder] = kind.iterdir()
    return sorted(folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["openvino-fp32", "onnxruntime-fp32"])
def test_a_network_is_converted_once_and_again_when_its_file_was_cut(
    weights: Path, cache: Path, conversions: list[Path], runtime: str
) -> None:
    first = _boxes(weights, runtime)
    assert first
    assert _boxes(weights, runtime) == first
    assert len(conversions) == 1
    [constants] = [path for path in _kept(cache) if path.suffix in {".bin", ".onnx"}]
    whole = constants.read_bytes()
    # As long as before but empty inside: what a power cut leaves, and what a reader would swallow.
    constants.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    assert _boxes(weights, runtime) == first
    assert len(conversions) == 2
    assert constants.read_bytes() == whole


@pytest.mark.slow
def test_a_card_of_another_shape_is_refused_although_the_weights_are_in_the_cache(
    weights: Path, cache: Path, conversions: list[Path]
) -> None:
    _answer(weights)
    said = json.loads(card_path(weights).read_text())
    said["architecture"]["units"] = 2
    card_path(weights).write_text(json.dumps(said))
    with pytest.raises(EngineError, match="do not belong together") as caught:
        _answer(weights)
    assert "\n" not in str(caught.value)
    assert len(list((cache / "openvino").iterdir())) == 1


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_costs_time_not_the_model(
    weights: Path, cache: Path, conversions: list[Path]
) -> None:
    cache.write_text("a file where the folder should be")
    assert _boxes(weights)
    assert conversions


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the cache is moved by Linux's variable")
def test_two_processes_that_convert_at_once_both_answer(weights: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path / "shared"),
        "PYTHONPATH": str(ROOT),
    }
    code = (
        "import sys, pathlib; from lmsfa.registry import load_engine; "
        "load_engine(pathlib.Path(sys.argv[1]), 'openvino-fp32')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(weights)], env=environment)
        for _ in range(2)
    ]
    assert [process.wait(300) for process in both] == [0, 0]
    (folder,) = (tmp_path / "shared" / "lmsfa-overlay" / "openvino").iterdir()
    assert conversion_cache._is_whole(folder)


def test_the_key_changes_with_all_that_the_conversion_reads(weights: Path) -> None:
    card = load_engine(weights, "torch-cpu").card
    others = [
        replace(card, input_size_px=128),
        replace(card, architecture={**card.architecture, "units": 2}),
        replace(card, classes=card.classes[:1], draw_priority=card.draw_priority[:1]),
    ]
    keys = {conversion_cache.conversion_key(weights, entry, OPENVINO) for entry in (card, *others)}
    assert len(keys) == 4
    strict = replace(card, score_threshold=0.9)
    assert conversion_cache.conversion_key(weights, strict, OPENVINO) in keys
    assert conversion_cache.conversion_key(weights, card, replace(ONNX, version=9)) not in keys
