"""The model's state in a word: an empty overlay must never look like an empty picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.snapshot import ModelState, Snapshot, SourceState, SourceStatus
from app.ui.theme import Level
from lmsfa.familiarity.judgement import Likeness


@dataclass(frozen=True, slots=True)
class AiState:
    """The word that stands on screen, what the present picture carries, and how both are coloured.

    Attributes:
        level: colour and shape.
        word: "READY", "AI LOADING", "AI OFF", "AI FAULT" or "NO MODEL".
        detail: what a READY model's overlay stands for just now; empty otherwise.
        on_picture: words that must also stand at the picture; empty while the overlay is as usual,
            and where others say already why there is none.
        hidden: how many structures are switched off, to stand at the picture too; empty for none.
    """

    level: Level
    word: str
    detail: str = ""
    on_picture: str = ""
    hidden: str = ""


WORDS = {
    ModelState.NONE: AiState(Level.WATCH, "NO MODEL", on_picture="NO MODEL"),
    ModelState.LOADING: AiState(Level.WATCH, "AI LOADING", on_picture="AI LOADING"),
    ModelState.FAULT: AiState(Level.BAD, "AI FAULT", on_picture="AI FAULT"),
}


def ai_state(
    snapshot: Snapshot,
    *,
    ai_off: bool,
    raw: bool,
    hidden: frozenset[int],
    answered: bool,
    marked: bool,
) -> AiState:
    """The state to show.

    Args:
        snapshot: the newest one.
        ai_off: the AI OFF latch.
        raw: the raw picture is held.
        hidden: class ids that are switched off.
        answered: the picture carried a current answer just now or a moment ago.
        marked: one of these answers held a structure that is switched on.
    """
    card = snapshot.model.card
    off = f"{len(hidden)} OF {len(card.classes)} HIDDEN" if card is not None and hidden else ""
    if ai_off:
        return AiState(Level.WATCH, "AI OFF", on_picture="AI OFF", hidden=off)
    state = snapshot.model.state
    if state is not ModelState.READY or card is None:
        return replace(WORDS.get(state, WORDS[ModelState.NONE]), hidden=off)
    if snapshot.frame is not None and snapshot.likeness is Likeness.FAR:
        return _ready(Level.WATCH, "unlike training", off, Likeness.FAR.value)
    if raw and snapshot.frame is not None:
        return _ready(Level.WATCH, "raw picture", off, "RAW PICTURE")
    if not answered and snapshot.frame is not None:
        return _unanswered(snapshot.source, off)
    return _answering(off, shown=snapshot.frame is not None, marked=marked)


def _answering(off: str, *, shown: bool, marked: bool) -> AiState:
    """A model that does as it should, with or without a picture."""
    if marked and shown:
        return _ready(Level.GOOD, "marking", off)
    if off or not shown:
        # Where something is switched off, nobody knows that nothing was found.
        return _ready(Level.GOOD, "", off)
    return AiState(Level.QUIET, "READY", "nothing found", on_picture="NOTHING FOUND")


def _ready(level: Level, detail: str, off: str, on_picture: str = "") -> AiState:
    """READY, in amber and with how many structures are off as long as any is."""
    details = " · ".join(part for part in (detail, off.lower()) if part)
    return AiState(Level.WATCH if off else level, "READY", details, on_picture, off)


def _unanswered(source: SourceStatus, off: str) -> AiState:
    """No current answer; where the picture itself is the cause, its own word says so."""
    stopped = source.state in (SourceState.FAULT, SourceState.LOST)
    if stopped or not source.may_carry_answers:
        return _ready(Level.WATCH, "no overlay on this picture", off)
    return _ready(Level.WATCH, "no current answer", off, "NO CURRENT ANSWER")
