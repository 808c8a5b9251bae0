"""Pictures that look nearly the same, by perceptual hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_BITS_APART = 8
"""Of 64. On endoscopy of the larynx, strong compression, scaling, a tenth more light and a shift by
one per cent change up to 6; pictures of different sequences are 14 or more apart."""


class NearDuplicates:
    """Collects the hashes of pictures, then compares all of them."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._bits: list[NDArray[np.bool_]] = []

    def add(self, name: str, rgb: NDArray[np.uint8]) -> None:
        """Remembers a picture (H, W, 3)."""
        self._names.append(name)
        self._bits.append(np.asarray(imagehash.phash(Image.fromarray(rgb)).hash).ravel())

    def pairs(self, sides: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, int]]:
        """Names of two pictures on different sides that look nearly the same, and bits apart.

        Args:
            sides: of each picture; two that share none are on different sides.
        """
        bits = np.array(self._bits, dtype=np.int16).reshape(len(self._names), -1)
        for place, name in enumerate(self._names):
            apart = np.abs(bits[place + 1 :] - bits[place]).sum(axis=1)
            for after in np.flatnonzero(apart <= MOST_BITS_APART).tolist():
                other = self._names[place + 1 + after]
                if not set(sides[name]) & set(sides[other]):
                    yield name, other, int(apart[after])
