"""Runs the window."""

from __future__ import annotations

import signal
from pathlib import Path

import cv2
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.core.pipeline import Pipeline
from app.core.supervision.engine import ChildLoader
from app.ui.controller import Controller
from app.ui.theme import apply_theme, icon
from app.ui.wakefulness import Wakefulness
from app.ui.window import Window


def make_application() -> QApplication:
    """Qt's application in the program's own look; made once a process."""
    application = QApplication.instance() or QApplication(["lmsfa-overlay"])
    if not isinstance(application, QApplication):
        raise TypeError(f"a QApplication is needed, got {type(application).__name__}")
    # OpenCV's helpers wait by spinning, on cores that the model needs, and what is done with one
    # picture takes each of them no time worth sharing.
    cv2.setNumThreads(1)
    apply_theme(application)
    application.setWindowIcon(icon("lmsfa"))
    return application


def run_window(source: str, weights: Path, runtime: str, threads: int | None = None) -> int:
    """Opens the window on a source and a model and returns when it is closed.

    Args:
        source: file, folder, camera or stream, as `app.core.sources.open_source` takes it.
        weights: a .safetensors file with its card beside it.
        runtime: "auto", or the name of a runtime.
        threads: how many the model may use; None leaves the picture a core.

    Returns:
        The process's exit status.
    """
    application = make_application()
    pipeline = Pipeline(engine_loader=ChildLoader(threads))
    controller = Controller(pipeline)
    # Both begin while the window is built.
    controller.load(weights, runtime)
    controller.open(source)
    window = Window(controller)
    # The signal arrives between any two lines of Python; closing waits until they have run.
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, window.close))
    window.show()
    wakefulness = Wakefulness(pipeline)
    try:
        return application.exec()
    finally:
        wakefulness.close()
        pipeline.close()
