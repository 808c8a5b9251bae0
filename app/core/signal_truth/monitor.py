"""Follows a source's pictures and says what they tell of its signal."""

from __future__ import annotations

from app.core.frame import Frame
from app.core.signal_truth.looks import (
    coarse_colours,
    has_swapped_colours,
    is_one_colour,
    look_of,
)
from app.core.signal_truth.stillness import Stillness
from app.core.snapshot import Signal

CONFIRMING_FRAMES = 3
"""One odd picture is no fault yet; the promise is five frame periods."""
SLATE_S = 0.3
"""Nothing else of one colour stands so still."""
LATE_S = 0.5
"""A picture that was on its way for longer is not the present, whatever it shows."""
RESIZED_S = 1.0
"""So long a new size is said: the answers to it are on their way by then."""


class SignalMonitor:
    """Judges one opened source, picture by picture, on its capture thread.

    Args:
        is_recording: whether the source is one, whose pictures may stand.
        leaves_out: as in `SourceInfo`.
    """

    def __init__(self, *, is_recording: bool, leaves_out: bool = False) -> None:
        self._is_recording, self._leaves_out = is_recording, leaves_out
        self._stillness = Stillness(leaves_out=leaves_out)
        self._is_slate = False
        self._shape: tuple[int, ...] | None = None
        self._resized_s = float("-inf")
        self._named = self._candidate = Signal.GOOD
        self._seen = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether the last picture looked otherwise than what is said: the next one matters."""
        return self._candidate is not self._named

    def judge(self, frame: Frame, arrived_s: float) -> Signal:
        """What this picture and those before it say.

        Args:
            frame: the newest.
            arrived_s: when it came, monotonic clock, seconds; a recording's pictures come in time.
        """
        said = self._by_looks(frame)
        if frame.is_damaged and said in (Signal.GOOD, Signal.RESIZED):
            return Signal.DAMAGED
        # What a picture shows by itself says more than how long it took.
        if self._is_recording or said not in (Signal.GOOD, Signal.RESIZED):
            return said
        return Signal.LATE if arrived_s - frame.captured_s > LATE_S else said

    def _by_looks(self, frame: Frame) -> Signal:
        # A recording's pictures, or a folder's, are of the sizes that they are of.
        if not self._is_recording and self._shape not in (None, frame.rgb.shape):
            self._resized_s = frame.captured_s
        self._shape = frame.rgb.shape
        coarse = coarse_colours(frame.rgb)
        look = look_of(coarse)
        if look is Signal.GOOD and has_swapped_colours(coarse):
            look = Signal.SWAPPED
        confirmed = self._confirmed(look)
        if confirmed not in (Signal.GOOD, Signal.SWAPPED):
            # How such a picture changes says nothing of the scene that comes back.
            self._stillness = Stillness(leaves_out=self._leaves_out)
            return confirmed
        if not self._is_recording:
            self._stillness.follow(coarse, frame.captured_s)
        if self._stillness.stands_s >= SLATE_S and is_one_colour(coarse):
            self._is_slate = True
            return Signal.SLATE
        if self._is_slate:
            # It stood; the scene that comes after it does not.
            self._is_slate, self._stillness = False, Stillness(leaves_out=self._leaves_out)
        if self._stillness.is_frozen:
            return Signal.FROZEN
        resized = frame.captured_s - self._resized_s < RESIZED_S
        return Signal.RESIZED if resized and confirmed is Signal.GOOD else confirmed

    def _confirmed(self, look: Signal) -> Signal:
        """The look that several pictures in a row have had."""
        self._seen = self._seen + 1 if look is self._candidate else 1
        self._candidate = look
        if self._seen >= CONFIRMING_FRAMES:
            self._named = look
        return self._named
