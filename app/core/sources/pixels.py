"""From a decoded picture of any pixel format to RGB, 8 bits, upright."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import av.filter
import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from app.core.sources.source import SourceError

UNSPECIFIED_COLOURS = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED: the file does not say which YUV it holds."""
HD_HEIGHT_PX = 720
"""From this height on, untagged video is BT.709 by convention, below it BT.601."""


class FrameConverter:
    """Makes RGB of one source's decoded frames. On one thread."""

    def __init__(self) -> None:
        self._fields = _UpperFields()

    def rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Converts a decoded frame, over black where it is transparent, turned as its file asks.

        Returns:
            (H, W, 3) uint8 RGB, contiguous.

        Raises:
            SourceError: its pixel format is one that FFmpeg cannot convert.
        """
        try:
            if frame.interlaced_frame and frame.height > 1:
                return _both_lines(_rgb(self._fields.of(frame)), frame.height)
            return _rgb(frame)
        except (av.FFmpegError, OSError, ValueError):
            raise SourceError(
                f"pictures of the pixel format {frame.format.name} cannot be shown; "
                "convert the video, for example to yuv420p"
            ) from None


class _UpperFields:
    """Every second line: the two halves of an interlaced frame are of different times.

    Filters that use both halves wait for the next frame, which a live picture cannot. The filter is
    kept while the frames' form stays: building it takes longer than using it.
    """

    def __init__(self) -> None:
        self._form: tuple[object, ...] = ()
        self._graph = av.filter.Graph()

    def of(self, frame: VideoFrame) -> VideoFrame:
        form = frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range
        if form != self._form:
            self._graph, self._form = _field_graph(frame), form
        try:
            self._graph.push(frame)
            field = self._graph.pull()
        except (av.FFmpegError, OSError, ValueError):
            # A filter that has failed once takes nothing more.
            self._form = ()
            raise
        if not isinstance(field, VideoFrame):
            raise TypeError(f"a field is a picture, got {type(field).__name__}")
        return field


def _field_graph(frame: VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, 1000),
        ),
        graph.add("field", "top"),
        graph.add("buffersink"),
    ).configure()
    return graph


def _rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    has_alpha = any(component.is_alpha for component in frame.format.components)
    reformatted = frame.reformat(
        format="rgba" if has_alpha else "rgb24",
        src_colorspace=_colours(frame),
        dst_color_range=ColorRange.JPEG,
    )
    pixels = cast("NDArray[np.uint8]", reformatted.to_ndarray())
    return _upright(over_black(pixels) if has_alpha else pixels, frame.rotation)


def _both_lines(field: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """(h, W, 3) -> (height, W, 3): the lines between are means of their neighbours."""
    lines = np.empty((height, *field.shape[1:]), dtype=np.uint8)
    lines[::2] = field
    below = np.concatenate([field[1:], field[-1:]])[: height // 2]
    lines[1::2] = cv2.addWeighted(field[: height // 2], 0.5, below, 0.5, 0)
    return lines


def over_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) straight-alpha RGBA uint8 -> (H, W, 3) as it looks over black."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 127) // 255).astype(np.uint8)


def _colours(frame: VideoFrame) -> int | None:
    untagged_hd = frame.colorspace == UNSPECIFIED_COLOURS and frame.height >= HD_HEIGHT_PX
    return int(Colorspace.ITU709) if untagged_hd else None


def _upright(rgb: NDArray[np.uint8], rotation_degrees: int) -> NDArray[np.uint8]:
    quarter_turns = round(rotation_degrees / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns else rgb
