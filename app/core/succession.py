"""Pictures that come so soon after one another that not everything is done for each."""

from __future__ import annotations

from app.core.frame import Frame

AT_ONCE_S = 0.022
"""Faster than 45 a second. What each such picture asks in turn, its answer, its look and its
overlay, would take more of two cores than the picture itself leaves, and hold it up: every second
time will do. What moves 100 pixels a second is two pixels further by then."""


def follows_at_once(before: Frame | None, frame: Frame | None) -> bool:
    """Whether a picture is the one before, or one of its source and size at once after it."""
    if before is None or frame is None:
        return False
    alike = before.source_id == frame.source_id and before.rgb.shape == frame.rgb.shape
    return alike and 0 <= frame.captured_s - before.captured_s <= AT_ONCE_S
