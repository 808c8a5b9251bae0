"""The window fails to draw what it knows: the picture goes on alone, and says so."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.core.frame import Frame
from app.core.snapshot import Snapshot, SourceState
from app.ui.chips import Chips
from app.ui.state_words import SOURCE_WORDS
from app.ui.theme import Level

ShowBare = Callable[[Frame | None, Chips], None]
"""Shows a picture and words, and touches nothing else."""
WORD = (Level.BAD, "DISPLAY FAULT")
SAID_S = 1.0
"""So long it is said at least, also where the next picture is shown whole again."""


class DisplayFault:
    """Keeps whether there was a fault a moment ago. On the window's thread."""

    def __init__(self) -> None:
        self._until_s = -math.inf

    def begins(self, now_s: float) -> bool:
        """Notes a fault; whether all was well until now, so that it is to be logged.

        Args:
            now_s: on the monotonic clock, seconds.
        """
        is_new, self._until_s = now_s > self._until_s, now_s + SAID_S
        return is_new

    def chips(self, now_s: float) -> Chips:
        """The word, as long as it is said."""
        return (WORD,) if now_s < self._until_s else ()


def bare_chips(snapshot: Snapshot, *, ai_off: bool) -> Chips:
    """What is said at a picture that is shown alone.

    Args:
        snapshot: what was to be shown.
        ai_off: the AI OFF latch.
    """
    source = snapshot.source
    lost = SOURCE_WORDS[source.state] if source.state is SourceState.LOST else ""
    off = ((Level.WATCH, "AI OFF"),) if ai_off else ()
    return (WORD, *off, *((Level.BAD, word) for word in (source.signal.value, lost) if word))
