"""OpenVINO on the CPU, the default where there is no GPU. Runs without importing torch.

A weights file is converted once, in a child process, and kept in the user's cache folder under what
it was made from: importing torch here would hold the interpreter for seconds while the picture
should move.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openvino
from numpy.typing import NDArray
from platformdirs import user_cache_path

import lmsfa
from lmsfa.card import ModelCard, sha256_of
from lmsfa.letterbox import Canvas, Letterbox
from lmsfa.postprocess import RawAnswer
from lmsfa.registry import EngineError

CONVERSION = 2
"""Raised whenever the conversion changes, so that older files in the cache are not used."""
NETWORK_FILE = "network.xml"
HASH_FILE = "network.sha256"
CONVERSION_LIMIT_S = 300
HINTS = {"fp32": "f32", "bf16": "bf16"}
"""OpenVINO's word for a precision."""


class _OpenVino:
    """One compiled network with one request, at a fixed precision."""

    runtime = "OpenVINO"
    precision = "fp32"

    def __init__(self, weights: Path, card: ModelCard) -> None:
        self._canvas = Canvas(card.input_size_px)
        core = openvino.Core()
        self.device = processor(core)
        self._request = compiled(core, _read_model(core, weights, card), self.precision)

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> RawAnswer:
        """As `Backend`."""
        canvas = self._canvas.draw(rgb, place)
        self._request.infer([canvas[None]], share_inputs=True, share_outputs=True)
        detections = self._request.get_output_tensor(0).data
        prototypes = self._request.get_output_tensor(1).data
        return RawAnswer(detections, prototypes)

    def close(self) -> None:
        """Drops the request; OpenVINO frees its memory with it."""
        del self._request


class OpenVinoFp32(_OpenVino):
    """float32."""

    runtime = "OpenVINO fp32"
    precision = "fp32"


class OpenVinoBf16(_OpenVino):
    """bfloat16 inside, float32 at the border; for processors that compute with it."""

    runtime = "OpenVINO bf16"
    precision = "bf16"


def compiled(core: openvino.Core, model: openvino.Model, precision: str) -> openvino.InferRequest:
    """One request of `model`, compiled to answer one picture soonest.

    Args:
        core: of the process.
        model: with inputs of fixed shapes.
        precision: a key of `HINTS`.
    """
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "INFERENCE_NUM_THREADS": _threads(),
    }
    return core.compile_model(model, "CPU", settings).create_infer_request()


def processor(core: openvino.Core) -> str:
    """The processor's name."""
    return str(core.get_property("CPU", "FULL_DEVICE_NAME")).strip()


def has_bf16() -> bool:
    """Whether this processor computes with bfloat16."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _threads() -> int:
    """All cores but one that the picture keeps, from four cores on; two cores are both needed."""
    cores = os.cpu_count() or 1
    return cores - 1 if cores >= 4 else cores


def _read_model(core: openvino.Core, weights: Path, card: ModelCard) -> openvino.Model:
    """The converted network, from the cache where it holds a whole one, else made now."""
    kept = user_cache_path("lmsfa-overlay", appauthor=False) / "openvino" / _key(weights, card)
    if _is_whole(kept):
        return core.read_model(kept / NETWORK_FILE)
    shutil.rmtree(kept, ignore_errors=True)
    # A mapped file cannot be deleted everywhere; what is left over is the system's to clear.
    with TemporaryDirectory(dir=_near(kept), ignore_cleanup_errors=True) as work:
        made = Path(work) / "made"
        made.mkdir()
        _convert(weights, card.input_size_px, made / NETWORK_FILE)
        (made / HASH_FILE).write_text(_hash(made), encoding="ascii")
        # One rename shows all files at once; it fails where another process was first.
        with suppress(OSError):
            made.rename(kept)
            made = kept
        return core.read_model(made / NETWORK_FILE)


def _key(weights: Path, card: ModelCard) -> str:
    """What the conversion depends on: weights, and what the card says of their network."""
    said = [dict(card.architecture), len(card.classes), card.input_size_px]
    made_by = [lmsfa.__version__, CONVERSION]
    text = json.dumps([sha256_of(weights), said, made_by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _near(kept: Path) -> Path | None:
    """The cache folder, made if need be; None, the system's own, where it cannot be written."""
    folder = kept.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds the network that was put there; a full disk or a crash cuts files."""
    try:
        return (folder / HASH_FILE).read_text(encoding="ascii") == _hash(folder)
    except (OSError, ValueError):
        return False


def _hash(folder: Path) -> str:
    network = folder / NETWORK_FILE
    return sha256_of(network) + sha256_of(network.with_suffix(".bin"))


def _convert(weights: Path, size_px: int, path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "lmsfa",
        "export",
        "--weights",
        str(weights),
        "--output",
        str(path),
        "--size",
        str(size_px),
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
