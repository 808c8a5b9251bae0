"""What a run without a window reports."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.core.activity_spans import ActivityFigures
from app.core.snapshot import Signal
from app.core.sources.folder import picture_files
from app.core.sources.source import path_of
from lmsfa.card import ModelCard
from lmsfa.notice import RESEARCH_NOTICE
from lmsfa.prediction import Prediction

BLOCK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class AgeFigures:
    """Age of the painted overlays from capture, milliseconds; None where none was painted."""

    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class SignalFigures:
    """How many frames stood under a word of the signal, and for how many seconds in all."""

    frames: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run.

    Attributes:
        frames_read: frames that the source gave.
        frames_answered: frames that the model answered.
        frames_skipped: frames without an answer.
        video_fps: pictures shown or written a second of the run.
        model_fps: the model's answers a second; without --live, of the model's own time.
        overlay_age_ms: age of the overlays when painted.
        instances: how often each class was found, summed over the answers; with --live, over those
            that were displayed.
        activities: at how many frames each activity stood, and from when to when; of none where no
            overlay was painted.
        device: where the model ran.
        engine: runtime and precision.
        training_domain: what the weights have seen.
        warnings: what must be known of the model before any of this: that it was trained on made
            pictures, or only demonstrates how its system works.
        source_sha256: of the file, or of a folder's pictures one after the other; "" for live
            sources.
        weights_sha256: of the weights file.
        quality: frames under each line that says why the overlay was weak or off.
        signal: by word, where the signal was faulty; no overlay was painted there.
        familiarity: frames under each line that says how unlike the model's training they are.
        availability: with --live, share of the frames that carried a current answer; else None.
        notice: research use only.
    """

    frames_read: int
    frames_answered: int
    frames_skipped: int
    video_fps: float
    model_fps: float
    overlay_age_ms: AgeFigures
    instances: dict[str, int]
    activities: dict[str, ActivityFigures]
    device: str
    engine: str
    training_domain: str
    warnings: tuple[str, ...]
    source_sha256: str
    weights_sha256: str
    quality: dict[str, int]
    signal: dict[str, SignalFigures]
    familiarity: dict[str, int]
    availability: float | None = None
    notice: str = field(default=RESEARCH_NOTICE)

    def as_json(self) -> str:
        """The report as JSON text; `availability` only where it was measured."""
        fields = asdict(self)
        if self.availability is None:
            del fields["availability"]
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


class InstanceCount:
    """Counts the instances of each class; classes that are never found count 0."""

    def __init__(self, card: ModelCard) -> None:
        """Starts at 0 for every class of `card`."""
        self._names = [spec.name for spec in card.classes]
        self._counts: Counter[str] = Counter()

    def add(self, prediction: Prediction) -> None:
        """Counts the instances of one answer, without those that were carried over to it."""
        self._counts.update(
            self._names[instance.class_id]
            for instance in prediction.instances
            if not instance.bridged
        )

    def by_name(self) -> dict[str, int]:
        """Class name -> count, in the card's order."""
        return {name: self._counts[name] for name in self._names}


class SignalCount:
    """Counts what the signal's words stood over. On one thread."""

    def __init__(self) -> None:
        self._frames: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._before: tuple[str, float] | None = None

    def add(self, signal: Signal, time_s: float, *, is_new: bool = True) -> None:
        """Counts a frame, and the time since the last one to what was said then.

        Args:
            signal: what is said now.
            time_s: when, on a clock that does not go back.
            is_new: whether there is a frame that was not counted yet.
        """
        if self._before is not None:
            word, before_s = self._before
            self._seconds[word] += time_s - before_s
        self._before = signal.value, time_s
        self._frames[signal.value] += is_new

    def by_word(self) -> dict[str, SignalFigures]:
        """The words that were said, the most frequent first."""
        return {
            word: SignalFigures(frames, round(self._seconds[word], 3))
            for word, frames in self._frames.most_common()
            if word
        }


def named(lines: Counter[str]) -> dict[str, int]:
    """Frames under each line, the most frequent first; those under none are left out."""
    return {line: frames for line, frames in lines.most_common() if line}


def source_sha256(spec: str) -> str:
    """SHA-256 of a file's bytes, or of a folder's pictures; "" where `spec` is a live source."""
    path = path_of(spec)
    if path.is_dir():
        return _sha256(picture_files(path))
    return _sha256([path]) if path.is_file() else ""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, lower-case hex."""
    return _sha256([path])


def _sha256(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()
