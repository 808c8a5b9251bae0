"""What every source of pictures offers, and the one error that all of them raise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import SourceInfo


class SourceError(RuntimeError):
    """A source could not be opened or read. One line: what was expected and found, what to do."""


class SourceLostError(SourceError):
    """A live source is not there; it may come, so it is tried also if it never was there before."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as its source gave it, before it becomes a `Frame`.

    Attributes:
        rgb: (H, W, 3) uint8, RGB, full range.
        index: from 0 in the order of the source; in a recording its position, also after a seek.
        media_s: position in the recording, seconds from its first picture; None for a live source.
        captured_s: capture time on `time.monotonic()`'s clock where the device tells it, else None.
        is_damaged: whether data were missing, here or in a picture that it was predicted from.
    """

    rgb: NDArray[np.uint8]
    index: int
    media_s: float | None = None
    captured_s: float | None = None
    is_damaged: bool = False


def path_of(spec: str) -> Path:
    """The path that a person typed, with ~ for the home folder where there is such a user."""
    path = Path(spec)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


class Source(Protocol):
    """A camera, stream or recording, used on the capture thread: `open` first, `close` last."""

    def open(self) -> SourceInfo:
        """Opens the source; may block up to the source's own time limit.

        Raises:
            SourceError: nothing that can be shown is there; `SourceLostError` where it may come.
        """

    def read(self) -> Picture | None:
        """The next picture, or None at the end. Live sources block until there is one.

        Raises:
            SourceError: the source is gone; a live one that was once open is tried again.
        """

    def seek(self, time_s: float) -> None:
        """Makes the next `read` give the picture on screen at `time_s`: the last that is not later.

        Called on recordings only.

        Args:
            time_s: position in the recording, seconds; outside 0..duration the nearest end
                is meant.

        Raises:
            SourceError: the position cannot be reached.
        """

    def close(self) -> None:
        """Frees file or device. Also called after a failed `open`."""
