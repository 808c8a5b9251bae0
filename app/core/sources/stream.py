"""Live pictures through FFmpeg, from a device or from the network: the newest, as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from av.container import InputContainer

from app.core.snapshot import SourceInfo
from app.core.sources.capture_clock import CaptureClock
from app.core.sources.decoding import DecodedPicture, video_pictures
from app.core.sources.drain import Drain
from app.core.sources.pixels import FrameConverter
from app.core.sources.source import Picture, SourceError, SourceLostError

NO_WAITING = {"fflags": "nobuffer", "flags": "low_delay"}
"""FFmpeg's options against keeping pictures back."""
UNREADABLE_S = 2.0
"""For so long pictures that cannot be converted are left out; then the source is begun again."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    decoded: DecodedPicture
    index: int
    captured_s: float


class LiveStream:
    """An open live video stream, drained by a thread of its own. Used on one thread.

    `Picture.index` counts also the pictures that a newer one replaced, or that could not be decoded
    or converted: they are left out, and reading goes on.

    Args:
        name: for people.
        container: open; the stream closes it.
        jitter_s: as in `SourceInfo`.
        is_device: whether its time stamps may be the kernel's.
    """

    def __init__(
        self, name: str, container: InputContainer, *, jitter_s: float = 0.0, is_device: bool
    ) -> None:
        if not container.streams.video:
            container.close()
            raise SourceError(f"{name}: sends no video; choose a source with a picture")
        self._name, self._jitter_s = name, jitter_s
        self._container = container
        self._stream = container.streams.video[0]
        # Frame threading would keep one picture back for every thread.
        self._stream.thread_type = "SLICE"
        if self._stream.codec_context.name == "h264":
            # With several threads it neither conceals what is missing nor says that it is.
            self._stream.codec_context.thread_count = 1
        if self._stream.codec_context.name == "mjpeg" and not is_device:
            # Half a picture is left out, not shown with the rest in grey. Some cameras' own JPEGs
            # are never quite right.
            self._stream.codec_context.options = {"err_detect": "explode"}
        self._clock = CaptureClock(is_device=is_device)
        self._converter = FrameConverter()
        self._unreadable_since_s: float | None = None
        self._drain = Drain(name, self._arrivals(), container.close)

    def info(self) -> SourceInfo:
        """What the stream declares."""
        stream = self._stream
        rate_fps = float(stream.average_rate or 0)
        size = stream.width or 0, stream.height or 0
        leaves_out = not stream.codec_context.codec.intra_only
        return SourceInfo(self._name, *size, rate_fps, None, self._jitter_s, leaves_out)

    def read(self) -> Picture | None:
        """Blocks for the next picture, with its capture time; None when the sender ended.

        Raises:
            SourceLostError: nothing came within the time limit, the device is gone, or for too long
                nothing came that can be converted.
        """
        while (arrived := self._drain.take()) is not None:
            try:
                rgb = self._converter.rgb(arrived.decoded.frame)
            except SourceError as error:
                self._leave_out(error)
                continue
            self._unreadable_since_s = None
            return Picture(
                rgb,
                arrived.index,
                captured_s=arrived.captured_s,
                is_damaged=arrived.decoded.is_damaged,
            )
        return None

    def close(self) -> None:
        """Waits until device or connection is free, for a bounded time; see `Drain.close`."""
        self._drain.close()

    def _leave_out(self, error: SourceError) -> None:
        now_s = time.monotonic()
        if self._unreadable_since_s is None:
            self._unreadable_since_s = now_s
        if now_s - self._unreadable_since_s > UNREADABLE_S:
            raise SourceLostError(f"{self._name}: {error}") from None

    def _arrivals(self) -> Iterator[_Arrived]:
        for index, decoded in enumerate(video_pictures(self._container, self._stream)):
            if decoded is not None:
                captured_s = self._clock.captured_s(decoded.frame.time, time.monotonic())
                yield _Arrived(decoded, index, captured_s)
