"""What the banners say: one line a fault, a warning or a question."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.core.self_test.promise import SelfTestAnswer, failed_words
from app.core.snapshot import ModelState, Snapshot, SourceState
from app.ui.theme import Level
from lmsfa.card import ModelCard
from lmsfa.familiarity.judgement import Likeness


class Answer(Enum):
    """What a press on a banner's button answers."""

    TURN_AI_ON = "turn AI on"
    KEEP_AI_OFF = "keep AI off"
    START_MODEL = "start the model again"
    LOAD_SMALLER = "load the smaller model"
    DRAW_ANYWAY = "draw the overlay although the picture is unlike the training"
    LOAD_MATCHING = "load the model that knows this picture"
    RAISE_MAX_AGE = "raise the age bound"
    KEEP_MAX_AGE = "keep the age bound"
    HIDE_RESEARCH = "hide the research notice"
    HIDE_DEMO = "hide the demo's description"
    HIDE_DEMONSTRATION = "hide what the model only demonstrates"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line over the picture's edge, with the buttons that answer it."""

    level: Level
    text: str
    answers: tuple[tuple[Answer, str], ...] = ()


RESEARCH = Notice(
    Level.QUIET,
    "Research use only - not a medical device. Keep watching the tower's own monitor.",
    ((Answer.HIDE_RESEARCH, "Understood"),),
)
DEMO = Notice(
    Level.QUIET,
    "Demo: still key frames of laryngeal endoscopy, each held for a second"
    " with a made camera motion (Laves et al., CC BY 4.0)",
    ((Answer.HIDE_DEMO, "Hide"),),
)
AI_QUESTION = Notice(
    Level.WATCH,
    "AI OFF. Turn it on again?",
    ((Answer.TURN_AI_ON, "Turn on  (Enter)"), (Answer.KEEP_AI_OFF, "Keep off  (Esc)")),
)

MADE_PICTURE = Notice(
    Level.WATCH,
    "A program makes this picture, and the model has not learned it.",
    ((Answer.LOAD_MATCHING, "Load the model that has"),),
)
MADE_MODEL = Notice(
    Level.WATCH,
    "The model has learned made pictures only (SYNTHETIC): it knows nothing of this one.",
    ((Answer.LOAD_MATCHING, "Load the larynx model"),),
)


def unlike_training(card: ModelCard | None) -> Notice:
    """Says why no overlay is drawn, and lets the team decide otherwise."""
    domain = f" ({card.training_domain})" if card is not None else ""
    return Notice(
        Level.WATCH,
        f"The picture is unlike all that the model was trained on{domain}: no overlay is drawn.",
        ((Answer.DRAW_ANYWAY, "Draw anyway"),),
    )


def mismatch(card: ModelCard | None, *, is_made: bool) -> Notice | None:
    """What to say where the picture is made and the model's training is not, or the reverse."""
    if card is None or card.synthetic == is_made:
        return None
    return MADE_PICTURE if is_made else MADE_MODEL


def demonstration(card: ModelCard | None) -> Notice | None:
    """Says why a model only shows how its system works; None for one that is more than that."""
    if card is None or not card.demonstration:
        return None
    return Notice(Level.WATCH, card.demonstration, ((Answer.HIDE_DEMONSTRATION, "Understood"),))


def self_test_failed(answer: SelfTestAnswer) -> Notice:
    """Says what this machine did not keep; it stands until a self-test passes."""
    return Notice(
        Level.WATCH,
        f"The self-test of {answer.finished} failed: {failed_words(answer)}. See Help, Self-test.",
    )


def age_proposal(p50_ms: float, bound_ms: float, proposed_ms: float, *, smaller: bool) -> Notice:
    """Asks whether a slow machine's overlays may be shown although they are older than the bound.

    Args:
        p50_ms: the engine's median time for an answer.
        bound_ms: the bound now.
        proposed_ms: the bound that would let most answers be shown.
        smaller: whether a smaller model of the same structures lies ready.
    """
    load = ((Answer.LOAD_SMALLER, "Load the small model"),) if smaller else ()
    return Notice(
        Level.WATCH,
        f"The model takes {p50_ms:.0f} ms here. Show overlays up to {proposed_ms:.0f} ms old?"
        " They lag behind motion.",
        (
            *load,
            (Answer.RAISE_MAX_AGE, f"Allow {proposed_ms:.0f} ms"),
            (Answer.KEEP_MAX_AGE, f"Keep {bound_ms:.0f} ms"),
        ),
    )


def faults(snapshot: Snapshot) -> tuple[Notice, ...]:
    """What is wrong with source, with model and between the two; empty where all is well."""
    found = []
    source, model = snapshot.source, snapshot.model
    if source.state is SourceState.FAULT:
        found.append(Notice(Level.BAD, source.message))
    elif source.state is SourceState.LOST:
        found.append(Notice(Level.BAD, f"{source.message}. Trying again until it is back."))
    elif source.state is SourceState.NONE:
        found.append(Notice(Level.QUIET, "No source: open a file or a folder, or choose a camera"))
    elif source.message:
        found.append(Notice(Level.WATCH, source.message))
    if model.state is ModelState.FAULT:
        again = ((Answer.START_MODEL, "Start the model again"),) if model.stopped else ()
        found.append(Notice(Level.BAD, f"AI FAULT: {model.message}", again))
    elif model.message:
        found.append(Notice(Level.WATCH, model.message))
    if snapshot.likeness is Likeness.FAR:
        found.append(unlike_training(model.card))
    return tuple(found)
