"""The promises that only a running window can keep, one after the other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QApplication

from app.core.pipeline import DEFAULT_MAX_AGE_MS, STALL_PERIODS
from app.core.self_test.coded_picture import RATE_FPS, CodedPicture
from app.core.self_test.model_process import kill_model
from app.core.self_test.promise import Promise
from app.core.snapshot import Signal
from app.ui.controller import Controller
from app.ui.notices import Answer
from app.ui.self_test.witness import Witness, pixels_of
from app.ui.verdicts import GOOD_AVAILABILITY, MOST_DELAY_MS
from app.ui.video_view import Layer
from app.ui.window import Window
from lmsfa.naming.names import Names

LONGEST_GAP_MS = 50.0
PERIODS_MS = STALL_PERIODS * 1000 / RATE_FPS
BOUND_MS = {
    Signal.STALLED: PERIODS_MS,
    Signal.BLACK: PERIODS_MS,
    Signal.BLUE: PERIODS_MS,
    Signal.BARS: PERIODS_MS,
    Signal.SWAPPED: PERIODS_MS,
    Signal.RESIZED: PERIODS_MS,
    Signal.DAMAGED: PERIODS_MS,
    Signal.SLATE: 1000.0,
    Signal.FROZEN: 1000.0,
}
"""How soon each fault is named on screen, the overlay withdrawn."""
TIMED_SHARE = 0.9
"""Of the painted pictures at least; of fewer nobody knows how late the others were."""
REFRESHED_HZ = 54.0
"""Of 60; a screen may be a little slower."""
KILLED_MS = 500.0
"""How soon the death of the model's process is said."""
STOOD_MS = 250.0
"""The longest that the picture may stand meanwhile: nobody sees it pause."""
SETTLE_S = 2.0
LOADING_S = 90.0
PATIENCE_S = 5.0
LOOK_EVERY_MS = 5
ENOUGH_ANSWERS = 3
"""Of a model that was loaded anew; one might be left of the model before."""


class Checks:
    """A window under test, its witness, and the picture that can be made to fail.

    Args:
        window: the window, on screen.
        controller: what decides in it.
        source: what the pipeline shows.
        weights: the model that is loaded, for loading it again.
        deadline_s: when nothing is waited for any more, monotonic clock, seconds.
    """

    def __init__(
        self,
        window: Window,
        controller: Controller,
        source: CodedPicture,
        weights: Path,
        deadline_s: float = math.inf,
    ) -> None:
        self._window, self._controller = window, controller
        self._source, self._weights = source, weights
        self._deadline_s = deadline_s
        self.witness = Witness(window, controller, source.captured_s)
        # A name might stand on the number that the picture carries.
        self._name(Names.NONE)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
        """Lets the window live until the condition holds; False where it did not in time."""
        return live_until(condition, min(timeout_s, self._deadline_s - time.monotonic()))

    def ready(self) -> bool:
        """Waits for the first overlay, then for caches to fill; False where none comes."""
        self.wait_until(lambda: self._has_overlay() or self._has_no_model(), LOADING_S)
        if not self._has_overlay():
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
        refreshed_hz = witness.scenes / witness.counted_s
        return [
            self._delay("added video delay, 99 %"),
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
            Promise(
                "window shown anew",
                f">= {REFRESHED_HZ:.0f} a second",
                f"{refreshed_hz:.1f} a second",
                refreshed_hz >= REFRESHED_HZ,
            ),
        ]

    def _delay(self, name: str) -> Promise:
        """From capture to painting, by the numbers in the painted pictures."""
        witness = self.witness
        found = _at_most(name, MOST_DELAY_MS, _p99(witness.delays_ms))
        share = len(witness.delays_ms) / max(1, len(witness.painted_at_s))
        if share >= TIMED_SHARE:
            return found
        words = f"{found.found}, but only {share * 100:.0f} % could be timed"
        return replace(found, found=words, kept=False)

    def sixty(
        self, opened: Callable[[], tuple[str, CodedPicture]], seconds: float
    ) -> list[Promise]:
        """A source of 60 pictures a second is painted as promptly, and its stall named in time.

        Args:
            opened: makes a new one and what opens it.
            seconds: to measure for.
        """
        witness = self.witness
        spec, self._source = opened()
        rate_fps = self._source.rate_fps
        witness.follow(self._source.captured_s)
        self._controller.open(spec)
        self.wait_until(lambda: not self._has_overlay())
        self.wait_until(self._has_overlay)
        witness.begin()
        self.wait_until(lambda: witness.counted_s >= seconds, seconds + PATIENCE_S)
        name = f"{rate_fps:.0f} pictures a second"
        stall = self._signal(Signal.STALLED, STALL_PERIODS * 1000 / rate_fps)
        return [self._delay(f"{name}: delay, 99 %"), replace(stall, name=f"{name}: stall named")]

    def model_killed(self) -> Promise:
        """The model's death is named, the picture goes on, and the overlay comes back."""
        name, bound = "model killed: named", f"<= {KILLED_MS:.0f} ms, picture goes on"
        self.wait_until(self._has_overlay)
        self.witness.begin()
        if not kill_model():
            return Promise(name, bound, "it has no process of its own", kept=False)
        begun_s = time.monotonic()
        named = self.wait_until(self._says_restart, 2 * KILLED_MS / 1000)
        took_ms = (time.monotonic() - begun_s) * 1000
        withdrawn = not self._has_overlay()
        back = self.wait_until(self._has_overlay, LOADING_S)
        painted = [begun_s, *self.witness.painted_at_s, time.monotonic()]
        stood_ms = 1000 * max(float(gap_s) for gap_s in np.diff(painted))
        if not named:
            return Promise(name, bound, "not named", kept=False)
        notes = _notes(withdrawn=withdrawn, back=back)
        found = f"{took_ms:.0f} ms, picture stood {stood_ms:.0f} ms{notes}"
        in_time = took_ms <= KILLED_MS and stood_ms <= STOOD_MS
        return Promise(name, bound, found, in_time and withdrawn and back)

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
        notes = _notes(withdrawn=withdrawn, back=back)
        kept = took_ms <= bound_ms and withdrawn and back
        return Promise(name, f"<= {bound_ms:.0f} ms", f"{took_ms:.0f} ms{notes}", kept)

    def pixels_outside(self) -> Promise:
        """Outside of the overlay the window shows the picture as it shows it with AI off."""
        name, bound = "pixels outside the overlay", "0 differ"
        self._name(Names.ALL)
        self.wait_until(lambda: self._has_overlay() and self._shows(Names.ALL))
        scene = self.witness.scene
        self._name(Names.NONE)
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

    def _name(self, names: Names) -> None:
        self._controller.restyle(lambda style: replace(style, names=names))

    def _shows(self, names: Names) -> bool:
        scene = self.witness.scene
        return scene is not None and scene.style.names is names

    def _has_no_model(self) -> bool:
        scene = self.witness.scene
        return scene is not None and scene.snapshot.model.stopped

    def _says_restart(self) -> bool:
        return any("is being started again" in text for text in self._window.top.texts)

    def _answered(self) -> int:
        scene = self.witness.scene
        return 0 if scene is None else scene.snapshot.model.frames_answered

    def _says(self, fault: Signal) -> bool:
        return any(fault.value in text for text in self._window.chips.texts)


def live_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Lets all windows live until the condition holds; False where it did not in time.

    On Qt's main thread.
    """
    give_up_s = time.monotonic() + timeout_s
    # Without it nothing might wake the loop, and with a limit of time Qt's does not sleep at all.
    wake = QTimer(interval=LOOK_EVERY_MS)
    wake.start()
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    return True


def _notes(*, withdrawn: bool, back: bool) -> str:
    return ("" if withdrawn else ", overlay left") + ("" if back else ", no overlay after it")


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
