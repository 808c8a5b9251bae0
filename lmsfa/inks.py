"""Eight-bit codes that are painted in place of colours: four times less memory to draw on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_CLASSES = 255
"""A class is a code over 0, where nothing is painted."""
CASING, LINE = 127, 255
"""What is drawn of a line at a pixel: from 0, nothing, by the dark rim to the line itself; a soft
edge is what lies between two of them."""
BLOCK_PX = 8
"""So many pixels are looked at together whether anything is drawn there."""
CHUNK = 2**14
"""NumPy widens its indices to 64 bits; in small parts these stay in the processor's cache."""

_BLOCK = np.dtype((np.void, 4 * BLOCK_PX))
_BYTES = (1, 0) if sys.byteorder == "little" else (0, 1)
"""Which byte of a 16-bit code says whose a pixel is, and which what is drawn there."""

Look = tuple[int, ...]
"""Four channels 0..255 in the order of the layer's, colours multiplied by alpha."""
Sheet = NDArray[np.uint8]
Pixels = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Inks:
    """What one class looks like: its area, and its line."""

    fill: Look
    line: Look


class ColourTable:
    """What codes look like.

    Args:
        inks: of the codes 1, 2, 3, …
        casing: of the dark rim beside lines, over whatever is there.
    """

    def __init__(self, inks: Sequence[Inks], casing: Look) -> None:
        fills, lines = np.zeros((2, MOST_CLASSES + 1, 1, 4))
        for code, ink in enumerate(inks, start=1):
            fills[code], lines[code] = ink.fill, ink.line
        cover = np.arange(LINE + 1)[:, None]
        rim = np.clip(cover / CASING, 0, 1) * np.array(casing)
        # The rim lies over the area, the line in place of both.
        below = rim + fills * (1 - rim[:, 3:] / 255)
        share = np.clip((cover - CASING) / (LINE - CASING), 0, 1)
        table = np.rint(below * (1 - share) + lines * share).astype(np.uint8)
        self._drawn = table.view(np.uint32).reshape(-1)
        values = self._drawn.reshape(-1, LINE + 1)[:, 0].astype(np.uint64)
        # Two codes at a time are half as many look-ups. Which of two comes first in memory is the
        # same for codes and values.
        self._pairs = (values | (values[:, None] << np.uint64(32))).reshape(-1)

    def look_up_areas(self, owners: Sheet, pixels: Pixels) -> None:
        """Writes what areas look like.

        Args:
            owners: (N,) codes, N even.
            pixels: (N,) four channels, one 32-bit value a code; written into.
        """
        two_codes, two_pixels = owners.view(np.uint16), pixels.view(np.uint64)
        for start in range(0, two_codes.size, CHUNK):
            part = slice(start, start + CHUNK)
            np.take(self._pairs, two_codes[part], out=two_pixels[part], mode="clip")

    def look_up_lines(self, owners: Sheet, cover: Sheet, pixels: Pixels) -> NDArray[np.intp]:
        """Writes what lines look like, where there are any.

        Args:
            owners: (N,) codes, N a multiple of `BLOCK_PX`.
            cover: (N,) what is drawn of a line.
            pixels: (N,) as `look_up_areas`.

        Returns:
            The blocks that were written.
        """
        in_blocks = [sheet.view(np.uint64) for sheet in (owners, cover)]
        blocks = np.flatnonzero(in_blocks[1] != 0)
        drawn = np.empty((min(blocks.size, CHUNK // BLOCK_PX) * BLOCK_PX, 2), dtype=np.uint8)
        values = np.empty(len(drawn), dtype=np.uint32)
        for start in range(0, blocks.size, CHUNK // BLOCK_PX):
            part = blocks[start : start + CHUNK // BLOCK_PX]
            count = part.size * BLOCK_PX
            for channel, sheet in zip(_BYTES, in_blocks, strict=True):
                drawn[:count, channel] = sheet[part].view(np.uint8)
            codes = drawn[:count].view(np.uint16).reshape(-1)
            np.take(self._drawn, codes, out=values[:count], mode="clip")
            as_blocks(pixels)[part] = as_blocks(values[:count])
        return blocks


def as_blocks(pixels: Pixels) -> NDArray[np.void]:
    """(N,) pixels -> (N / BLOCK_PX,), a view: NumPy moves what is one value as one."""
    return pixels.view(_BLOCK)
