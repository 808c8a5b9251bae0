"""The thread that owns the engine."""

from __future__ import annotations

import logging
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from app.core.frame import Frame
from app.core.loading import EngineLoader
from app.core.mailbox import Mailbox
from app.core.snapshot import ModelState, ModelStatus, Result, Timings
from app.core.succession import follows_at_once
from app.core.supervision.engine import ANSWER_S
from app.core.supervision.process import EngineLateError, EngineLostError
from app.core.supervision.restarts import MOST, Restarts
from lmsfa.card import ModelCard
from lmsfa.cropping import CroppedFrames
from lmsfa.errors import InputError
from lmsfa.following.flow import MotionMeter
from lmsfa.following.tracker import Tracker, TrackingError
from lmsfa.prediction import Prediction
from lmsfa.registry import EngineError

logger = logging.getLogger(__name__)

KEPT_RESULTS = 3
"""The locked picture on screen, the next one that waits to be due, and one in hand."""
MEASURED_ANSWERS = 64
POLL_S = 0.05
TOO_LARGE = "; too large for this machine? Use a smaller one or a GPU, or run it with --headless"
SLOW_MS = 8.0
"""An answer that takes longer fills half the time from one picture to the next of 60 a second."""


@dataclass(frozen=True, slots=True)
class InferenceView:
    """What the inference thread has to show; replaced whole, so that readers need no lock.

    Attributes:
        status: state of the model.
        results: the newest answers, oldest first.
        done: the frame dealt with last, answered or refused.
        ended: True once no further answer can come.
    """

    status: ModelStatus
    results: tuple[Result, ...] = ()
    done: Frame | None = None
    ended: bool = False

    def result_for(self, frame: Frame) -> Result | None:
        """The answer to exactly this frame."""
        return next((result for result in self.results if result.frame is frame), None)


class InferenceWorker:
    """Loads one engine and answers frames until stopped. Single use: a new model gets a new worker.

    An engine that is lost with its process is loaded again, as often as `Restarts` allows; then
    somebody must ask for it.

    `offer` is called on the capture thread, everything else on any thread.
    """

    def __init__(
        self,
        weights: Path,
        runtime: str,
        load: EngineLoader,
        *,
        max_age_ms: Callable[[], float],
        may_show: Callable[[], bool],
        motions: MotionMeter,
        on_change: Callable[[], None],
        predecessor: InferenceWorker | None = None,
    ) -> None:
        """Makes the worker; `start` begins.

        Args:
            weights: what to load.
            runtime: on what.
            load: how, on the worker's thread; what it can end ends with `stop`.
            max_age_ms: how old an overlay may be now; a gap in the answers is bridged no longer.
            may_show: whether signal and scene allow an answer to be shown now; what the model says
                meanwhile of the whole picture counts nothing later either.
            motions: measures how the picture moved between two answers.
            on_change: called on the worker's thread after every new view.
            predecessor: a stopped worker that may still hold the device; waited for.
        """
        self._weights = weights
        self._runtime = runtime
        self._stopped = Event()
        self._load = load.until(self._stopped)
        self._max_age_ms, self._may_show, self._motions = max_age_ms, may_show, motions
        self._on_change = on_change
        self._predecessor = predecessor
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._offered: Frame | None = None
        self._left_out = 0
        self._in_hand: tuple[Frame, float] | None = None
        self._durations_ms: deque[float] = deque(maxlen=MEASURED_ANSWERS)
        self._view = InferenceView(ModelStatus(ModelState.LOADING))
        self._thread = Thread(target=self._run, name="inference", daemon=True)

    @property
    def view(self) -> InferenceView:
        """The newest view; never blocks."""
        view, in_hand = self._view, self._in_hand
        if in_hand is None or time.monotonic() - in_hand[1] <= ANSWER_S:
            return view
        late = f"the model has not answered for over {ANSWER_S:g} s"
        return InferenceView(replace(view.status, state=ModelState.FAULT, message=late))

    def start(self) -> None:
        """Begins to load; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end after the frame in hand; returns at once."""
        self._stopped.set()
        self._mailbox.close()

    def join(self, timeout_s: float) -> bool:
        """Waits until the thread has ended; False where it has not within the time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def offer(self, frame: Frame, *, passing: bool = False) -> None:
        """Puts a frame before the model; offering the same frame twice in a row asks once.

        Args:
            frame: what to answer.
            passing: whether its successor is on its way. A slow model is not asked about one that
                comes at once after another: it would leave the picture no time.
        """
        if frame is self._offered:
            return
        if passing and self._is_slow and follows_at_once(self._offered, frame):
            self._left_out += 1
            return
        self._offered = frame
        self._mailbox.put(frame)

    @property
    def _skipped(self) -> int:
        return self._mailbox.replaced + self._left_out

    @property
    def _is_slow(self) -> bool:
        p50_ms = self._view.status.p50_ms
        return p50_ms is not None and p50_ms > SLOW_MS

    def settled(self, frame: Frame) -> bool:
        """Whether no answer to `frame` is still to come: given, refused, or nobody is there."""
        view = self._view
        return view.ended or view.done is frame or view.result_for(frame) is not None

    def _run(self) -> None:
        try:
            self._wait_for_device()
            self._serve_until_stopped()
        except EngineError as error:
            logger.info("the model could not be loaded: %s", error)
            self._fault(str(error))
        except Exception as error:
            logger.exception("the inference thread ended")
            self._fault(f"the model stopped ({type(error).__name__}); load the weights again")
        finally:
            self._predecessor = None
            self._publish(replace(self._view, ended=True))

    def _serve_until_stopped(self) -> None:
        """Loads and answers, again after every loss, until there were too many."""
        restarts = Restarts()
        while not self._stopped.is_set():
            try:
                self._serve()
            except EngineLostError as loss:
                if self._stopped.is_set():
                    return
                logger.warning("the model %s", loss)
                number = restarts.take(time.monotonic())
                if number is None:
                    never = not self._view.status.frames_answered
                    hint = TOO_LARGE if never and isinstance(loss, EngineLateError) else ""
                    self._fault(f"the model {loss} after {MOST} restarts within a minute{hint}")
                    return
                self._withdraw(f"the model {loss} and is being started again, {number} of {MOST}")

    def _serve(self) -> None:
        engine = self._load(self._weights, self._runtime)
        try:
            status = replace(
                self._view.status,
                state=ModelState.READY,
                message="",
                card=engine.card,
                runtime=engine.runtime,
                device=engine.device,
                reason=engine.reason,
            )
            logger.info("the model runs on %s. %s", engine.runtime, engine.reason)
            self._publish(InferenceView(status))
            tracker, frames = Tracker(self._motions), CroppedFrames(engine)
            while (frame := self._mailbox.take()) is not None:
                self._in_hand = frame, time.monotonic()
                self._answer(frames, engine.card, tracker, frame)
                self._in_hand = None
        finally:
            engine.close()

    def _wait_for_device(self) -> None:
        """Two engines on one device would slow each other or run out of memory."""
        # Also when stopped meanwhile: the successor waits for this thread, and means the device.
        while self._predecessor is not None and not self._predecessor.join(POLL_S):
            waiting = "Waiting for the previous model to finish; then the new one loads"
            self._publish(InferenceView(ModelStatus(ModelState.LOADING, waiting)))

    def _answer(
        self, frames: CroppedFrames, card: ModelCard, tracker: Tracker, frame: Frame
    ) -> None:
        taken_s = time.monotonic()
        try:
            time_s = frame.captured_s if frame.media_s is None else frame.media_s
            prediction = frames.predict(
                frame.rgb, frame.index, frame.captured_s, source_id=frame.source_id, time_s=time_s
            )
            _check_classes(prediction, card)
            tracker.bridged_s = self._max_age_ms() / 1000
            prediction = tracker.tracked(prediction, frame.rgb, frame.source_id, frame.media_s)
            if not self._may_show():
                tracker.forget_activity()
        except (EngineError, TrackingError) as error:
            self._refuse(frame, error)
            return
        predicted_ms = (time.monotonic() - taken_s) * 1000
        waited_ms = max(0.0, taken_s - frame.captured_s) * 1000
        self._durations_ms.append(predicted_ms)
        result = Result(frame, prediction, Timings(waited_ms, predicted_ms))
        status = replace(
            self._view.status,
            state=ModelState.READY,
            message="",
            p50_ms=statistics.median(self._durations_ms),
            frames_answered=self._view.status.frames_answered + 1,
            frames_skipped=self._skipped,
        )
        results = (*self._view.results[1 - KEPT_RESULTS :], result)
        self._publish(InferenceView(status, results, done=frame))

    def _refuse(self, frame: Frame, error: InputError) -> None:
        """One frame without an answer: the overlay goes, the next frame is tried."""
        if self._view.status.state is not ModelState.FAULT:
            logger.warning("the model could not answer a frame", exc_info=error)
        status = replace(
            self._view.status,
            state=ModelState.FAULT,
            message=str(error),
            frames_skipped=self._skipped,
        )
        self._publish(InferenceView(status, done=frame))

    def _withdraw(self, message: str) -> None:
        """The lost engine's answers go, at once; a frame that it had in hand gets none."""
        in_hand, self._in_hand = self._in_hand, None
        status = replace(self._view.status, state=ModelState.LOADING, message=message)
        self._publish(InferenceView(status, done=in_hand[0] if in_hand is not None else None))

    def _fault(self, message: str) -> None:
        self._in_hand = None
        status = replace(self._view.status, state=ModelState.FAULT, message=message, stopped=True)
        self._publish(InferenceView(status))

    def _publish(self, view: InferenceView) -> None:
        self._view = view
        self._on_change()


def _check_classes(prediction: Prediction, card: ModelCard) -> None:
    """Raises EngineError where the card says nothing of what was found."""
    known = range(len(card.classes))
    found = (*prediction.instances, *prediction.candidates)
    strange = [entry.class_id for entry in found if entry.class_id not in known]
    if strange:
        raise EngineError(
            f"the model answered with class {strange[0]}, its card has {len(known)}; "
            "load other weights"
        )
