"""The promises that only a running window can keep, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QSize
from PySide6.QtWidgets import QApplication

from app.core.pipeline import DEFAULT_MAX_AGE_MS, STALL_PERIODS
from app.core.self_test.coded_picture import RATE_FPS, CodedPicture
from app.core.self_test.promise import Promise
from app.core.snapshot import Signal
from app.ui.controller import Controller
from app.ui.notices import Answer
from app.ui.self_test.witness import Witness, pixels_of
from app.ui.verdicts import GOOD_AVAILABILITY, MOST_DELAY_MS
from app.ui.video_view import Layer
from app.ui.window import Window

LONGEST_GAP_MS = 50.0
PERIODS_MS = STALL_PERIODS * 1000 / RATE_FPS
BOUND_MS = {
    Signal.STALLED: PERIODS_MS,
    Signal.BLACK: PERIODS_MS,
    Signal.BLUE: PERIODS_MS,
    Signal.BARS: PERIODS_MS,
    Signal.SWAPPED: PERIODS_MS,
    Signal.SLATE: 1000.0,
    Signal.FROZEN: 1000.0,
}
"""How soon each fault is named on screen, the overlay withdrawn."""
SETTLE_S = 2.0
LOADING_S = 90.0
PATIENCE_S = 5.0
ENOUGH_ANSWERS = 3
"""Of a model that was loaded anew; one might be left of the model before."""


class Checks:
    """A window under test, its witness, and the picture that can be made to fail.

    Args:
        window: the window, on screen.
        controller: what decides in it.
        source: what the pipeline shows.
        weights: the model that is loaded, for loading it again.
    """

    def __init__(
        self, window: Window, controller: Controller, source: CodedPicture, weights: Path
    ) -> None:
        self._window, self._controller = window, controller
        self._source, self._weights = source, weights
        self.witness = Witness(window, controller, source.captured_s)

    @staticmethod
    def wait_until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
        """Lets the window live until the condition holds; False where it did not in time."""
        give_up_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > give_up_s:
                return False
            # Wakes with the witness's beat; with a time limit Qt would not sleep at all.
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return True

    def ready(self) -> bool:
        """Waits for the first overlay, then for caches to fill; False where none comes."""
        if not self.wait_until(self._has_overlay, LOADING_S):
            return False
        settled_s = time.monotonic() + SETTLE_S
        return self.wait_until(lambda: time.monotonic() > settled_s, SETTLE_S + 1)

    def picture_and_overlay(self, seconds: float) -> list[Promise]:
        """Delay of the picture, age and availability of the overlay, promptness of the window."""
        witness = self.witness
        witness.begin()
        self.wait_until(lambda: witness.counted_s >= seconds, seconds + PATIENCE_S)
        painted, ages = len(witness.painted_at_s), witness.ages_ms
        share = len(ages) / painted if painted else 0.0
        return [
            _at_most("added video delay, 99 %", MOST_DELAY_MS, _p99(witness.delays_ms)),
            _at_most("overlay age when painted, 99 %", DEFAULT_MAX_AGE_MS, _p99(ages)),
            Promise(
                "availability of the overlay",
                f">= {GOOD_AVAILABILITY * 100:.0f} %",
                f"{share * 100:.1f} %",
                share >= GOOD_AVAILABILITY,
            ),
            _at_most(
                "longest stall of the window", LONGEST_GAP_MS, max(witness.gaps_ms, default=np.nan)
            ),
        ]

    def ai_off(self) -> Promise:
        """AI OFF withdraws the overlay in the next frame, and stays through another model."""
        self.wait_until(self._has_overlay)
        self.witness.begin()
        self._controller.press_ai_off()
        answered = self._answered()
        self._controller.load(self._weights)
        self.wait_until(lambda: self._answered() < answered)
        self.wait_until(lambda: self._answered() > ENOUGH_ANSWERS, LOADING_S)
        latched = self.witness.scene is not None and self.witness.scene.ai_off
        marked = len(self.witness.ages_ms)
        self._controller.answer(Answer.TURN_AI_ON)
        back = self.wait_until(self._has_overlay)
        found = f"{marked} frames with an overlay, {'latched' if latched else 'not latched'}"
        return Promise(
            "AI OFF, also through a restart", "0, latched", found, latched and not marked and back
        )

    def signals(self) -> list[Promise]:
        """Every fault of the signal is named by its own word in time, the overlay withdrawn."""
        return [self._signal(fault, bound_ms) for fault, bound_ms in BOUND_MS.items()]

    def _signal(self, fault: Signal, bound_ms: float) -> Promise:
        self.wait_until(self._has_overlay)
        self._source.fault = fault
        named = self.wait_until(lambda: self._says(fault), 2 * bound_ms / 1000 + 1)
        named_s = time.monotonic()
        scene, begun_s = self.witness.scene, self._source.begun_s
        withdrawn = scene is not None and scene.layer is None
        self._source.fault = Signal.GOOD
        back = self.wait_until(self._has_overlay)
        name = f"{fault.value.lower()}: named"
        if not named or begun_s is None:
            return Promise(name, f"<= {bound_ms:.0f} ms", "not named", kept=False)
        took_ms = (named_s - begun_s) * 1000
        notes = ("" if withdrawn else ", overlay left") + ("" if back else ", no overlay after it")
        kept = took_ms <= bound_ms and withdrawn and back
        return Promise(name, f"<= {bound_ms:.0f} ms", f"{took_ms:.0f} ms{notes}", kept)

    def pixels_outside(self) -> Promise:
        """Outside of the overlay the window shows the picture as it shows it with AI off."""
        name, bound = "pixels outside the overlay", "0 differ"
        self.wait_until(self._has_overlay)
        scene = self.witness.scene
        if scene is None or scene.layer is None or scene.snapshot.frame is None:
            return Promise(name, bound, "no overlay came", kept=False)
        view, frame, layer = self._window.view, scene.snapshot.frame, scene.layer.copy()
        place = view.picture_rect()
        view.show_frame(frame, layer)
        marked = pixels_of(view.grab(place).toImage())
        view.show_frame(frame, None)
        raw = pixels_of(view.grab(place).toImage())
        where = _touched(layer, place.size())
        differ = int(np.count_nonzero((marked != raw).any(axis=2) & ~where))
        inside = int(np.count_nonzero(where))
        return Promise(name, bound, f"{differ} differ, {inside} inside", differ == 0 < inside)

    def _has_overlay(self) -> bool:
        scene = self.witness.scene
        return scene is not None and scene.layer is not None

    def _answered(self) -> int:
        scene = self.witness.scene
        return 0 if scene is None else scene.snapshot.model.frames_answered

    def _says(self, fault: Signal) -> bool:
        return any(fault.value in text for text in self._window.chips.texts)


def _touched(layer: Layer, size: QSize) -> NDArray[np.bool_]:
    """Where a layer may change a screen of this size: on what it covers, and right beside it."""
    covered = (layer[..., 3] > 0).astype(np.float32)
    shown = cv2.resize(covered, (size.width(), size.height()), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.dilate(shown, np.ones((3, 3), np.uint8)) > 0)


def _p99(values: Sequence[float]) -> float:
    return float(np.percentile(values, 99)) if values else float("nan")


def _at_most(name: str, bound_ms: float, found_ms: float) -> Promise:
    # Nothing measured is NaN, and NaN keeps no promise.
    found = "nothing measured" if np.isnan(found_ms) else f"{found_ms:.1f} ms"
    return Promise(name, f"<= {bound_ms:.0f} ms", found, bool(found_ms <= bound_ms))
