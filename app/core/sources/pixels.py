"""From a decoded picture of any pixel format to RGB, 8 bits, upright."""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from app.core.sources.source import SourceError

UNSPECIFIED_COLOURS = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED: the file does not say which YUV it holds."""
HD_HEIGHT_PX = 720
"""From this height on, untagged video is BT.709 by convention, below it BT.601."""


def rgb_from_frame(frame: VideoFrame) -> NDArray[np.uint8]:
    """Converts a decoded frame, over black where it is transparent, turned as its file asks.

    Returns:
        (H, W, 3) uint8 RGB, contiguous.

    Raises:
        SourceError: its pixel format is one that FFmpeg cannot convert.
    """
    has_alpha = any(component.is_alpha for component in frame.format.components)
    try:
        reformatted = frame.reformat(
            format="rgba" if has_alpha else "rgb24",
            src_colorspace=_colours(frame),
            dst_color_range=ColorRange.JPEG,
        )
    except (av.FFmpegError, OSError, ValueError):
        raise SourceError(
            f"pictures of the pixel format {frame.format.name} cannot be shown; "
            "convert the video, for example to yuv420p"
        ) from None
    pixels = cast("NDArray[np.uint8]", reformatted.to_ndarray())
    return _upright(over_black(pixels) if has_alpha else pixels, frame.rotation)


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
