"""OpenVINO on the CPU, the default where there is no GPU. Runs without importing torch.

A weights file is converted once, in a child process, and kept in the user's cache folder under its
hash: importing torch here would hold the interpreter for seconds while the picture should move.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from platformdirs import user_cache_path

import lmsfa
from lmsfa.card import ModelCard, sha256_of
from lmsfa.postprocess import RawAnswer
from lmsfa.registry import EngineError

CONVERSION = 1
"""Raised whenever the conversion changes, so that older files in the cache are not used."""
CONVERSION_LIMIT_S = 300


class _OpenVino:
    """One compiled network with one request, at a fixed precision."""

    runtime = "OpenVINO"
    precision = "f32"

    def __init__(self, weights: Path, card: ModelCard) -> None:
        core = openvino.Core()
        self.device = str(core.get_property("CPU", "FULL_DEVICE_NAME")).strip()
        model = core.read_model(_converted(weights, card))
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": _threads(),
        }
        self._request = core.compile_model(model, "CPU", settings).create_infer_request()

    def __call__(self, canvas: NDArray[np.uint8]) -> RawAnswer:
        """As `Backend`."""
        self._request.infer([canvas[None]], share_inputs=True)
        detections = self._request.get_output_tensor(0).data
        prototypes = self._request.get_output_tensor(1).data
        return RawAnswer(detections, prototypes)

    def close(self) -> None:
        """Drops the request; OpenVINO frees its memory with it."""
        del self._request


class OpenVinoFp32(_OpenVino):
    """float32."""

    runtime = "OpenVINO fp32"
    precision = "f32"


class OpenVinoBf16(_OpenVino):
    """bfloat16 inside, float32 at the border; for processors that compute with it."""

    runtime = "OpenVINO bf16"
    precision = "bf16"


def has_bf16() -> bool:
    """Whether this processor computes with bfloat16."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _threads() -> int:
    """All cores but one that the picture keeps, from four cores on; two cores are both needed."""
    cores = os.cpu_count() or 1
    return cores - 1 if cores >= 4 else cores


def _converted(weights: Path, card: ModelCard) -> Path:
    """Path of the converted network, made if the cache does not hold it."""
    folder = user_cache_path("lmsfa-overlay", appauthor=False) / "openvino"
    name = f"{sha256_of(weights)[:24]}-{card.input_size_px}-{lmsfa.__version__}-{CONVERSION}.xml"
    path = folder / name
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _convert(weights, path)
    return path


def _convert(weights: Path, path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "lmsfa",
        "export",
        "--weights",
        str(weights),
        "--output",
        str(path),
    ]
    root = str(Path(lmsfa.__file__).parents[1])
    search = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=CONVERSION_LIMIT_S,
            env={**os.environ, "PYTHONPATH": search},
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        reason = said[-1].removeprefix("error: ") if said else "no reason given"
        raise EngineError(reason) from None
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"{weights}: conversion for OpenVINO took over {CONVERSION_LIMIT_S} s; "
            "try --runtime torch-cpu"
        ) from None
