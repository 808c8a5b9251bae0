"""Asks a Linux camera driver which modes it has.

The numbers and the layouts of the structures are those of the kernel's linux/videodev2.h.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from app.core.sources.modes import USUAL_MODES, Mode

Ask = Callable[[int, bytearray], object]
"""Sends a request with its structure, which the driver fills; OSError where it knows no more."""

VIDEO_CAPTURE = 1
DISCRETE = 1
"""Sizes or intervals are told one by one; every other kind tells a range."""
MOST_ANSWERS = 64
"""A driver that never ends its list is not asked for ever."""
FORMATS = {
    "MJPG": "mjpeg",
    "JPEG": "mjpeg",
    "H264": "h264",
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "NV12": "nv12",
    "YU12": "yuv420p",
    "422P": "yuv422p",
    "RGB3": "rgb24",
    "BGR3": "bgr24",
    "GREY": "gray",
}
"""The driver's four letters -> what FFmpeg calls it; pictures of other formats it does not take."""


@dataclass(frozen=True, slots=True)
class _List:
    """One of the driver's lists: its request and its structure, of 32-bit words."""

    number: int
    words: int

    @property
    def request(self) -> int:
        """_IOWR('V', number, structure): read and write, the structure's size, V for video."""
        return 3 << 30 | 4 * self.words << 16 | ord("V") << 8 | self.number


FORMAT_LIST = _List(number=2, words=16)
"""index, type, flags, 8 words of description, pixel format, 4 more."""
SIZE_LIST = _List(number=74, words=11)
"""index, pixel format, kind, then width, height or least, most, step of both, 2 more."""
INTERVAL_LIST = _List(number=75, words=13)
"""index, pixel format, width, height, kind, then a fraction or shortest, longest, step, 2 more."""


def device_modes(path: str) -> tuple[Mode, ...]:
    """The modes of the camera at `path`, in the driver's order; none where it cannot be asked."""
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return ()
    try:
        return modes(partial(fcntl.ioctl, device))
    finally:
        os.close(device)


def modes(ask: Ask) -> tuple[Mode, ...]:
    """The modes that a driver tells, each once."""
    return tuple(dict.fromkeys(_modes(ask)))


def _modes(ask: Ask) -> Iterator[Mode]:
    for answer in _answers(ask, FORMAT_LIST, VIDEO_CAPTURE):
        code = answer[11]
        pixel_format = FORMATS.get(struct.pack("=I", code).decode("ascii", "replace"))
        if pixel_format is None:
            continue
        sizes = list(_sizes(ask, code))
        for width, height in sizes:
            for rate_fps in list(_rates_fps(ask, code, width, height)) or [0.0]:
                yield Mode(width, height, rate_fps, pixel_format)
        if not sizes:
            yield Mode(pixel_format=pixel_format)


def _sizes(ask: Ask, code: int) -> Iterator[tuple[int, int]]:
    for answer in _answers(ask, SIZE_LIST, code):
        if answer[2] == DISCRETE:
            yield answer[3], answer[4]
            continue
        least_width, most_width, _, least_height, most_height = answer[3:8]
        for width, height in dict.fromkeys((usual.width, usual.height) for usual in USUAL_MODES):
            if least_width <= width <= most_width and least_height <= height <= most_height:
                yield width, height
        return


def _rates_fps(ask: Ask, code: int, width: int, height: int) -> Iterator[float]:
    for answer in _answers(ask, INTERVAL_LIST, code, width, height):
        shortest_s = answer[5] / (answer[6] or 1)
        if answer[4] == DISCRETE:
            if shortest_s:
                yield round(1 / shortest_s, 3)
            continue
        longest_s = answer[7] / (answer[8] or 1)
        for rate_fps in sorted({usual.rate_fps for usual in USUAL_MODES}, reverse=True):
            if shortest_s <= 1 / rate_fps <= longest_s:
                yield rate_fps
        return


def _answers(ask: Ask, asked: _List, *about: int) -> Iterator[tuple[int, ...]]:
    """The words of one list's structures, until the driver knows no more."""
    for index in range(MOST_ANSWERS):
        filled = bytearray(struct.pack(f"={1 + len(about)}I", index, *about))
        filled.extend(bytes(4 * asked.words - len(filled)))
        try:
            ask(asked.request, filled)
        except OSError:
            return
        yield struct.unpack(f"={asked.words}I", filled)
