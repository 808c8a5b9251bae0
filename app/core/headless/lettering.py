"""Burns words into pictures, as the window shows them over its own."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lmsfa.naming.plates import PLATE_RGB, font

SAID_RGB = (238, 242, 245)
WARNING_RGB = (244, 183, 64)
"""The window's own colours for chips and what is on them."""
LINES_A_PICTURE = 40
"""A letter is so many times smaller than the picture is high, but at least `SMALLEST_PX`."""
SMALLEST_PX = 11
KEPT_PLATES = 512
"""Hundred percentages of a few activities, with a few ages, come again and again."""

Picture = NDArray[np.uint8]
Words = tuple[str, tuple[int, int, int]]
"""A text and its colour."""


def burn(rgb: Picture, words: tuple[Words, ...]) -> None:
    """Writes words into the bottom right corner, one below the other, on plates of their own.

    What a small picture has no room for is cut off at its left and top.

    Args:
        rgb: (H, W, 3) uint8 RGB, written to.
        words: from top to bottom; an empty text takes no room.
    """
    height, width = rgb.shape[:2]
    letter_px = max(SMALLEST_PX, round(height / LINES_A_PICTURE))
    gap = letter_px // 2
    right, bottom = width - gap, height - gap
    for text, colour in reversed(words):
        if right <= 0 or bottom <= 0:
            return
        if not text:
            continue
        plate = _plate(text, colour, letter_px)[-bottom:, -right:]
        rows, columns = plate.shape[:2]
        rgb[bottom - rows : bottom, right - columns : right] = plate
        bottom -= rows + gap


@lru_cache(maxsize=KEPT_PLATES)
def _plate(text: str, colour: tuple[int, int, int], letter_px: int) -> Picture:
    """A text on its ground, (h, w, 3) uint8 RGB."""
    letters = font(letter_px)
    ascent, descent = letters.getmetrics()
    beside, above = round(letter_px * 0.7), round(letter_px * 0.35)
    size = round(letters.getlength(text)) + 2 * beside, ascent + descent + 2 * above
    plate = Image.new("RGB", size, PLATE_RGB)
    ImageDraw.Draw(plate).text((beside, above), text, font=letters, fill=colour)
    return np.asarray(plate)
