"""Runs the whole self-test in a window of its own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from app.core.pipeline import Pipeline
from app.core.self_test.coded_picture import CodedPicture
from app.core.self_test.cut_recording import cut_recording
from app.core.self_test.promise import SelfTestAnswer, finished_now
from app.core.snapshot import ModelStatus
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.self_test.checks import Checks
from app.ui.window import Window

MEASURED_S = 12.0


def self_test(weights: Path, runtime: str, threads: int | None) -> SelfTestAnswer:
    """Tries every promise in a window that closes at the end. On Qt's main thread.

    Args:
        weights: a .safetensors file with its card beside it.
        runtime: "auto", or the name of a runtime.
        threads: how many the model may use; None leaves the picture a core.
    """
    make_application()
    recording = cut_recording()
    source = CodedPicture()
    loader = ChildLoader(threads)
    with closing(Pipeline(engine_loader=loader, source_opener=lambda _spec: source)) as pipeline:
        controller = Controller(pipeline)
        window = Window(controller)
        window.setWindowTitle("Self-test - research use only")
        checks = Checks(window, controller, source, weights)
        controller.open("self-test")
        controller.load(weights, runtime)
        window.show()
        if checks.ready():
            promises = [
                *checks.picture_and_overlay(MEASURED_S),
                checks.pixels_outside(),
                *checks.signals(),
                checks.ai_off(),
                recording,
            ]
        else:
            promises = []
        scene = checks.witness.scene
        model = scene.snapshot.model if scene is not None else None
        window.close()
    return finished_now(tuple(promises), _engine_words(model))


def _engine_words(model: ModelStatus | None) -> str:
    if model is None or not model.runtime:
        return f"no engine ({model.message if model is not None else 'nothing was loaded'})"
    return f"{model.runtime}, {model.device}"
