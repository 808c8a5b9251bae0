"""The parts of a source's words that several sources know: size=WxH and fps=N."""

from __future__ import annotations

SMALLEST_PX = 16


def size_px(text: str, largest_px: int) -> tuple[int, int]:
    """Width and height, pixels, of "1280x720".

    Raises:
        ValueError: it is something else, or out of range.
    """
    width, height = (int(side) for side in text.split("x"))
    if not all(SMALLEST_PX <= side <= largest_px for side in (width, height)):
        raise ValueError(text)
    return width, height


def rate_fps(text: str, highest_fps: float) -> float:
    """Pictures a second of "30" or "29.97", from 1 on.

    Raises:
        ValueError: it is no number, or out of range.
    """
    rate = float(text)
    if not 1 <= rate <= highest_fps:
        raise ValueError(text)
    return rate
