"""Eight-bit codes that are painted in place of colours: four times less memory to draw on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CODES = 255
"""Those over 0, where nothing is painted."""
MOST_CLASSES = CODES // 3
"""A class needs three codes."""
CHUNK = 2**14
"""NumPy widens its indices to 64 bits; in small parts these stay in the processor's cache."""

Look = tuple[int, ...]
"""Four channels 0..255 in the order of the layer's, colours multiplied by alpha."""


@dataclass(frozen=True, slots=True)
class Ink:
    """The codes of one class, in rising order: a soft edge is what lies between two of them.

    Attributes:
        ground: just outside the line; transparent.
        line: the outline.
        fill: the area. A higher class's codes are all higher.
    """

    ground: int
    line: int
    fill: int


def inks_for(class_ids: Sequence[int]) -> dict[int, Ink]:
    """Shares the codes among classes, the first the lowest; `MOST_CLASSES` at most."""
    steps = (CODES // max(1, len(class_ids)) - 1) // 2
    firsts = range(1, CODES, 2 * steps + 1)
    return {
        class_id: Ink(first, first + steps, first + 2 * steps)
        for class_id, first in zip(class_ids, firsts, strict=False)
    }


class ColourTable:
    """What codes look like.

    Args:
        looks: of each ink's line and area.
    """

    def __init__(self, looks: Mapping[Ink, tuple[Look, Look]]) -> None:
        table = np.zeros((CODES + 1, 4), dtype=np.uint8)
        for ink, (line, fill) in looks.items():
            knots = np.array([(0, 0, 0, 0), line, fill])
            codes = np.arange(ink.ground, ink.fill + 1)
            for channel in range(4):
                mixed = np.interp(codes, (ink.ground, ink.line, ink.fill), knots[:, channel])
                table[codes, channel] = np.rint(mixed)
        values = table.view(np.uint32).reshape(-1).astype(np.uint64)
        # Two codes at a time are half as many look-ups. Which of two comes first in memory is the
        # same for codes and values.
        self._pairs = (values | (values[:, None] << np.uint64(32))).reshape(-1)

    def look_up(self, codes: NDArray[np.uint8], pixels: NDArray[np.uint32]) -> None:
        """Writes what codes look like.

        Args:
            codes: (N,), N even.
            pixels: (N,) four channels, one 32-bit value a code; written into.
        """
        two_codes, two_pixels = codes.view(np.uint16), pixels.view(np.uint64)
        for start in range(0, two_codes.size, CHUNK):
            part = slice(start, start + CHUNK)
            np.take(self._pairs, two_codes[part], out=two_pixels[part], mode="clip")
