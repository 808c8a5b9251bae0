"""Whether a figure is good, by the promised bounds, in a level and a word."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.pipeline import DEFAULT_MAX_AGE_MS
from app.core.snapshot import PlaybackMode, SourceState
from app.ui.scene import Scene
from app.ui.state_words import SOURCE_WORDS
from app.ui.theme import Level

GOOD_AVAILABILITY = 0.8
"""Promised share of displayed frames with a current answer."""
ON_RATE_SHARE = 0.93
"""Of a source's own rate; a picture that comes so often is on rate."""
MOST_DELAY_MS = 50.0
"""From capture to painting: over 105 ms surgeons are measurably worse."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level and the word that says the same without colour."""

    level: Level
    word: str


def picture_verdict(scene: Scene) -> Verdict:
    """Whether the picture comes at its source's own rate."""
    still = _not_running(scene)
    if still is not None:
        return still
    if scene.mode is PlaybackMode.LOCKED and not scene.ai_off:
        return Verdict(Level.QUIET, "LOCKED")
    info = scene.snapshot.source.info
    rate_fps = info.rate_fps if info is not None and info.rate_fps > 0 else 25.0
    share = scene.readings.now.picture_fps / rate_fps
    if share >= ON_RATE_SHARE:
        return Verdict(Level.GOOD, "ON RATE")
    return Verdict(Level.WATCH, "SLOW") if share >= 0.75 else Verdict(Level.BAD, "TOO SLOW")


def age_verdict(scene: Scene) -> Verdict:
    """Whether painted overlays keep to the usual bound, and whether a person raised it."""
    resting = _not_answering(scene)
    if resting is not None:
        return resting
    age_ms = scene.readings.lately.age_p99_ms
    if age_ms is None:
        return Verdict(Level.BAD, "NONE SHOWN")
    if age_ms <= DEFAULT_MAX_AGE_MS:
        return Verdict(Level.GOOD, "IN BOUND")
    late = scene.max_age_ms > DEFAULT_MAX_AGE_MS
    # No longer: where the column has a scroll bar, more letters are cut off.
    usual = f"OVER {DEFAULT_MAX_AGE_MS:.0f}"
    return Verdict(Level.WATCH, usual) if late else Verdict(Level.BAD, "TOO OLD")


def delay_verdict(scene: Scene) -> Verdict:
    """Whether the picture itself comes to the screen in time."""
    resting = _not_running(scene)
    if resting is not None:
        return resting
    delay_ms = scene.readings.lately.delay_p99_ms
    if delay_ms is None or scene.mode is PlaybackMode.LOCKED:
        return Verdict(Level.QUIET, "LOCKED" if delay_ms is not None else "NOT YET")
    in_time = delay_ms <= MOST_DELAY_MS
    return Verdict(Level.GOOD, "IN BOUND") if in_time else Verdict(Level.BAD, "TOO LATE")


def dropped_verdict(scene: Scene) -> Verdict:
    """Whether every picture of a live source could be shown."""
    source = scene.snapshot.source
    if source.frames_dropped == 0:
        return Verdict(Level.GOOD if source.frames_read else Level.QUIET, "NONE")
    return Verdict(Level.WATCH, f"OF {source.frames_read + source.frames_dropped}")


def availability_verdict(scene: Scene) -> Verdict:
    """Whether enough of the displayed frames carry a current answer."""
    resting = _not_answering(scene)
    if resting is not None:
        return resting
    share = scene.readings.lately.availability
    if share is None:
        return Verdict(Level.QUIET, "NOT YET")
    if share >= GOOD_AVAILABILITY:
        return Verdict(Level.GOOD, "GOOD")
    return Verdict(Level.WATCH, "LOW") if share >= 0.5 else Verdict(Level.BAD, "TOO LOW")


def model_verdict(scene: Scene) -> Verdict:
    """The model's rate has no bound of its own; its state stands in its place."""
    return Verdict(Level.GOOD if scene.ai.word == "READY" else scene.ai.level, scene.ai.word)


def _not_answering(scene: Scene) -> Verdict | None:
    if scene.ai.word != "READY":
        return Verdict(Level.QUIET, scene.ai.word)
    if scene.mode is PlaybackMode.LOCKED:
        return Verdict(Level.QUIET, "LOCKED")
    return _not_running(scene)


def _not_running(scene: Scene) -> Verdict | None:
    state = scene.snapshot.source.state
    if state is SourceState.PLAYING:
        return None
    gone = state in (SourceState.FAULT, SourceState.LOST)
    return Verdict(Level.BAD if gone else Level.QUIET, SOURCE_WORDS[state])
