"""FFmpeg's decoding loop, the same for recordings and live streams."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream


def video_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
    """Decodes on to the end; None stands for a packet that cannot be decoded.

    A damaged recording's other frames are still worth seeing, and a stream joined in its middle
    begins with packets that cannot be decoded yet.

    Raises:
        av.FFmpegError: reading failed.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.EOFError:
            return
        except av.InvalidDataError:
            yield None
            continue
        yield from (frame for frame in frames if isinstance(frame, VideoFrame))
