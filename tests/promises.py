"""Measures the window's promises: the real window, the demo clip, the shipped weights.

    python -m tests.promises [--seconds 60] [--started SECONDS_SINCE_1970]

Prints one JSON object and exits with 1 where a promise was not kept. Where there is no display the
window is drawn into memory.
"""

import argparse
import json
import math
import time
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from app.core.pipeline import DEFAULT_MAX_AGE_MS, Pipeline
from app.core.snapshot import ModelState
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.scene import Scene
from app.ui.self_test.checks import LONGEST_GAP_MS
from app.ui.self_test.witness import Witness
from app.ui.verdicts import GOOD_AVAILABILITY, ON_RATE_SHARE
from app.ui.window import Window
from lmsfa.shipped import DEMO_CLIP, WEIGHTS
from tests.off_screen import draw_into_memory_without_display

SETTLE_S = 3.0
"""The first seconds after the model is ready are left out: caches fill."""
PATIENCE_S = 300.0
"""For the first overlay; after that nothing is waited for any more."""
MOVING_S = 20.0
"""From the program's start to a picture that moves, at most."""
OVERLAY_S = 60.0
"""From the program's start to the first overlay, at most."""


class StartWitness(Witness):
    """Sees besides when the picture first moves, when the first overlay comes, and the answers."""

    def __init__(self, window: Window, controller: Controller) -> None:
        super().__init__(window, controller)
        self._settles = False
        self._frames_seen = 0
        self.moving_at: float | None = None
        self.overlay_at: float | None = None
        self.answers_at: list[tuple[float, int]] = []
        window.view.painted.connect(self._on_start)

    def _show(self, scene: Scene) -> None:
        super()._show(scene)
        model = scene.snapshot.model
        # Also where every answer comes too late to be shown.
        if model.state is ModelState.READY and model.frames_answered and not self._settles:
            self._settles = True
            QTimer.singleShot(round(SETTLE_S * 1000), self, self.begin)

    def has_seen(self, seconds: float) -> bool:
        """Whether it has counted for so many seconds, and an overlay has come."""
        return self.counted_s >= seconds and self.overlay_at is not None

    def _on_start(self) -> None:
        """When a second frame is painted, the picture moves."""
        if self.scene is None:
            return
        snapshot = self.scene.snapshot
        frames = snapshot.source.frames_read
        if self.moving_at is None and frames > self._frames_seen > 0:
            self.moving_at = time.time()
        self._frames_seen = frames
        if self.overlay_at is None and self.scene.layer is not None:
            self.overlay_at = time.time()
        if self.counted_s > 0:
            self.answers_at.append((time.monotonic(), snapshot.model.frames_answered))


def _rate(points: list[tuple[float, int]]) -> float:
    (first_s, first), (last_s, last) = points[0], points[-1]
    return (last - first) / (last_s - first_s)


def measure(
    seconds: float, started: float | None = None, max_age_ms: float = DEFAULT_MAX_AGE_MS
) -> dict[str, Any]:
    """Plays the demo in the real window for some seconds and says what was seen.

    Args:
        seconds: how long.
        started: when the program was started, seconds since 1970; now unless given.
        max_age_ms: of overlays.
    """
    started = started or time.time()
    application = make_application()
    pipeline = Pipeline(max_age_ms=max_age_ms, engine_loader=ChildLoader())
    controller = Controller(pipeline)
    controller.load(WEIGHTS)
    controller.open(str(DEMO_CLIP))
    window = Window(controller)
    witness = StartWitness(window, controller)
    window.show()
    deadline_s = time.monotonic() + seconds + PATIENCE_S
    while not witness.has_seen(seconds) and time.monotonic() < deadline_s:
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    snapshot = pipeline.snapshot(time.monotonic())
    window.close()
    pipeline.close()
    frames = len(witness.painted_at_s)
    if frames < 2:
        why = snapshot.source.message or snapshot.model.message or "the model never answered"
        raise SystemExit(f"nothing could be measured: {why}")
    gaps_ms = np.array(witness.gaps_ms)
    ages_ms = np.array(witness.ages_ms if len(witness.ages_ms) else [math.nan])
    return {
        "seconds": round(witness.counted_s, 1),
        "moving_picture_after_s": round((witness.moving_at or math.nan) - started, 2),
        "first_overlay_after_s": round((witness.overlay_at or math.nan) - started, 2),
        "engine": snapshot.model.runtime,
        "why": snapshot.model.reason,
        "device": snapshot.model.device,
        "clip_fps": snapshot.source.info.rate_fps,
        "painted_fps": round(_rate([(s, n) for n, s in enumerate(witness.painted_at_s)]), 2),
        "model_fps": round(_rate(witness.answers_at), 2),
        "model_p50_ms": round(snapshot.model.p50_ms or 0, 1),
        "overlay_age_ms": {
            "p50": round(float(np.percentile(ages_ms, 50)), 1),
            "p99": round(float(np.percentile(ages_ms, 99)), 1),
        },
        "availability": round(len(witness.ages_ms) / frames, 4),
        "longest_event_loop_gap_ms": round(float(gaps_ms.max()), 1),
        "gaps_over_50_ms": int((gaps_ms > 50).sum()),
    }


def kept(seen: dict[str, Any]) -> dict[str, bool]:
    """Which promises hold, by what `measure` saw; what was never seen (NaN) keeps none."""
    return {
        "moving_picture": seen["moving_picture_after_s"] <= MOVING_S,
        "first_overlay": seen["first_overlay_after_s"] <= OVERLAY_S,
        "painted_rate": seen["painted_fps"] >= ON_RATE_SHARE * seen["clip_fps"],
        "overlay_age": seen["overlay_age_ms"]["p99"] <= DEFAULT_MAX_AGE_MS,
        "availability": seen["availability"] >= GOOD_AVAILABILITY,
        "event_loop": seen["longest_event_loop_gap_ms"] <= LONGEST_GAP_MS,
    }


def main() -> None:
    """Reads the arguments, prints the figures; exits with 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--started", type=float)
    options = parser.parse_args()
    draw_into_memory_without_display()
    seen = measure(options.seconds, options.started)
    found = kept(seen)
    print(json.dumps({**seen, "kept": found}, indent=2))
    raise SystemExit(0 if all(found.values()) else 1)


if __name__ == "__main__":
    main()
