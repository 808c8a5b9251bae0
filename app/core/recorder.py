"""Writes overlaid frames to a video file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av import VideoFrame
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lmsfa.notice import RESEARCH_NOTICE

ENDING = ".mkv"
TICKS_A_SECOND = 1000
"""Matroska counts milliseconds."""
ENCODER = {"crf": "16", "preset": "veryfast", "tune": "zerolatency"}
"""Visually lossless; nothing is kept back in the encoder, so that a cut loses no frames."""
MUXER = {"cluster_time_limit": "250", "flush_packets": "1"}
"""What a quarter of a second holds is on the disk, whatever happens to the program then."""


class OutputError(RuntimeError):
    """A file could not be written. One line: which file, why, what to do."""


def check_recording(path: Path, *, overwrite: bool) -> None:
    """Sees that `path` may become a recording, before any work is done.

    Raises:
        OutputError: see `check_output`; or it does not end in .mkv.
    """
    check_output(path, overwrite=overwrite)
    if path.suffix.lower() != ENDING:
        raise OutputError(f"{path}: recordings are Matroska files; give a name ending in {ENDING}")


def check_output(path: Path, *, overwrite: bool) -> None:
    """Sees that `path` may be written, before any work is done.

    Raises:
        OutputError: it exists and `overwrite` is False, or its folder does not exist.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; give the path of a file")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: its folder does not exist; make it first")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: exists already; choose another name or give --overwrite")


class Recorder:
    """An MKV file (H.264) being written. One thread. A recording that is cut off stays readable."""

    def __init__(self, path: Path, rate_fps: float, *, overwrite: bool = False) -> None:
        """Opens the file; its size is the first frame's.

        Args:
            path: where to, ending in .mkv.
            rate_fps: frames a second as declared in the file; the frames' own times count.
            overwrite: whether an existing file may be replaced.

        Raises:
            OutputError: the file exists or cannot be written.
        """
        check_recording(path, overwrite=overwrite)
        self._path = path
        self._rate = Fraction(rate_fps or 25).limit_denominator(1001)
        self._stream: VideoStream | None = None
        self._last_tick = -1
        try:
            self._container: OutputContainer = av.open(
                str(path), "w", format="matroska", container_options=MUXER
            )
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from None
        self._container.metadata["comment"] = RESEARCH_NOTICE

    def __enter__(self) -> Self:
        """The recorder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the file."""
        self.close()

    def write(self, rgb: NDArray[np.uint8], time_s: float) -> None:
        """Adds a frame.

        Args:
            rgb: (H, W, 3) uint8 RGB; another size than the first frame's is fitted into it.
            time_s: seconds from the beginning of the recording.

        Raises:
            OutputError: the disk is full or gone.
        """
        try:
            stream = self._stream or self._begin(rgb)
            fitted = _fitted(rgb, stream.height, stream.width)
            frame = VideoFrame.from_ndarray(fitted, format="rgb24").reformat(
                format="yuv420p",
                dst_colorspace=int(Colorspace.ITU709),
                dst_color_range=int(ColorRange.MPEG),
            )
            self._last_tick = max(self._last_tick + 1, round(time_s * TICKS_A_SECOND))
            frame.pts, frame.time_base = self._last_tick, Fraction(1, TICKS_A_SECOND)
            self._container.mux(stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Ends the file; a second call does nothing.

        Raises:
            OutputError: the end could not be written; what was written before is readable.
        """
        stream, self._stream = self._stream, None
        try:
            if stream is not None:
                self._container.mux(stream.encode(None))
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise self._failure(error) from None

    def _begin(self, rgb: NDArray[np.uint8]) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self._rate, options=dict(ENCODER))
        # Colours are halved in both directions: sides must be even.
        height, width = rgb.shape[:2]
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS_A_SECOND)
        context.colorspace = context.color_primaries = context.color_trc = int(Colorspace.ITU709)
        context.color_range = int(ColorRange.MPEG)
        self._stream = stream
        return stream

    def _failure(self, error: Exception) -> OutputError:
        cause = getattr(error, "strerror", None) or str(error)
        return OutputError(f"{self._path}: could not be written ({cause}); check disk and folder")


def _fitted(rgb: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scales a frame down or up into the recording's size and repeats its last row and column."""
    rows, columns = rgb.shape[:2]
    if height - rows not in (0, 1) or width - columns not in (0, 1):
        scale = min(height / rows, width / columns)
        columns, rows = max(1, round(columns * scale)), max(1, round(rows * scale))
        rgb = np.asarray(cv2.resize(rgb, (columns, rows)), dtype=np.uint8)
    missing = ((0, height - rows), (0, width - columns), (0, 0))
    return np.pad(rgb, missing, mode="edge") if (rows, columns) != (height, width) else rgb
