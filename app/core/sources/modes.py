"""Size, rate and pixel format that a camera is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.sources.parts import rate_fps, size_px
from app.core.sources.source import SourceError

LARGEST_PX = 8192
HIGHEST_FPS = 240.0


@dataclass(frozen=True, slots=True)
class Mode:
    """How a camera gives its pictures; what is 0 or empty is left to the camera.

    Attributes:
        width: pixels.
        height: pixels.
        rate_fps: pictures a second.
        pixel_format: as FFmpeg calls it ("yuyv422"), or the codec ("mjpeg").
    """

    width: int = 0
    height: int = 0
    rate_fps: float = 0.0
    pixel_format: str = ""

    @property
    def words(self) -> str:
        """For people: "1920 × 1080 · 60 fps · mjpeg"."""
        parts = (
            f"{self.width} × {self.height}" if self.width else "",
            f"{self.rate_fps:g} fps" if self.rate_fps else "",
            self.pixel_format,
        )
        return " · ".join(filter(None, parts))

    @property
    def spec(self) -> str:
        """As it is typed behind a camera: ",size=1920x1080,fps=60,format=mjpeg"."""
        size = f",size={self.width}x{self.height}" if self.width else ""
        rate = f",fps={self.rate_fps:g}" if self.rate_fps else ""
        return size + rate + (f",format={self.pixel_format}" if self.pixel_format else "")


ANY_MODE = Mode()
"""Whatever the camera gives when nobody asks."""
USUAL_MODES = (
    Mode(1920, 1080, 60.0),
    Mode(1920, 1080, 30.0),
    Mode(1280, 720, 60.0),
    Mode(1280, 720, 30.0),
    Mode(640, 480, 30.0),
)
"""What can be asked for where a camera cannot be asked what it has."""


def read_mode(spec: str) -> tuple[str, Mode]:
    """Takes "NAME,size=1920x1080,fps=60,format=mjpeg" apart; a name may hold commas itself.

    Returns:
        The name and what is asked for.

    Raises:
        SourceError: a part's value is not understood.
    """
    name, mode = spec, ANY_MODE
    while (key := _last_key(name)) in _PARTS:
        name, _, part = name.rpartition(",")
        try:
            mode = _PARTS[key](mode, part.partition("=")[2].strip())
        except ValueError:
            raise SourceError(
                f"camera {spec}: {part.strip()!r} is not understood; expected "
                "size=1920x1080, fps=60 or format=mjpeg"
            ) from None
    return name, mode


def _last_key(spec: str) -> str:
    return spec.rpartition(",")[2].partition("=")[0].strip() if "," in spec else ""


def _with_size(mode: Mode, text: str) -> Mode:
    width, height = size_px(text, LARGEST_PX)
    return replace(mode, width=width, height=height)


def _with_rate(mode: Mode, text: str) -> Mode:
    return replace(mode, rate_fps=rate_fps(text, HIGHEST_FPS))


def _with_format(mode: Mode, text: str) -> Mode:
    if not text.replace("_", "").isalnum():
        raise ValueError(text)
    return replace(mode, pixel_format=text.lower())


_PARTS: dict[str, Callable[[Mode, str], Mode]] = {
    "size": _with_size,
    "fps": _with_rate,
    "format": _with_format,
}
