"""What the window may show now: one immutable answer to one pull."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from app.core.frame import Frame
from lmsfa.card import ModelCard
from lmsfa.familiarity.judgement import Likeness
from lmsfa.prediction import Prediction
from lmsfa.quality.monitor import UNJUDGED, View


class PlaybackMode(Enum):
    """How picture and answers meet."""

    LIVE = "live"
    """The picture never waits; the newest answer is painted on it while it is young enough."""
    LOCKED = "locked"
    """Recordings only: the picture waits for the model, every frame carries its own answer."""


class SourceState(Enum):
    """State of the capture side."""

    NONE = "no source"
    OPENING = "opening"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"
    LOST = "lost"
    """A live source is not there, or not any more, and is tried again until it is."""
    FAULT = "fault"


class ModelState(Enum):
    """State of the inference side."""

    NONE = "no model"
    LOADING = "loading"
    READY = "ready"
    FAULT = "fault"


class Signal(Enum):
    """What the picture says of its signal; anything but GOOD is named on screen by its words."""

    GOOD = ""
    STALLED = "SIGNAL STALLED"
    LATE = "PICTURE LATE"
    FROZEN = "PICTURE FROZEN"
    BLACK = "BLACK PICTURE"
    BLUE = "BLUE SCREEN"
    BARS = "COLOUR BARS"
    SLATE = "NO SIGNAL PICTURE"
    SWAPPED = "COLOURS SWAPPED"
    RESIZED = "PICTURE SIZE CHANGED"
    DAMAGED = "PICTURE DAMAGED"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source says of itself once it is open.

    Attributes:
        name: for people ("demo clip.mkv", "camera 0").
        width: pixels; 0 until known.
        height: pixels; 0 until known.
        rate_fps: frames a second as declared; 0 where unknown.
        duration_s: length of a recording, seconds; None for a live source.
        jitter_s: how long a live source may be silent for reasons of its way here, seconds.
        leaves_out: whether its encoder leaves out what hardly changes from picture to picture.
    """

    name: str
    width: int
    height: int
    rate_fps: float
    duration_s: float | None
    jitter_s: float = 0.0
    leaves_out: bool = False

    @property
    def is_recording(self) -> bool:
        """Recordings can be paused, stepped and sought; live sources cannot."""
        return self.duration_s is not None


def shows_answers(signal: Signal, view: View) -> bool:
    """Whether a picture of this signal and scene is one on which answers may be shown."""
    return signal is Signal.GOOD and not view.condition.is_off


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """State of the source; `message` is one line for people, empty where nothing is wrong.

    Attributes:
        frames_dropped: pictures of a live source that a newer one replaced before they were shown,
            or that could not be decoded or converted.
        period_s: between the last pictures of a live source, their median; 0 until there are some.
        signal: what its pictures say; no overlay is painted on any but a GOOD one.
        view: where the lens sees, and what keeps it from being seen; no overlay is painted where
            that is off.
    """

    state: SourceState
    message: str = ""
    info: SourceInfo | None = None
    frames_read: int = 0
    frames_dropped: int = 0
    period_s: float = 0.0
    signal: Signal = Signal.GOOD
    view: View = UNJUDGED

    @property
    def may_carry_answers(self) -> bool:
        """Whether its pictures are such that what a model says of them may be shown."""
        return shows_answers(self.signal, self.view) and self.state is not SourceState.LOST


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """State of the model; `message` is one line for people, empty where nothing is wrong.

    Attributes:
        reason: why it runs on this runtime; empty where that was asked for.
        p50_ms: median time from taking a frame to its answer, of the last answers; None before the
            first.
        frames_answered: answers given.
        frames_skipped: frames that a newer one replaced before the model was free, or that came
            too soon after another for a slow model.
        stopped: True where it answers nothing more unless a person starts it again.
    """

    state: ModelState
    message: str = ""
    card: ModelCard | None = None
    runtime: str = ""
    device: str = ""
    reason: str = ""
    p50_ms: float | None = None
    frames_answered: int = 0
    frames_skipped: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Timings:
    """Where an answer's time went, milliseconds."""

    waited_ms: float
    predicted_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """An answer with the frame it belongs to."""

    frame: Frame
    prediction: Prediction
    timings: Timings


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest picture and the answer that may be painted on it, with the state of both sides.

    Attributes:
        frame: newest frame, None before the first.
        result: answer that may be painted on `frame` now: same source, current model, not over age;
            else None.
        source: state of the source.
        model: state of the model.
        expires_s: when `result` grows too old to be painted, seconds on the monotonic clock;
            infinite where the picture stands or waits for its own answer.
        moved_px: how far `result` was moved to where its structures are in `frame`, pixels.
        newest: the newest answer to the same source and scene, of any age: for words that say how
            old they are, never for an overlay.
        likeness: what is said of how like the model's training its pictures are; it stays as long
            as the overlay is withdrawn for it.
    """

    frame: Frame | None
    result: Result | None
    source: SourceStatus
    model: ModelStatus
    expires_s: float = math.inf
    moved_px: float = 0.0
    newest: Result | None = None
    likeness: Likeness = Likeness.LIKE
