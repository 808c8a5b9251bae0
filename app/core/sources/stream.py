"""Live pictures through FFmpeg, from a device or from the network: decoded as they come."""

from __future__ import annotations

import av
from av import VideoFrame
from av.container import InputContainer

from app.core.snapshot import SourceInfo
from app.core.sources.decoding import video_frames
from app.core.sources.source import SourceError, SourceLostError

NO_WAITING = {"fflags": "nobuffer", "flags": "low_delay"}
"""FFmpeg's options against keeping pictures back."""


class LiveStream:
    """An open live video stream of FFmpeg; `jitter_s` as in `SourceInfo`."""

    def __init__(self, name: str, container: InputContainer, jitter_s: float = 0.0) -> None:
        if not container.streams.video:
            container.close()
            raise SourceError(f"{name}: sends no video; choose a source with a picture")
        self._name, self._jitter_s = name, jitter_s
        self._container = container
        self._stream = container.streams.video[0]
        # Frame threading would keep one picture back for every thread.
        self._stream.thread_type = "SLICE"
        self._frames = video_frames(container, self._stream)

    def info(self) -> SourceInfo:
        """What the stream declares."""
        stream = self._stream
        rate_fps = float(stream.average_rate or 0)
        size = stream.width or 0, stream.height or 0
        return SourceInfo(self._name, *size, rate_fps, None, self._jitter_s)

    def next_frame(self) -> VideoFrame | None:
        """Blocks for the next frame; None when the sender ended the stream.

        Raises:
            SourceError: nothing came within the time limit, or the device is gone.
        """
        try:
            return next(self._frames, None)
        except av.FFmpegError as error:
            raise SourceLostError(
                f"{self._name}: no pictures any more ({error.strerror}); check cable and sender"
            ) from None

    def close(self) -> None:
        """Frees the device or the connection."""
        self._container.close()
