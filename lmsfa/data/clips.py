"""Reading clips frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from lmsfa.errors import InputError

Rgb = NDArray[np.uint8]


USUAL_RATE_FPS = 25.0
"""Of a clip that does not say."""


def rate_of(clip: Path) -> float:
    """Frames a second of a clip. Errors: as `frames_of`."""
    with _opened(clip) as container:
        return float(container.streams.video[0].average_rate or USUAL_RATE_FPS)


def frames_of(clip: Path, max_frames: int | None = None) -> Iterator[Rgb]:
    """The frames of a clip's first video stream, (H, W, 3) uint8 RGB, one by one.

    Raises:
        InputError: it cannot be opened, has no video, or cannot be decoded.
    """
    with _opened(clip) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == max_frames:
                return
            yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


@contextmanager
def _opened(clip: Path) -> Iterator[InputContainer]:
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise InputError(f"{clip}: has no video")
            yield container
    except (OSError, av.FFmpegError) as error:
        raise InputError(f"{clip}: not a readable clip ({error.strerror})") from None
