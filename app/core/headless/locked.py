"""Every frame of a source with its own answer, as fast as the model goes."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing, suppress

import numpy as np
from numpy.typing import NDArray

from app.core.activity_spans import ActivitySpans
from app.core.activity_words import activity_words
from app.core.frame import Frame
from app.core.headless.compositor import Compositor
from app.core.headless.job import Job, Outcome, Reel
from app.core.loading import Load
from app.core.report import (
    AgeFigures,
    InstanceCount,
    Report,
    SignalCount,
    file_sha256,
    named,
    source_sha256,
)
from app.core.signal_truth.monitor import SignalMonitor
from app.core.snapshot import SourceInfo, shows_answers
from app.core.sources import Picture, open_source
from lmsfa.cropping import CroppedFrames
from lmsfa.familiarity.judgement import Likeness, likeness
from lmsfa.following.tracker import Tracker, TrackingError
from lmsfa.prediction import Prediction
from lmsfa.quality.covering import covered_share
from lmsfa.quality.monitor import UNJUDGED, QualityMonitor
from lmsfa.registry import Engine, EngineError


def run_locked(job: Job, load: Load) -> Outcome:
    """Reads, answers, paints and writes frame by frame on the calling thread; drops none.

    A frame that the model cannot answer is written as it came and counted as skipped. Ctrl-C ends
    the run early; what was done by then is kept and reported.

    Raises:
        SourceError: the source cannot be read.
        EngineError: the model cannot be loaded.
        OutputError: the output cannot be written.
    """
    with closing(open_source(job.source)) as source:
        info = source.open()
        with closing(load(job.weights, job.runtime)) as engine, Reel(job, info) as reel:
            run = _LockedRun(engine, reel, info)
            with suppress(KeyboardInterrupt):
                while not reel.is_full and (picture := source.read()) is not None:
                    run.process(picture)
    return Outcome(run.report(job), run.fault)


class _LockedRun:
    """Answers and paints pictures, and keeps the figures."""

    def __init__(self, engine: Engine, reel: Reel, info: SourceInfo) -> None:
        self.fault = ""
        self._frames, self._card = CroppedFrames(engine), engine.card
        self._reel = reel
        self._tracker = Tracker()
        self._compositor = Compositor(self._card)
        self._instances = InstanceCount(self._card)
        self._activities = ActivitySpans(self._card)
        self._monitor, self._view = QualityMonitor(), UNJUDGED
        self._quality: Counter[str] = Counter()
        self._signal_monitor = SignalMonitor(is_recording=info.is_recording)
        self._signals = SignalCount()
        self._familiarity: Counter[str] = Counter()
        self._ages_ms: list[float] = []
        self._model_s = 0.0
        self._started_s = time.monotonic()
        # Kept here because the engine is closed when the report is made.
        self._device, self._runtime = engine.device, engine.runtime

    def process(self, picture: Picture) -> None:
        captured_s = time.monotonic()
        prediction = self._answer(picture, captured_s)
        rgb = picture.rgb
        time_s = captured_s if picture.media_s is None else picture.media_s
        self._judge(rgb, prediction)
        frame = Frame(rgb, picture.index, time_s, 0, picture.media_s, picture.is_damaged)
        # The picture waits for its answer: late is what is not too late for it here.
        signal = self._signal_monitor.judge(frame, time_s)
        self._signals.add(signal, time_s)
        is_shown = shows_answers(signal, self._view)
        like = likeness(prediction.unlikeness if prediction is not None and is_shown else None)
        self._familiarity[like.value] += 1
        is_shown = is_shown and like is not Likeness.FAR
        if not is_shown:
            self._tracker.forget_activity()
        shown = prediction if is_shown else None
        if shown is not None:
            rgb = self._compositor.over(rgb, shown, self._view.field)
        words = activity_words(shown) if self._card.activities else ""
        rgb = self._compositor.captioned(rgb, words, like)
        self._activities.add(shown, time_s)
        if prediction is not None:
            self._instances.add(prediction)
            self._ages_ms.append((time.monotonic() - captured_s) * 1000)
        self._reel.add(rgb, time_s)

    def _judge(self, rgb: NDArray[np.uint8], prediction: Prediction | None) -> None:
        covered = 0.0
        if prediction is not None:
            frame_px = rgb.shape[0] * rgb.shape[1]
            covered = covered_share(prediction, self._card, frame_px, self._view.field)
        self._view = self._monitor.judge(rgb, covered)
        self._quality[self._view.condition.line] += 1

    def _answer(self, picture: Picture, captured_s: float) -> Prediction | None:
        try:
            time_s = captured_s if picture.media_s is None else picture.media_s
            found = self._frames.predict(
                picture.rgb, picture.index, captured_s, source_id=0, time_s=time_s
            )
            return self._tracker.tracked(found, picture.rgb, time_s=picture.media_s)
        except (EngineError, TrackingError) as error:
            self.fault = self.fault or str(error)
            return None
        finally:
            self._model_s += time.monotonic() - captured_s

    def report(self, job: Job) -> Report:
        frames, answered = self._reel.frames, len(self._ages_ms)
        elapsed_s = time.monotonic() - self._started_s
        return Report(
            frames_read=frames,
            frames_answered=answered,
            frames_skipped=frames - answered,
            video_fps=frames / elapsed_s if elapsed_s > 0 else 0.0,
            model_fps=answered / self._model_s if self._model_s > 0 else 0.0,
            overlay_age_ms=_age_figures(self._ages_ms),
            instances=self._instances.by_name(),
            activities=self._activities.by_name(),
            training_domain=self._card.training_domain,
            warnings=self._card.warnings,
            device=self._device,
            engine=self._runtime,
            source_sha256=source_sha256(job.source),
            weights_sha256=file_sha256(job.weights),
            quality=named(self._quality),
            signal=self._signals.by_word(),
            familiarity=named(self._familiarity),
        )


def _age_figures(ages_ms: list[float]) -> AgeFigures:
    if not ages_ms:
        return AgeFigures(None, None)
    return AgeFigures(*(float(age_ms) for age_ms in np.percentile(ages_ms, [50, 99])))
