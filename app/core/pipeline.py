"""From source and model to what may be shown now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Lock

from app.core.capture import USUAL_PATIENCE, CaptureWorker, Patience
from app.core.commands import Command, Pause, Play, Seek, Step
from app.core.frame import Frame
from app.core.inference import InferenceView, InferenceWorker
from app.core.loading import LOADS_HERE, EngineLoader
from app.core.snapshot import (
    ModelState,
    ModelStatus,
    PlaybackMode,
    Result,
    Signal,
    Snapshot,
    SourceState,
    SourceStatus,
)
from app.core.sources import Source, device_of, open_source
from app.core.stage import CaptureView
from lmsfa.following.flow import MotionMeter
from lmsfa.quality.covering import covered_share
from lmsfa.quality.field import Field

DEFAULT_MAX_AGE_MS = 120.0
"""Approved systems show annotations up to this age."""
CLOSE_WAIT_S = 2.0

STALL_PERIODS = 5
"""A picture that stands for longer is said to stand: nobody may take it for the present."""
ASSUMED_RATE_FPS = 25.0
VIEW_ATTEMPTS = 5
"""A reader that is interrupted between the two threads' views looks again, but not for ever."""

NO_SOURCE = CaptureView(SourceStatus(SourceState.NONE))
NO_MODEL = InferenceView(ModelStatus(ModelState.NONE), ended=True)


class Pipeline:
    """One source and one model, each on its own thread; the window pulls snapshots.

    Every method returns at once (`close` within two seconds) and may be called on any thread.
    Errors of source and model appear in the snapshot, never as exceptions.

    Attributes:
        max_age_ms: age from capture up to which an answer may be painted in LIVE mode.
        motions: measures how its pictures moved, for whoever paints its answers too.
    """

    def __init__(
        self,
        *,
        max_age_ms: float = DEFAULT_MAX_AGE_MS,
        mode: PlaybackMode = PlaybackMode.LIVE,
        engine_loader: EngineLoader = LOADS_HERE,
        source_opener: Callable[[str], Source] = open_source,
        patience: Patience = USUAL_PATIENCE,
    ) -> None:
        """Makes a pipeline without source and model.

        Args:
            max_age_ms: age from capture up to which an answer may be painted in LIVE mode.
            mode: whether a recording's picture waits for its answer.
            engine_loader: loads the model, on the inference thread.
            source_opener: makes a source, on the capture thread.
            patience: how long a live source is waited for before it is opened anew.
        """
        self.max_age_ms = max_age_ms
        self.motions = MotionMeter()
        self._mode = mode
        self._load_engine = engine_loader
        self._open_source = source_opener
        self._patience = patience
        self._source_ids = count(1)
        self._changing = Lock()
        self._capture: CaptureWorker | None = None
        self._last_on_device: dict[str, CaptureWorker] = {}
        self._inference: InferenceWorker | None = None
        self._unloaded: InferenceWorker | None = None

    def open(self, source_spec: str) -> None:
        """Replaces the source; see `open_source` for what may be given."""
        with self._changing:
            previous = self._capture
            device = device_of(source_spec)
            self._capture = CaptureWorker(
                source_spec,
                self._source_ids,
                self,
                open_source=self._open_source,
                mode=self._mode,
                patience=self._patience,
                predecessor=self._last_on_device.get(device),
            )
            if previous is not None:
                previous.stop()
            holding = self._last_on_device.items()
            # One that has ended holds no device, and would keep its last pictures for ever.
            self._last_on_device = {name: last for name, last in holding if not last.join(0)}
            if device:
                self._last_on_device[device] = self._capture
            self._capture.start()

    def load(self, weights: Path, runtime: str = "auto") -> None:
        """Replaces the model; no answer of the one before is shown from now on."""
        with self._changing:
            previous = self._inference
            self._inference = InferenceWorker(
                weights,
                runtime,
                self._load_engine,
                max_age_ms=lambda: self.max_age_ms,
                may_show=self._may_show,
                motions=self.motions,
                on_change=self._wake_capture,
                predecessor=previous or self._unloaded,
            )
            self._unloaded = None
            if previous is not None:
                previous.stop()
            self._inference.start()
        self._wake_capture()

    def unload(self) -> None:
        """Ends the model, and the process that holds it; the picture goes on without."""
        with self._changing:
            previous, self._inference = self._inference, None
            if previous is not None:
                previous.stop()
                self._unloaded = previous
        self._wake_capture()

    def set_mode(self, mode: PlaybackMode) -> None:
        """Lets a recording's picture wait for its answer (LOCKED), or not (LIVE)."""
        with self._changing:
            self._mode = mode
            if self._capture is not None:
                self._capture.set_mode(mode)

    def play(self) -> None:
        """Recordings: goes on; at the end, from the beginning."""
        self._command(Play())

    def pause(self) -> None:
        """Recordings: stands still on the frame that is shown."""
        self._command(Pause())

    def step(self, frames: int) -> None:
        """Recordings: stands still `frames` further on, back where negative."""
        self._command(Step(frames))

    def seek(self, time_s: float) -> None:
        """Recordings: goes to the frame on screen at `time_s` seconds."""
        self._command(Seek(time_s))

    def snapshot(self, now_s: float) -> Snapshot:
        """What may be shown now; never waits for the workers.

        Args:
            now_s: when it will be on screen, on `time.monotonic()`'s clock.
        """
        capture, inference = self._capture, self._inference
        shown, answers = _views(capture, inference)
        if _is_stalled(shown, now_s):
            shown = replace(shown, status=replace(shown.status, signal=Signal.STALLED))
        newest, expires_s = self._valid_result(shown, answers)
        result = newest
        if now_s > expires_s:
            result, expires_s = None, math.inf
        return Snapshot(shown.frame, result, shown.status, answers.status, expires_s, newest=newest)

    def close(self) -> None:
        """Stops both threads and waits a little for them, so that no device is left open."""
        with self._changing:
            workers = [
                worker
                for worker in (self._capture, self._inference, self._unloaded)
                if worker is not None
            ]
            self._capture = self._inference = self._unloaded = None
        for worker in workers:
            worker.stop()
        give_up_s = time.monotonic() + CLOSE_WAIT_S
        for worker in workers:
            worker.join(max(0.0, give_up_s - time.monotonic()))

    def offer(self, frame: Frame, *, passing: bool = False) -> None:
        """See `stage.Model`."""
        inference = self._inference
        if inference is not None:
            inference.offer(frame, passing=passing)

    def settled(self, frame: Frame) -> bool:
        """See `stage.Model`."""
        inference = self._inference
        return inference is None or inference.settled(frame)

    def covered(self, frame: Frame, field: Field | None) -> float:
        """See `stage.Model`."""
        inference = self._inference
        answers = NO_MODEL if inference is None else inference.view
        card = answers.status.card
        if card is None or not answers.results:
            return 0.0
        newest = answers.results[-1]
        if newest.frame.source_id != frame.source_id:
            return 0.0
        height, width = newest.frame.rgb.shape[:2]
        return covered_share(newest.prediction, card, height * width, field)

    def _valid_result(
        self, shown: CaptureView, answers: InferenceView
    ) -> tuple[Result | None, float]:
        """The answer that belongs to the shown picture, and until when (monotonic, seconds)."""
        if shown.frame is None or not answers.results:
            return None, math.inf
        if not shown.status.may_carry_answers:
            return None, math.inf
        locked = self._mode is PlaybackMode.LOCKED and shown.is_recording
        if locked or shown.stands_still:
            return answers.result_for(shown.frame), math.inf
        newest = answers.results[-1]
        same_picture = (
            newest.frame.source_id == shown.frame.source_id
            and newest.frame.captured_s >= shown.since_s
        )
        if not same_picture:
            return None, math.inf
        return newest, newest.frame.captured_s + self.max_age_ms / 1000

    def _may_show(self) -> bool:
        capture = self._capture
        return capture is None or capture.view.status.may_carry_answers

    def _command(self, command: Command) -> None:
        capture = self._capture
        if capture is not None:
            capture.command(command)

    def _wake_capture(self) -> None:
        capture = self._capture
        if capture is not None:
            capture.model_changed()


def _is_stalled(shown: CaptureView, now_s: float) -> bool:
    """Whether a live source owes a picture for longer than its rate and its way explain."""
    info = shown.status.info
    if shown.frame is None or info is None or info.is_recording:
        return False
    if shown.status.state is not SourceState.PLAYING:
        return False
    # What a source declares of its rate is often wrong, and counts only until it was measured.
    period_s = shown.status.period_s or 1 / (info.rate_fps or ASSUMED_RATE_FPS)
    limit_s = max(info.jitter_s, STALL_PERIODS * period_s)
    return now_s - shown.arrived_s > limit_s


def _views(
    capture: CaptureWorker | None, inference: InferenceWorker | None
) -> tuple[CaptureView, InferenceView]:
    """Both threads' views of one moment: a frame is not shown with the answers of a later time."""
    shown = NO_SOURCE if capture is None else capture.view
    answers = NO_MODEL if inference is None else inference.view
    for _ in range(VIEW_ATTEMPTS):
        before, shown = shown, NO_SOURCE if capture is None else capture.view
        if shown is before:
            break
        answers = NO_MODEL if inference is None else inference.view
    return shown, answers
