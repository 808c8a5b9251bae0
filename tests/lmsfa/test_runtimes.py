"""Every runtime gives the answers of plain torch: shipped weights, frames of the demo clip."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from lmsfa.backends import RUNTIMES, runtimes_here
from lmsfa.backends.agreement import matched_overlaps
from lmsfa.card import card_path, read_card
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine, load_engine

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights" / "lmsfa-larynx.safetensors"
CLIP = ROOT / "resources" / "demo" / "larynx-demo.mkv"


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Four frames of the clip, from four different key frames."""
    with av.open(str(CLIP)) as clip:
        decoded = [
            f.to_ndarray(format="rgb24")
            for i, f in enumerate(clip.decode(video=0))
            if i % 100 == 50
        ]
    return decoded[:4]


@pytest.fixture(scope="module")
def reference(frames: list[np.ndarray]) -> Iterator[list[Prediction]]:
    """What plain torch answers."""
    engine = load_engine(WEIGHTS, "torch-cpu", threads=1)
    yield [engine.predict(frame) for frame in frames]
    engine.close()


def _matches(engine: Engine, frames: list[np.ndarray], reference: list[Prediction]) -> list[float]:
    """Mask IoU of each sure reference instance with the best answer of its class."""
    found = []
    for frame, expected in zip(frames, reference, strict=True):
        # At the threshold itself an instance may come or go with the last digit.
        least = engine.card.score_threshold + 0.1
        sure = [instance for instance in expected.instances if instance.score > least]
        found += matched_overlaps(sure, engine.predict(frame).instances, frame.shape[:2])
    assert len(found) >= 4
    return found


def _runtimes() -> list[object]:
    """All but the reference; those of a GPU are marked, and skipped where they are missing.

    int8 is judged by its AP50 instead, when it is made (test_int8.py).
    """
    here = runtimes_here(WEIGHTS, read_card(card_path(WEIGHTS)))
    marks = {
        name: pytest.mark.skipif(name not in here, reason=f"{name} is not here")
        for name in RUNTIMES
        if name not in ("torch-cpu", "openvino-int8")
    }
    gpu = ("tensorrt-fp16", "torch-cuda")
    return [
        pytest.param(name, marks=(mark, pytest.mark.gpu) if name in gpu else mark)
        for name, mark in marks.items()
    ]


@pytest.mark.parametrize("runtime", _runtimes())
def test_a_runtime_agrees_with_torch_and_with_itself(
    runtime: str, frames: list[np.ndarray], reference: list[Prediction]
) -> None:
    engine = load_engine(WEIGHTS, runtime, threads=1)
    matches = _matches(engine, frames, reference)
    _answers_alike_after_another(engine, frames[0])
    engine.close()
    assert np.median(matches) >= (0.99 if runtime.endswith("fp32") else 0.97)
    assert min(matches) >= (0.99 if runtime.endswith("fp32") else 0.9)


def test_the_runtimes_here_are_known_and_in_the_order_of_choice() -> None:
    here = runtimes_here(WEIGHTS, read_card(card_path(WEIGHTS)))
    assert here == tuple(name for name in RUNTIMES if name in here)
    assert here[-1] == "torch-cpu"
    assert {"openvino-fp32", "onnxruntime-fp32"} <= set(here)


def _answers_alike_after_another(engine: Engine, frame: np.ndarray) -> None:
    """Nothing of a picture is left in what is answered to the next but one."""
    first = engine.predict(frame)
    engine.predict(np.zeros((240, 320, 3), np.uint8))
    again = engine.predict(frame)
    assert [i.box_xyxy for i in first.instances] == [i.box_xyxy for i in again.instances]
    for a, b in zip(first.instances, again.instances, strict=True):
        assert np.array_equal(a.mask, b.mask)
