"""A number written into a picture, so that what is on screen tells which picture it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK_SHARE = 1 / 80
"""A block's side, as a share of the picture's width: 16 pixels of 1280."""
COLUMNS = 13
BITS = 24
"""Half a million seconds at 30 pictures a second."""


def write_code(rgb: NDArray[np.uint8], number: int) -> None:
    """Writes `number` into the upper left corner: two rows of black and white blocks.

    Args:
        rgb: (H, W, 3) uint8, written to.
        number: 0 to 2 ** 24 - 1.
    """
    side_px = rgb.shape[1] * BLOCK_SHARE
    for place, bit in enumerate(_bits(number)):
        top, left = (round(cell * side_px) for cell in divmod(place, COLUMNS))
        bottom, right = (round((cell + 1) * side_px) for cell in divmod(place, COLUMNS))
        rgb[top:bottom, left:right] = 255 if bit else 0


def read_code(rgb: NDArray[np.uint8]) -> int | None:
    """The number in a picture of any size, shown as a whole; None where there is none.

    Args:
        rgb: (H, W, 3) uint8; of the height the code's two rows are enough.
    """
    rows, columns = np.divmod(np.arange(BITS + 2), COLUMNS)
    middles = [
        ((cells + 0.5) * rgb.shape[1] * BLOCK_SHARE).astype(int) for cells in (rows, columns)
    ]
    values = rgb[middles[0], middles[1]].mean(axis=1)
    if ((values > 64) & (values < 192)).any():
        return None
    bits = [int(value > 127) for value in values.tolist()]
    number = sum(bit << place for place, bit in enumerate(bits[:BITS]))
    return number if bits == _bits(number) else None


def _bits(number: int) -> list[int]:
    """The number's bits, then their parity and its opposite: nothing else looks like both."""
    bits = [number >> place & 1 for place in range(BITS)]
    parity = sum(bits) % 2
    return [*bits, parity, 1 - parity]
