"""Measures the window's promises: the real window, the demo clip, the shipped weights.

    python -m tests.promises [--seconds 60] [--started SECONDS_SINCE_1970]

Prints one JSON object. Needs a display, or QT_QPA_PLATFORM=offscreen.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.core.pipeline import Pipeline
from app.core.snapshot import ModelState
from app.core.supervision.engine import ChildLoader
from app.ui.controller import Controller
from app.ui.scene import Scene
from app.ui.theme import apply_theme
from app.ui.window import Window

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "resources" / "demo" / "larynx-demo.mkv"
WEIGHTS = ROOT / "weights" / "lmsfa-larynx.safetensors"
SETTLE_S = 3.0
"""The first seconds after the model is ready are left out: caches fill."""
BEAT_MS = 5


class Witness(QObject):
    """Watches a window from outside: painted frames, their overlays' age, late heartbeats."""

    def __init__(self, window: Window, controller: Controller) -> None:
        super().__init__()
        self._window = window
        self._scene: Scene | None = None
        self._painted_index: tuple[int, int] | None = None
        self._counts_from_s: float | None = None
        self.moving_at: float | None = None
        self.overlay_at: float | None = None
        self._frames_seen = 0
        self.ages_ms: list[float] = []
        self.frames = 0
        self.frames_read_at: list[tuple[float, int]] = []
        self.answers_at: list[tuple[float, int]] = []
        self.gaps_ms: list[float] = []
        self._last_beat_s = time.monotonic()
        window.view.installEventFilter(self)
        controller.start(self._show)
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self._beat.start()

    @property
    def counted_s(self) -> float:
        """How long the measurement has run, seconds."""
        return 0.0 if self._counts_from_s is None else time.monotonic() - self._counts_from_s

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Counts a frame when the view paints it for the first time."""
        if event.type() is QEvent.Type.Paint and self._scene is not None:
            self._on_start(self._scene)
            if self.counted_s > 0:
                self._on_paint(self._scene)
        return super().eventFilter(watched, event)

    def _show(self, scene: Scene) -> None:
        self._scene = scene
        self._window.show_scene(scene)
        ready = scene.snapshot.model.state is ModelState.READY and scene.snapshot.result is not None
        if ready and self._counts_from_s is None:
            QTimer.singleShot(round(SETTLE_S * 1000), self._begin)
            self._counts_from_s = float("inf")

    def _begin(self) -> None:
        self._counts_from_s = time.monotonic()

    def _on_start(self, scene: Scene) -> None:
        """When a second frame is painted, the picture moves."""
        frames = scene.snapshot.source.frames_read
        if self.moving_at is None and frames > self._frames_seen > 0:
            self.moving_at = time.time()
        self._frames_seen = frames
        if self.overlay_at is None and scene.layer is not None:
            self.overlay_at = time.time()

    def _on_paint(self, scene: Scene) -> None:
        frame, result = scene.snapshot.frame, scene.snapshot.result
        if frame is None or (frame.source_id, id(frame)) == self._painted_index:
            return
        now_s = time.monotonic()
        self._painted_index = (frame.source_id, id(frame))
        self.frames += 1
        self.frames_read_at.append((now_s, scene.snapshot.source.frames_read))
        self.answers_at.append((now_s, scene.snapshot.model.frames_answered))
        # The view looks at its clock after this one: what is too old here is not painted there.
        in_time = now_s <= scene.snapshot.expires_s
        if scene.layer is not None and result is not None and in_time:
            self.ages_ms.append((now_s - result.frame.captured_s) * 1000)

    def _on_beat(self) -> None:
        now_s = time.monotonic()
        if self.counted_s > 0:
            self.gaps_ms.append((now_s - self._last_beat_s) * 1000)
        self._last_beat_s = now_s


def _rate(points: list[tuple[float, int]]) -> float:
    (first_s, first), (last_s, last) = points[0], points[-1]
    return (last - first) / (last_s - first_s)


def measure(seconds: float, started: float | None = None) -> dict[str, object]:
    """Plays the demo in the real window for some seconds and says what was seen.

    Args:
        seconds: how long.
        started: when the program was started, seconds since 1970; now unless given.
    """
    started = started or time.time()
    application = QApplication.instance() or QApplication(["promises"])
    apply_theme(application)
    pipeline = Pipeline(engine_loader=ChildLoader())
    controller = Controller(pipeline)
    controller.load(WEIGHTS)
    controller.open(str(CLIP))
    window = Window(controller)
    witness = Witness(window, controller)
    window.show()
    deadline_s = time.monotonic() + seconds + 120
    while witness.counted_s < seconds and time.monotonic() < deadline_s:
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    snapshot = pipeline.snapshot(time.monotonic())
    window.close()
    pipeline.close()
    if witness.frames < 2:
        raise SystemExit("no frame was painted: is the clip or the model missing?")
    gaps_ms = np.array(witness.gaps_ms)
    return {
        "seconds": round(witness.counted_s, 1),
        "moving_picture_after_s": round((witness.moving_at or math.nan) - started, 2),
        "first_overlay_after_s": round((witness.overlay_at or math.nan) - started, 2),
        "engine": snapshot.model.runtime,
        "why": snapshot.model.reason,
        "device": snapshot.model.device,
        "clip_fps": snapshot.source.info.rate_fps,
        "painted_fps": round(_rate([(s, n) for n, (s, _) in enumerate(witness.frames_read_at)]), 2),
        "model_fps": round(_rate(witness.answers_at), 2),
        "model_p50_ms": round(snapshot.model.p50_ms or 0, 1),
        "overlay_age_ms": {
            "p50": round(float(np.percentile(witness.ages_ms, 50)), 1),
            "p99": round(float(np.percentile(witness.ages_ms, 99)), 1),
        },
        "availability": round(len(witness.ages_ms) / witness.frames, 4),
        "longest_event_loop_gap_ms": round(float(gaps_ms.max()), 1),
        "gaps_over_50_ms": int((gaps_ms > 50).sum()),
    }


def main() -> None:
    """Reads the argument and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--started", type=float)
    options = parser.parse_args()
    print(json.dumps(measure(options.seconds, options.started), indent=2))


if __name__ == "__main__":
    main()
