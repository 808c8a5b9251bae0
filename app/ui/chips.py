"""The words that stand at the picture itself."""

from __future__ import annotations

from app.core.snapshot import Signal, Snapshot, SourceState
from app.ui.ai_state import AiState
from app.ui.state_words import SOURCE_WORDS
from app.ui.theme import Level
from lmsfa.familiarity.judgement import Likeness

Chips = tuple[tuple[Level, str], ...]


def chips(ai: AiState, snapshot: Snapshot, now_s: float, *, was_moved: bool) -> Chips:
    """What is said at the picture, each with its level.

    Args:
        ai: the model's state in words.
        snapshot: what is shown.
        now_s: on the monotonic clock, seconds.
        was_moved: whether the overlay was visibly moved by measured motion a moment ago.
    """
    said = [(ai.level, ai.on_picture)] if ai.on_picture else []
    if ai.hidden:
        said.append((Level.WATCH, ai.hidden))
    if was_moved and snapshot.result is not None and not ai.on_picture:
        said.append((Level.QUIET, "MOVED"))
    if snapshot.likeness is Likeness.UNLIKE:
        said.append((Level.WATCH, Likeness.UNLIKE.value))
    return (*said, *_of_signal(snapshot, now_s), *_of_source(snapshot, now_s))


def _of_signal(snapshot: Snapshot, now_s: float) -> Chips:
    """A fault of the signal, or else what keeps the scene from being seen."""
    source, frame = snapshot.source, snapshot.frame
    condition = source.view.condition
    if source.signal in (Signal.STALLED, Signal.LATE) and frame is not None:
        return ((Level.BAD, f"{source.signal.value} {now_s - frame.captured_s:.0f} s"),)
    if source.signal is not Signal.GOOD:
        return ((Level.BAD, source.signal.value),)
    if condition.line:
        return ((Level.BAD if condition.is_off else Level.WATCH, condition.line),)
    return ()


def _of_source(snapshot: Snapshot, now_s: float) -> Chips:
    source, frame = snapshot.source, snapshot.frame
    word = SOURCE_WORDS[source.state]
    if source.state is SourceState.ENDED:
        return ((Level.QUIET, word),)
    if frame is None:
        return ()
    age_s = now_s - frame.captured_s
    live = source.info is not None and not source.info.is_recording
    words = {
        SourceState.PAUSED: (Level.WATCH, f"{word} {age_s:.0f} s AGO" if live else word),
        SourceState.LOST: (Level.BAD, f"{word} {age_s:.0f} s"),
        SourceState.FAULT: (Level.BAD, word),
    }
    return (words[source.state],) if source.state in words else ()
