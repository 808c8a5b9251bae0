"""FFmpeg's decoding loop, the same for recordings and live streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
from av import Packet, VideoCodecContext, VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from app.core.sources.damage import DamageWatch


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture as the decoder gave it, and whether it, or one it is made of, is incomplete."""

    frame: VideoFrame
    is_damaged: bool


def video_pictures(
    container: InputContainer, stream: VideoStream, second: VideoCodecContext | None = None
) -> Iterator[DecodedPicture | None]:
    """Decodes on to the end; None stands for a packet that cannot be decoded.

    A damaged recording's other frames are still worth seeing, and a stream joined in its middle
    begins with packets that cannot be decoded yet.

    Args:
        container: open.
        stream: of it.
        second: a decoder that takes what the stream's own refuses; its pictures are damaged.

    Raises:
        av.FFmpegError: reading failed.
    """
    packets = container.demux(stream)
    watch = DamageWatch()
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            watch.read(packet)
            frames = packet.decode()
        except av.EOFError:
            return
        except av.InvalidDataError:
            if packet is not None:
                watch.lost(packet)
            frames = _decoded(second, packet)
            if not frames:
                yield None
        for frame in frames:
            if isinstance(frame, VideoFrame):
                yield DecodedPicture(frame, watch.is_damaged(frame))


def _decoded(
    second: VideoCodecContext | None, packet: Packet[VideoStream] | None
) -> list[VideoFrame]:
    if second is None or packet is None:
        return []
    try:
        return second.decode(packet)
    except av.FFmpegError:
        return []
