"""Video from the network: RTSP, RTP, MPEG-TS or NUT over TCP or UDP, HTTP."""

from __future__ import annotations

import av

from app.core.snapshot import SourceInfo
from app.core.sources.source import Picture, SourceError, SourceLostError
from app.core.sources.stream import NO_WAITING, LiveStream

LIMIT_S = 5.0
"""How long a sender may be silent, while opening and while running."""
JITTER_S = 0.3
"""Packets may be late by so much without anything being wrong."""
OPTIONS = {
    **NO_WAITING,
    "rtsp_transport": "tcp",
    "max_delay": "100000",
    "probesize": "500000",
    "analyzeduration": "500000",
}
"""TCP loses nothing on the way; short probing shows the first picture sooner."""


class NetworkSource:
    """A stream that somebody serves at a URL."""

    def __init__(self, url: str, limit_s: float = LIMIT_S) -> None:
        self._url = url
        self._limit_s = limit_s
        self._stream: LiveStream | None = None

    def open(self) -> SourceInfo:
        """See `Source.open`; waits at most the time limit for the sender."""
        try:
            container = av.open(self._url, options=dict(OPTIONS), timeout=self._limit_s)
        except (av.FFmpegError, ValueError) as error:
            raise SourceLostError(
                f"{self._url}: nobody serves a video stream there ({_cause(error)}, waited at most "
                f"{self._limit_s:g} s); check the address and start the sender"
            ) from None
        if container.duration:
            container.close()
            raise SourceError(
                f"{self._url}: a recording, not a live stream; download it and open the file"
            )
        self._stream = LiveStream(self._url, container, jitter_s=JITTER_S, is_device=False)
        return self._stream.info()

    def read(self) -> Picture | None:
        """See `Source.read`."""
        return self._stream.read() if self._stream is not None else None

    def seek(self, time_s: float) -> None:
        """Live streams have no positions."""
        raise SourceError(f"{self._url}: a live stream cannot be sought (asked for {time_s:.3f} s)")

    def close(self) -> None:
        """See `Source.close`."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
