"""Everything a picture can come from, behind one interface."""

from __future__ import annotations

from app.core.sources.opening import device_of, is_made, open_source
from app.core.sources.source import Picture, Source, SourceError, SourceLostError

__all__ = [
    "Picture",
    "Source",
    "SourceError",
    "SourceLostError",
    "device_of",
    "is_made",
    "open_source",
]
