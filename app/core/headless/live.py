"""The window's own pipeline at the window's own pace, without the window."""

from __future__ import annotations

import math
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace

from app.core.activity_spans import ActivitySpans
from app.core.activity_words import ActivityWords, telling
from app.core.follower import Follower
from app.core.frame import Frame
from app.core.headless.compositor import Compositor
from app.core.headless.job import Job, Outcome, Reel
from app.core.loading import Load, LoaderHere
from app.core.meters import DisplayMeter
from app.core.pipeline import Pipeline
from app.core.report import (
    AgeFigures,
    InstanceCount,
    Report,
    SignalCount,
    file_sha256,
    named,
    source_sha256,
)
from app.core.snapshot import ModelState, Snapshot, SourceInfo, SourceState
from app.core.sources import SourceError
from lmsfa.card import ModelCard
from lmsfa.familiarity.judgement import Likeness, likeness
from lmsfa.following.flow import MotionMeter
from lmsfa.registry import EngineError

DISPLAY_S = 1 / 60
"""How often the window looks."""


def run_live(job: Job, load: Load) -> Outcome:
    """Displays a source as the window does, the model already loaded, and measures it.

    Ctrl-C ends the run early; what was done by then is kept and reported.

    Raises:
        SourceError: the source cannot be read.
        EngineError: the model cannot be loaded.
        OutputError: the output cannot be written.
    """
    with closing(Pipeline(engine_loader=LoaderHere(load))) as pipeline:
        card = _loaded(pipeline, job)
        info = _opened(pipeline, job)
        with Reel(job, info) as reel:
            run = _LiveRun(card, pipeline.motions, reel)
            with suppress(KeyboardInterrupt):
                _display(pipeline, run, reel)
        return run.outcome(job, pipeline.snapshot(time.monotonic()))


def _loaded(pipeline: Pipeline, job: Job) -> ModelCard:
    pipeline.load(job.weights, job.runtime)
    while (model := pipeline.snapshot(time.monotonic()).model).state is ModelState.LOADING:
        time.sleep(DISPLAY_S)
    if model.card is None:
        raise EngineError(model.message)
    return model.card


def _opened(pipeline: Pipeline, job: Job) -> SourceInfo:
    pipeline.open(job.source)
    while (source := pipeline.snapshot(time.monotonic()).source).state is SourceState.OPENING:
        time.sleep(DISPLAY_S / 10)
    if source.info is None:
        raise SourceError(source.message)
    return source.info


def _display(pipeline: Pipeline, run: _LiveRun, reel: Reel) -> None:
    """Looks 60 times a second until the source or the job ends."""
    due_s = time.monotonic()
    while not reel.is_full:
        now_s = time.monotonic()
        snapshot = pipeline.snapshot(now_s)
        if not run.show(snapshot):
            if snapshot.source.state is SourceState.FAULT:
                raise SourceError(snapshot.source.message)
            # Nobody watches: what the sender has ended is not waited for.
            if snapshot.source.state in (SourceState.ENDED, SourceState.LOST):
                return
        due_s = max(due_s + DISPLAY_S, now_s)
        time.sleep(max(0.0, due_s - time.monotonic()))


class _LiveRun:
    """Paints what is new in each snapshot and keeps the figures."""

    def __init__(self, card: ModelCard, motions: MotionMeter, reel: Reel) -> None:
        self._card, self._reel = card, reel
        self._follower = Follower(motions)
        self._compositor = Compositor(card)
        self._meter = DisplayMeter(window_s=math.inf)
        self._instances = InstanceCount(card)
        self._activities, self._words = ActivitySpans(card), ActivityWords()
        self._quality: Counter[str] = Counter()
        self._signals = SignalCount()
        self._familiarity: Counter[str] = Counter()
        self._fault = ""
        self._frame: Frame | None = None
        self._answered: Frame | None = None

    def show(self, snapshot: Snapshot) -> bool:
        """Displays the snapshot's frame where it is new; returns whether it was."""
        if snapshot.model.state is ModelState.FAULT:
            self._fault = self._fault or snapshot.model.message
        frame = snapshot.frame
        if frame is None:
            return False
        is_new = frame is not self._frame
        self._signals.add(snapshot.source.signal, time.monotonic(), is_new=is_new)
        if not is_new:
            return False
        self._frame = frame
        view = snapshot.source.view
        self._quality[view.condition.line] += 1
        newest = snapshot.newest
        like = likeness(None if newest is None else newest.prediction.unlikeness)
        self._familiarity[like.value] += 1
        if like is Likeness.FAR:
            snapshot = replace(snapshot, result=None, newest=None)
        snapshot = self._follower.followed(snapshot, time.monotonic())
        rgb = frame.rgb
        if snapshot.result is not None:
            rgb = self._compositor.over(rgb, snapshot.result.prediction, view.field)
        shown_s = time.monotonic()
        if shown_s > snapshot.expires_s:
            # Grown too old while it was painted.
            rgb, snapshot = frame.rgb, replace(snapshot, result=None)
        result = snapshot.result
        if result is not None and result.frame is not self._answered:
            self._answered = result.frame
            self._instances.add(result.prediction)
        self._meter.shown(snapshot, shown_s)
        told = telling(snapshot, shown_s)
        self._activities.add(None if told is None else told.prediction, frame.captured_s)
        rgb = self._compositor.captioned(rgb, self._words.of(snapshot, shown_s), like)
        self._reel.add(rgb, frame.captured_s)
        return True

    def outcome(self, job: Job, last: Snapshot) -> Outcome:
        """The report, with the counts of the run's last snapshot."""
        figures = self._meter.figures(time.monotonic(), math.inf)
        report = Report(
            frames_read=last.source.frames_read,
            frames_answered=last.model.frames_answered,
            frames_skipped=last.model.frames_skipped,
            video_fps=figures.picture_fps,
            model_fps=figures.model_fps,
            overlay_age_ms=AgeFigures(figures.age_p50_ms, figures.age_p99_ms),
            instances=self._instances.by_name(),
            activities=self._activities.by_name(),
            training_domain=self._card.training_domain,
            warnings=self._card.warnings,
            device=last.model.device,
            engine=last.model.runtime,
            source_sha256=source_sha256(job.source),
            weights_sha256=file_sha256(job.weights),
            quality=named(self._quality),
            signal=self._signals.by_word(),
            familiarity=named(self._familiarity),
            availability=figures.availability or 0.0,
        )
        return Outcome(report, self._fault)
