"""A copy of the screen, for towers whose picture only a viewer program on this computer shows."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

import av
from av.container import InputContainer

from app.core.snapshot import SourceInfo
from app.core.sources.display_server import DisplayServer
from app.core.sources.parts import SMALLEST_PX, rate_fps
from app.core.sources.source import Picture, SourceError, SourceLostError
from app.core.sources.stream import NO_WAITING, LiveStream

SCHEME = "screen:"
LIMIT_S = 5.0
HIGHEST_FPS = 60.0
REGION = re.compile(r"region=(-?\d+),(-?\d+),(\d+)x(\d+)(?=,|$)")
NO_SCREEN = "there is no screen to copy (DISPLAY is not set); start it on a desktop"
WAYLAND = "a Wayland desktop lets no program copy its screen; log in to an X11 session"


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """What was asked for.

    Attributes:
        region: left, top, width and height, pixels of the screen; None for all of it.
        rate_fps: copies a second.
    """

    region: tuple[int, int, int, int] | None = None
    rate_fps: float = 30.0


class ScreenSource:
    """Copies the screen or a region of it, as a camera would see it; without the pointer.

    X11 was tried on a virtual screen; Windows (GDI) and macOS were not run on hardware.

    Args:
        spec: as `read_spec` takes it.
    """

    def __init__(self, spec: str) -> None:
        self._spec, self._asked = spec, read_spec(spec)
        self._stream: LiveStream | None = None
        self._server: DisplayServer | None = None

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        container = _opened(self._spec, self._asked)
        if sys.platform == "linux":
            self._server = DisplayServer(os.environ["DISPLAY"])
        region = self._asked.region
        place = f" from {region[0]}, {region[1]} on" if region else ""
        self._stream = LiveStream(f"SCREEN COPY{place}", container, is_device=False)
        return self._stream.info()

    def read(self) -> Picture | None:
        """See `Source.read`."""
        if self._server is not None and self._server.is_gone():
            raise SourceLostError(f"{self._spec}: the screen is gone; start its desktop again")
        return self._stream.read() if self._stream is not None else None

    def seek(self, time_s: float) -> None:
        """A screen has no positions."""
        raise SourceError(f"{self._spec}: a screen cannot be sought (asked for {time_s:.3f} s)")

    def close(self) -> None:
        """See `Source.close`."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def read_spec(spec: str) -> ScreenSpec:
    """Reads "screen:region=100,50,1280x720,fps=30"; both parts may be left out.

    Raises:
        SourceError: a part is not understood, or out of range.
    """
    text = spec[len(SCHEME) :].strip()
    try:
        region = _region(text)
        rates = [_rate_fps(part) for part in filter(None, REGION.sub("", text).split(","))]
    except ValueError:
        raise SourceError(
            f"{spec}: is not understood; expected {SCHEME}region=LEFT,TOP,WIDTHxHEIGHT,fps=30 with "
            f"sides from {SMALLEST_PX} pixels on and up to {HIGHEST_FPS:g} fps"
        ) from None
    return ScreenSpec(region, *rates[-1:])


def why_no_screen() -> str:
    """One line that says why no screen can be copied and what to do; empty where one can."""
    if sys.platform != "linux":
        return ""
    if os.environ.get("WAYLAND_DISPLAY"):
        return WAYLAND
    return "" if os.environ.get("DISPLAY") else NO_SCREEN


def screen_size() -> tuple[int, int] | None:
    """Width and height of the whole screen, pixels; None where it cannot be copied."""
    if why_no_screen():
        return None
    try:
        with _grabbed(ScreenSpec()) as container:
            stream = container.streams.video[0]
            return stream.width, stream.height
    except (av.FFmpegError, OSError, ValueError):
        return None


def _opened(spec: str, asked: ScreenSpec) -> InputContainer:
    why = why_no_screen()
    if why:
        raise SourceError(f"{spec}: {why}")
    if asked.region and sys.platform == "darwin":
        raise SourceError(f"{spec}: macOS copies whole screens only; leave the region out")
    try:
        return _grabbed(asked)
    except (av.FFmpegError, OSError, ValueError) as error:
        size = screen_size() if asked.region else None
        if size is None:
            cause = getattr(error, "strerror", None) or error
            raise SourceError(
                f"{spec}: the screen cannot be copied ({cause}); check that the desktop runs "
                "and that this program may record it"
            ) from None
        raise SourceError(
            f"{spec}: the region lies outside the screen, which is {size[0]} × {size[1]}; "
            "choose one within"
        ) from None


def _grabbed(asked: ScreenSpec) -> InputContainer:
    options = NO_WAITING | {"framerate": f"{asked.rate_fps:g}"}
    left, top, width, height = asked.region or (0, 0, 0, 0)
    if asked.region:
        options["video_size"] = f"{width}x{height}"
    if sys.platform == "win32":
        options |= {"draw_mouse": "0", "offset_x": str(left), "offset_y": str(top)}
        return _grab("desktop", "gdigrab", options)
    if sys.platform == "darwin":
        return _grab("Capture screen 0", "avfoundation", options)
    options |= {"draw_mouse": "0", "grab_x": str(left), "grab_y": str(top)}
    return _grab(os.environ.get("DISPLAY", ""), "x11grab", options)


def _grab(address: str, form: str, options: dict[str, str]) -> InputContainer:
    return av.open(address, format=form, options=options, timeout=LIMIT_S)


def _region(text: str) -> tuple[int, int, int, int] | None:
    found = REGION.search(text)
    if found is None:
        return None
    left, top, width, height = (int(number) for number in found.groups())
    if min(width, height) < SMALLEST_PX:
        raise ValueError(text)
    return left, top, width, height


def _rate_fps(part: str) -> float:
    name, _, value = part.partition("=")
    if name.strip() != "fps":
        raise ValueError(part)
    return rate_fps(value, HIGHEST_FPS)
