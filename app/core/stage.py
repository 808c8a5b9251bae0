"""Where the capture thread puts what it has: the newest frame and the state of its source."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Protocol

from app.core.commands import CommandQueue
from app.core.frame import Frame
from app.core.signal_truth.monitor import SignalMonitor
from app.core.snapshot import PlaybackMode, Signal, SourceInfo, SourceState, SourceStatus
from app.core.sources import Picture
from app.core.succession import follows_at_once
from lmsfa.quality.field import Field
from lmsfa.quality.monitor import QualityMonitor

LOOKS = 6
"""At a picture that may stand alone: what is said takes three judgements, each in every other."""
PERIODS = 8
"""The last ones show a source's rate; a stall among them does not."""


class Model(Protocol):
    """The model's side as the capture thread sees it. Called on the capture thread."""

    def offer(self, frame: Frame, *, passing: bool = False) -> None:
        """Puts a frame before the current model; the same frame twice in a row asks once.

        A `passing` one, whose successor is on its way, may go without an answer.
        """

    def settled(self, frame: Frame) -> bool:
        """Whether no further answer to `frame` is to be expected of the current model."""

    def covered(self, frame: Frame, field: Field | None) -> float:
        """Share of the field of view that instruments cover, 0..1, by the newest answer.

        0 where `frame`'s source has none.
        """


@dataclass(frozen=True, slots=True)
class CaptureView:
    """What the capture thread has to show; replaced whole, so that readers need no lock.

    Attributes:
        status: state of the source.
        frame: newest frame, None before the first.
        arrived_s: when the newest frame came, monotonic clock, seconds; whatever its own time says.
        since_s: answers to frames captured before this (monotonic clock, seconds) belong to
            another place of the recording.
    """

    status: SourceStatus
    frame: Frame | None = None
    arrived_s: float = 0.0
    since_s: float = 0.0

    @property
    def is_recording(self) -> bool:
        """Whether the source is a recording; False until it is open."""
        return self.status.info is not None and self.status.info.is_recording

    @property
    def stands_still(self) -> bool:
        """Whether a recording shows one frame until somebody acts."""
        return self.is_recording and self.status.state in (SourceState.PAUSED, SourceState.ENDED)


class Stage:
    """Publishes frames and states of one opened source.

    `view`, `mode`, `is_open` and `stopping` may be used on any thread, `reopened` once the capture
    thread has ended or was given up, the other methods on the capture thread.
    """

    def __init__(self, source_id: int, model: Model, mode: PlaybackMode) -> None:
        """Makes an empty stage.

        Args:
            source_id: marks the frames.
            model: who answers them.
            mode: whether a recording's picture waits for its answer.
        """
        self.model = model
        self.mode = mode
        self.stopping = False
        self.commands = CommandQueue()
        self.view = CaptureView(SourceStatus(SourceState.OPENING))
        self.is_open = False
        self._source_id = source_id
        self._arrivals_s: deque[float] = deque(maxlen=PERIODS + 1)
        self._monitor = SignalMonitor(is_recording=True)
        self._quality = QualityMonitor()
        self._looked: Frame | None = None

    def frame_from(self, picture: Picture, captured_s: float) -> Frame:
        """Makes the frame of a picture captured at `captured_s` on the monotonic clock."""
        # Several threads read the pixels; nobody may write them.
        picture.rgb.flags.writeable = False
        return Frame(
            picture.rgb,
            picture.index,
            captured_s,
            self._source_id,
            picture.media_s,
            picture.is_damaged,
        )

    def opened(self, info: SourceInfo) -> None:
        """The source is open and its first picture is on the way."""
        self._begin_to_look(info)
        self.is_open = True
        # A source that was lost is back with its first picture, not before.
        status = replace(self.view.status, info=info)
        if self.view.frame is None:
            status = replace(status, state=SourceState.PLAYING, message="")
        self.view = replace(self.view, status=status)

    def reopened(self, source_id: int, lost: SourceStatus) -> Stage:
        """A stage for the next attempt at a lost source; it shows what was last seen until then.

        Args:
            source_id: marks the frames of that attempt.
            lost: the source's state meanwhile.
        """
        stage = Stage(source_id, self.model, self.mode)
        stage.view = replace(self.view, status=lost)
        return stage

    def show(self, frame: Frame, state: SourceState, *, jumped: bool = False) -> None:
        """Makes `frame` the newest; `jumped` says that it does not follow the one before it."""
        shown, arrived_s = self.view, time.monotonic()
        status = replace(
            shown.status,
            state=state,
            message="",
            frames_read=shown.status.frames_read + 1,
            frames_dropped=shown.status.frames_dropped + self._dropped_before(frame),
            period_s=self._period_s(arrived_s),
            # What needs no look is said with the picture: nothing is ever painted on it.
            signal=_signal_with(frame, shown.status.signal),
        )
        since_s = frame.captured_s if jumped else shown.since_s
        # At once: the picture does not wait for being looked at, which takes some milliseconds.
        self.view = CaptureView(status, frame, arrived_s, since_s)
        if jumped and status.info is not None:
            # Pictures and answers of another place say nothing of this one, and it may stand.
            self._begin_to_look(status.info)
            for _ in range(LOOKS - 1):
                self._monitor.judge(frame, arrived_s)
                self._quality.judge(frame.rgb)
        is_new = frame.is_damaged or not follows_at_once(self._looked, frame)
        if jumped or self._monitor.is_in_doubt or is_new:
            self._looked = frame
            covered = 0.0 if jumped else self.model.covered(frame, shown.status.view.field)
            self._look_at(frame, covered)

    def _begin_to_look(self, info: SourceInfo) -> None:
        self._monitor = SignalMonitor(is_recording=info.is_recording, leaves_out=info.leaves_out)
        self._quality = QualityMonitor()

    def _look_at(self, frame: Frame, covered: float) -> None:
        """Adds what the newest frame and those before it say of signal and scene.

        Args:
            frame: the newest.
            covered: share of the field that instruments cover, 0..1.
        """
        shown = self.view
        signal = self._monitor.judge(frame, shown.arrived_s)
        view = self._quality.judge(frame.rgb, covered)
        # What the model said of a faulty signal's pictures is nothing about the first good one.
        is_back = signal is Signal.GOOD and shown.status.signal is not Signal.GOOD
        since_s = frame.captured_s if is_back else shown.since_s
        status = replace(shown.status, signal=signal, view=view)
        self.view = replace(shown, status=status, since_s=since_s)

    def _dropped_before(self, frame: Frame) -> int:
        """How many pictures of a live source are missing between the newest frame and this one."""
        newest = self.view.frame
        if frame.media_s is not None:
            return 0
        if newest is None or newest.source_id != frame.source_id:
            return frame.index
        return max(0, frame.index - newest.index - 1)

    def _period_s(self, arrived_s: float) -> float:
        self._arrivals_s.append(arrived_s)
        periods_s = [later - before for before, later in pairwise(self._arrivals_s)]
        return median(periods_s) if len(periods_s) >= PERIODS // 2 else 0.0

    def turn(self, state: SourceState, message: str = "") -> None:
        """Changes the state and keeps the frame."""
        status = replace(self.view.status, state=state, message=message)
        self.view = replace(self.view, status=status)


def _signal_with(frame: Frame, before: Signal) -> Signal:
    """What is said of a picture before it is looked at."""
    return Signal.DAMAGED if frame.is_damaged and before is Signal.GOOD else before
