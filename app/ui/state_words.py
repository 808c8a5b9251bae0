"""The one word of each state of the source, wherever it stands in the window."""

from __future__ import annotations

from app.core.snapshot import SourceState

SOURCE_WORDS = {
    SourceState.NONE: "NO SOURCE",
    SourceState.OPENING: "OPENING",
    SourceState.PLAYING: "PLAYING",
    SourceState.PAUSED: "PAUSED",
    SourceState.ENDED: "END OF RECORDING",
    SourceState.LOST: "SIGNAL LOST",
    SourceState.FAULT: "PICTURE STOPPED",
}
