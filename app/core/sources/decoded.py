"""Decoded frames kept for a while, because decoding backwards costs a whole group of pictures."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

from av import VideoFrame

KEPT_BYTES = 256 * 2**20
"""About 80 frames of 1080p; a step back within them needs no decoding."""
KEPT_AT_LEAST = 2
"""The frame on screen and the one before it, however large they are."""


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as the decoder gave it, its index and its position in the recording in seconds.

    `is_damaged` as in `Picture`.
    """

    frame: VideoFrame
    index: int
    media_s: float
    is_damaged: bool = False


@dataclass(slots=True)
class DecodedFrames:
    """Consecutive decoded frames and the place of the next one to be read. One thread only."""

    frames: deque[DecodedFrame] = field(default_factory=deque)
    _next: int = 0
    _bytes: int = 0

    @property
    def at_end(self) -> bool:
        """Whether every kept frame has been read."""
        return self._next >= len(self.frames)

    @property
    def last_s(self) -> float:
        """Position of the newest kept frame, seconds; before everything where none is kept."""
        return self.frames[-1].media_s if self.frames else float("-inf")

    def append(self, decoded: DecodedFrame) -> None:
        """Keeps one more frame at the end and lets the oldest go when there are too many."""
        self.frames.append(decoded)
        self._bytes += _size_bytes(decoded.frame)
        while self._bytes > KEPT_BYTES and len(self.frames) > KEPT_AT_LEAST:
            self._bytes -= _size_bytes(self.frames.popleft().frame)
            self._next = max(0, self._next - 1)

    def take(self) -> DecodedFrame:
        """The next frame to be read."""
        decoded = self.frames[self._next]
        self._next += 1
        return decoded

    def cover(self, time_s: float) -> bool:
        """Whether the frame on screen at `time_s` is among the kept ones."""
        if not self.frames or time_s > self.last_s:
            return False
        first = self.frames[0]
        return first.media_s <= time_s or first.index == 0

    def rewind_to(self, time_s: float) -> None:
        """Makes the last frame not later than `time_s` the next to be read."""
        later = bisect_right(self.frames, time_s, key=lambda decoded: decoded.media_s)
        self._next = max(0, later - 1)

    def clear(self) -> None:
        """Lets every frame go."""
        self.frames.clear()
        self._next = 0
        self._bytes = 0


def _size_bytes(frame: VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
