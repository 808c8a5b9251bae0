"""COCO's run lengths: pixels column by column, runs of outside and inside in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.polygon import cut_to_box
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region

_LONGEST_CODE = 13
"""Five bits a letter: more letters hold no number of 64 bits."""


def run_lengths(text: str) -> list[int]:
    """The runs in a compressed string.

    Each number stands in letters of five bits, lowest first, with a sixth bit for "goes on" and
    two's complement at the end; from the fourth run on it is the difference to the last but one.

    Raises:
        DatasetError: it is no such string.
    """
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift >= 5 * _LONGEST_CODE:
            raise DatasetError("the compressed run lengths are broken")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise DatasetError("the compressed run lengths end too early")
    return runs


def runs_region(runs: list[int], height: int, width: int) -> Region:
    """The pixels of a mask, cut to their box.

    Raises:
        DatasetError: the runs do not fill the picture exactly.
    """
    if any(type(run) is not int or run < 0 for run in runs) or sum(runs) != height * width:
        raise DatasetError(f"the run lengths do not fill {height * width} pixels")
    inside = np.arange(len(runs)) % 2 == 1
    flat: NDArray[np.bool_] = np.repeat(inside, runs)
    return cut_to_box(flat.reshape(width, height).T)
