"""Runs the whole self-test in a window of its own."""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from app.core.pipeline import Pipeline
from app.core.self_test.coded_picture import CodedPicture
from app.core.self_test.cut_recording import cut_recording
from app.core.self_test.promise import Promise, SelfTestAnswer, finished_now
from app.core.snapshot import ModelStatus
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.self_test.checks import Checks
from app.ui.window import Window

MEASURED_S = 8.0
SIXTY_S = 6.0
"""360 pictures: of half as many the second latest would decide, and any machine is held up once."""
WHOLE_S = 54.0
"""After so long nothing more is tried; what was not tried has failed."""
HUNG_S = 58.0
"""After so long the program ends itself, with the exit code of a failed self-test."""


def self_test(weights: Path, runtime: str, threads: int | None) -> SelfTestAnswer:
    """Tries every promise in a window that closes at the end. On Qt's main thread.

    It takes less than a minute: a check that hangs has failed, and where the window itself hangs,
    the process ends.

    Args:
        weights: a .safetensors file with its card beside it.
        runtime: "auto", or the name of a runtime.
        threads: how many the model may use; None leaves the picture a core.
    """
    faulthandler.dump_traceback_later(HUNG_S, exit=True)
    try:
        return _tried(weights, runtime, threads, time.monotonic() + WHOLE_S)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _tried(weights: Path, runtime: str, threads: int | None, deadline_s: float) -> SelfTestAnswer:
    make_application()
    recording = cut_recording()
    sources = {"self-test": CodedPicture()}

    def sixty() -> tuple[str, CodedPicture]:
        spec = f"self-test at 60, {len(sources)}"
        sources[spec] = CodedPicture(rate_fps=60.0)
        return spec, sources[spec]

    loader = ChildLoader(threads)
    with closing(Pipeline(engine_loader=loader, source_opener=sources.__getitem__)) as pipeline:
        controller = Controller(pipeline)
        window = Window(controller)
        window.setWindowTitle("Self-test - research use only")
        checks = Checks(window, controller, sources["self-test"], weights, deadline_s)
        controller.open("self-test")
        controller.load(weights, runtime)
        window.show()
        promises = [recording]
        if checks.ready():
            promises += every_promise(checks, sixty, deadline_s)
        scene = checks.witness.scene
        model = scene.snapshot.model if scene is not None else None
        window.close()
    if len(promises) == 1:
        promises.append(Promise("the model answers", "yes", "no", kept=False))
    return finished_now(tuple(promises), _engine_words(model))


def every_promise(
    checks: Checks, sixty: Callable[[], tuple[str, CodedPicture]], deadline_s: float
) -> list[Promise]:
    """What the checks find, one after the other, as long as there is time.

    Args:
        checks: of a window with an overlay.
        sixty: makes a source of 60 pictures a second, and what opens it.
        deadline_s: from then on nothing more is tried, monotonic clock, seconds.
    """
    rows: dict[str, Callable[[], list[Promise]]] = {
        "picture and overlay": lambda: checks.picture_and_overlay(MEASURED_S),
        "pixels outside the overlay": lambda: [checks.pixels_outside()],
        "faults of the signal": checks.signals,
        "AI OFF": lambda: [checks.ai_off()],
        "model killed": lambda: [checks.model_killed()],
        "60 pictures a second": lambda: checks.sixty(sixty, SIXTY_S),
    }
    found: list[Promise] = []
    for name, check in rows.items():
        if time.monotonic() < deadline_s:
            found += _tried_twice(check, deadline_s)
        else:
            found.append(Promise(name, f"within {WHOLE_S:.0f} s", "not tried", kept=False))
    return found


def _tried_twice(check: Callable[[], list[Promise]], deadline_s: float) -> list[Promise]:
    """What a check finds, once more where something failed: any machine is held up now and then.

    A promise that is broken is broken twice. The second answer counts, and says that it is one.
    """
    found = check()
    if all(promise.kept for promise in found) or time.monotonic() > deadline_s:
        return found
    return [replace(again, found=f"{again.found} (second try)") for again in check()]


def _engine_words(model: ModelStatus | None) -> str:
    if model is None or not model.runtime:
        return f"no engine ({model.message if model is not None else 'nothing was loaded'})"
    return f"{model.runtime}, {model.device}"
