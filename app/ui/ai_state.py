"""The model's state in a word: an empty overlay must never look like an empty picture."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.snapshot import ModelState, Snapshot
from app.ui.theme import Level
from lmsfa.familiarity.judgement import Likeness


@dataclass(frozen=True, slots=True)
class AiState:
    """The word that stands on screen, what the present picture carries, and how both are coloured.

    Attributes:
        level: colour and shape.
        word: "READY", "LOADING", "AI OFF", "AI FAULT" or "NO MODEL".
        detail: what a READY model's overlay stands for just now; empty otherwise.
        on_picture: words that must also stand at the picture; empty while the overlay is as usual.
    """

    level: Level
    word: str
    detail: str = ""
    on_picture: str = ""


WORDS = {
    ModelState.NONE: AiState(Level.WATCH, "NO MODEL", on_picture="NO MODEL"),
    ModelState.LOADING: AiState(Level.WATCH, "LOADING", on_picture="LOADING MODEL"),
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
    if ai_off:
        return AiState(Level.WATCH, "AI OFF", on_picture="AI OFF")
    model = snapshot.model
    if model.state is not ModelState.READY or model.card is None:
        return WORDS.get(model.state, WORDS[ModelState.NONE])
    if snapshot.frame is None:
        return AiState(Level.GOOD, "READY")
    if snapshot.likeness is Likeness.FAR:
        return AiState(Level.WATCH, "READY", "unlike training", on_picture=Likeness.FAR.value)
    if not raw and len(hidden) < len(model.card.classes) and answered:
        return _answering(marked=marked, some_hidden=bool(hidden))
    return _showing_nothing(raw=raw, answered=answered)


def _answering(*, marked: bool, some_hidden: bool) -> AiState:
    if marked:
        return AiState(Level.GOOD, "READY", "marking")
    detail = "nothing found of what is on" if some_hidden else "nothing found"
    return AiState(Level.QUIET, "READY", detail, on_picture="NOTHING FOUND")


def _showing_nothing(*, raw: bool, answered: bool) -> AiState:
    if raw:
        return AiState(Level.WATCH, "READY", "raw picture", on_picture="RAW PICTURE")
    if not answered:
        return AiState(Level.WATCH, "READY", "no current answer", on_picture="NO CURRENT ANSWER")
    return AiState(Level.WATCH, "READY", "all structures off", on_picture="ALL STRUCTURES OFF")
