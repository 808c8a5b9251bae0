"""One captured picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture as it left its source. Made on the capture thread, never written to afterwards.

    Attributes:
        rgb: (H, W, 3) uint8, RGB, full range.
        index: counts from 0 in the order the source gave it; after a seek, the position in the
            recording.
        captured_s: when it was captured, seconds on `time.monotonic()`'s clock; for a recording,
            when it was due on screen.
        source_id: differs for every opening of a source, so that an answer never reaches another
            source's picture.
        media_s: position in the recording, seconds; None for a live source.
        is_damaged: whether data were missing, here or in a picture that it was predicted from.
    """

    rgb: NDArray[np.uint8]
    index: int
    captured_s: float
    source_id: int
    media_s: float | None = None
    is_damaged: bool = False
