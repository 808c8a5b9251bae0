"""Where the capture thread puts what it has: the newest frame and the state of its source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from app.core.commands import CommandQueue
from app.core.frame import Frame
from app.core.signal_truth.monitor import SignalMonitor
from app.core.snapshot import PlaybackMode, SourceInfo, SourceState, SourceStatus
from app.core.sources import Picture
from lmsfa.quality.circle import Circle
from lmsfa.quality.monitor import QualityMonitor


class Model(Protocol):
    """The model's side as the capture thread sees it. Called on the capture thread."""

    def offer(self, frame: Frame) -> None:
        """Puts a frame before the current model; the same frame twice in a row asks once."""

    def settled(self, frame: Frame) -> bool:
        """Whether no further answer to `frame` is to be expected of the current model."""

    def covered(self, frame: Frame, circle: Circle | None) -> float:
        """Share of the field of view that instruments cover, 0..1, by the newest answer.

        0 where `frame`'s source has none.
        """


@dataclass(frozen=True, slots=True)
class CaptureView:
    """What the capture thread has to show; replaced whole, so that readers need no lock.

    Attributes:
        status: state of the source.
        frame: newest frame, None before the first.
        since_s: answers to frames captured before this (monotonic clock, seconds) belong to
            another place of the recording.
    """

    status: SourceStatus
    frame: Frame | None = None
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

    `view`, `mode` and `stopping` may be used on any thread, the methods on the capture thread.
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
        self._source_id = source_id
        self._monitor = SignalMonitor(is_recording=True)
        self._quality = QualityMonitor()

    def frame_from(self, picture: Picture, captured_s: float) -> Frame:
        """Makes the frame of a picture captured at `captured_s` on the monotonic clock."""
        # Several threads read the pixels; nobody may write them.
        picture.rgb.flags.writeable = False
        return Frame(picture.rgb, picture.index, captured_s, self._source_id, picture.media_s)

    def opened(self, info: SourceInfo) -> None:
        """The source is open and its first picture is on the way."""
        self._monitor = SignalMonitor(is_recording=info.is_recording)
        self._quality = QualityMonitor()
        self.view = CaptureView(SourceStatus(SourceState.PLAYING, info=info))

    def show(self, frame: Frame, state: SourceState, *, jumped: bool = False) -> None:
        """Makes `frame` the newest; `jumped` says that it does not follow the one before it."""
        shown = self.view
        covered = self.model.covered(frame, shown.status.view.circle)
        status = replace(
            shown.status,
            state=state,
            message="",
            frames_read=shown.status.frames_read + 1,
            signal=self._monitor.judge(frame),
            view=self._quality.judge(frame.rgb, covered),
        )
        self.view = CaptureView(status, frame, frame.captured_s if jumped else shown.since_s)

    def turn(self, state: SourceState, message: str = "") -> None:
        """Changes the state and keeps the frame."""
        status = replace(self.view.status, state=state, message=message)
        self.view = replace(self.view, status=status)
