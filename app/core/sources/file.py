"""Recorded video: any file that FFmpeg reads, frame by frame, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
from av import VideoCodecContext, VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from app.core.snapshot import SourceInfo
from app.core.sources.decoded import DecodedFrame, DecodedFrames
from app.core.sources.decoding import DecodedPicture, video_pictures
from app.core.sources.pixels import FrameConverter
from app.core.sources.source import Picture, SourceError

ASSUMED_RATE_FPS = 25.0
"""For files that declare no rate (raw streams, single pictures)."""
NEAR_S = 1.0
"""A target this close ahead is reached by decoding on, cheaper than from a key frame."""


class FileSource:
    """A video file; seeks to the exact frame, and steps back quickly."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._second: VideoCodecContext | None = None
        self._decoder: Iterator[DecodedPicture] = iter(())
        self._decoded = DecodedFrames()
        self._converter = FrameConverter()
        self._rate_fps = ASSUMED_RATE_FPS
        self._first_pts_s = 0.0
        self._next_index: int | None = 0
        self._last_media_s = 0.0
        self._duration_s = 0.0
        self._has_times = True

    def open(self) -> SourceInfo:
        """See `Source.open`; decodes the first frame, so that a file without one is found."""
        self._check_path()
        self._restart()
        if not self._decode_one():
            raise SourceError(
                f"{self._path}: no picture could be decoded; the file is empty or damaged"
            )
        first = self._converter.rgb(self._decoded.frames[0].frame)
        self._duration_s = self._declared_duration_s() or self._measured_duration_s()
        height, width = first.shape[:2]
        return SourceInfo(self._path.name, width, height, self._rate_fps, self._duration_s)

    def read(self) -> Picture | None:
        """See `Source.read`."""
        if self._decoded.at_end and not self._decode_one():
            return None
        decoded = self._decoded.take()
        rgb = self._converter.rgb(decoded.frame)
        return Picture(rgb, decoded.index, decoded.media_s, is_damaged=decoded.is_damaged)

    def seek(self, time_s: float) -> None:
        """See `Source.seek`."""
        target_s = min(max(0.0, time_s), self._duration_s)
        last_s = self._decoded.last_s
        if not self._decoded.cover(target_s) and not (last_s <= target_s <= last_s + NEAR_S):
            self._jump(target_s)
        while self._decoded.last_s <= target_s and self._decode_one():
            pass
        self._decoded.rewind_to(target_s)

    def close(self) -> None:
        """See `Source.close`."""
        self._decoder = iter(())
        self._decoded.clear()
        if self._container is not None:
            self._container.close()
            self._container = None

    def _check_path(self) -> None:
        try:
            size_bytes = self._path.stat().st_size
        except (FileNotFoundError, ValueError):
            line = f"{self._path}: no such file; give the path of a video file"
            raise SourceError(line) from None
        except OSError as error:
            raise SourceError(f"{self._path}: cannot be read ({error.strerror})") from None
        if size_bytes == 0:
            raise SourceError(f"{self._path}: the file is empty; a video file was expected")

    def _restart(self) -> None:
        """Opens the file from its beginning."""
        self.close()
        try:
            self._container = av.open(str(self._path), metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            raise SourceError(
                f"{self._path}: not a video that can be read ({_cause(error)})"
            ) from None
        if not self._container.streams.video:
            raise SourceError(f"{self._path}: holds no video; give a file with a picture track")
        self._stream = stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        self._second = None
        if stream.codec_context.name == "mjpeg":
            # It says nothing of half a picture unless it may refuse it.
            stream.codec_context.options = {"err_detect": "explode"}
            self._second = VideoCodecContext.create("mjpeg", "r")
        self._rate_fps = float(stream.average_rate or ASSUMED_RATE_FPS)
        self._next_index = 0
        self._decoder = self._frames(self._container, stream)

    def _frames(self, container: InputContainer, stream: VideoStream) -> Iterator[DecodedPicture]:
        try:
            yield from filter(None, video_pictures(container, stream, self._second))
        except av.FFmpegError as error:
            raise SourceError(f"{self._path}: reading stopped ({_cause(error)})") from None

    def _decode_one(self) -> bool:
        decoded = next(self._decoder, None)
        if decoded is None:
            return False
        index, media_s = self._place(decoded.frame)
        self._decoded.append(DecodedFrame(decoded.frame, index, media_s, decoded.is_damaged))
        self._next_index, self._last_media_s = index + 1, media_s
        return True

    def _place(self, frame: VideoFrame) -> tuple[int, float]:
        """Index and position; after a jump the index comes from the time, else from counting."""
        at_start = self._next_index == 0
        if at_start:
            self._has_times = frame.pts is not None
            self._first_pts_s = frame.time if self._has_times else 0.0
        if self._has_times and frame.pts is not None:
            media_s = frame.time - self._first_pts_s
        else:
            media_s = 0.0 if at_start else self._last_media_s + 1 / self._rate_fps
        index = self._next_index
        return (round(media_s * self._rate_fps) if index is None else index), media_s

    def _jump(self, target_s: float) -> None:
        """Goes to a key frame before the target, or to the beginning of a file without any."""
        if self._container is None or self._stream is None or self._stream.time_base is None:
            raise SourceError(f"{self._path}: was closed")
        self._decoded.clear()
        offset = int((target_s + self._first_pts_s) / self._stream.time_base)
        try:
            self._container.seek(offset, stream=self._stream, backward=True)
        except av.FFmpegError:
            self._restart()
            return
        self._next_index = None
        self._decoder = self._frames(self._container, self._stream)
        if not self._decode_one() or self._decoded.last_s > target_s:
            self._restart()

    def _declared_duration_s(self) -> float:
        container, stream = self._container, self._stream
        if stream is not None and stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if container is not None and container.duration:
            return container.duration / av.time_base
        return 0.0

    def _measured_duration_s(self) -> float:
        """Reads the packets' times: recordings that were cut off declare no length."""
        with av.open(str(self._path), metadata_errors="replace") as container:
            times = [packet.pts for packet in container.demux(video=0) if packet.size]
        if not self._has_times or self._stream is None or self._stream.time_base is None:
            return len(times) / self._rate_fps
        last_s = float(max(time or 0 for time in times) * self._stream.time_base)
        return max(0.0, last_s - self._first_pts_s)


def _cause(error: Exception) -> str:
    """FFmpeg's own words without the path, which the message already names."""
    return getattr(error, "strerror", None) or str(error)
