"""Which source a person means by what they typed."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.core.sources import phantom, screen
from app.core.sources.camera import CameraSource
from app.core.sources.file import FileSource
from app.core.sources.folder import FolderSource
from app.core.sources.network import NetworkSource
from app.core.sources.phantom import PhantomSource
from app.core.sources.screen import ScreenSource
from app.core.sources.source import Source, SourceError, path_of

SCHEMES: dict[str, Callable[[str], Source]] = {
    "camera:": lambda spec: CameraSource(spec.partition(":")[2]),
    phantom.SCHEME: PhantomSource,
    screen.SCHEME: ScreenSource,
    "rtsp://": NetworkSource,
    "rtsps://": NetworkSource,
    "tcp://": NetworkSource,
    "udp://": NetworkSource,
    "rtp://": NetworkSource,
    "http://": NetworkSource,
    "https://": NetworkSource,
}
"""Beginning of what was typed -> what makes its source; everything else is a path."""
BARE_CAMERA = re.compile(r"(/dev/video|\d+(,(size|fps|format)=[^,]*)*$)")
"""A number, or a path that means a camera: read as a file it would give nothing."""


def open_source(spec: str) -> Source:
    """Makes the source that `spec` names; `Source.open` then opens it.

    Args:
        spec: path of a file or of a folder of pictures, "camera:0", "0", "camera:NAME" or
            "/dev/video0", each also with ",size=1920x1080,fps=60,format=mjpeg", "screen:",
            "phantom:", or the URL of a stream (rtsp, rtp, tcp, udp, http).

    Raises:
        SourceError: the scheme or one of its parts is not understood, or nothing was given.
    """
    if not spec.strip():
        raise SourceError(
            "no source was given; give a file, a folder of pictures, camera:0 or a stream's URL"
        )
    if BARE_CAMERA.match(spec):
        return CameraSource(spec)
    for scheme, make in SCHEMES.items():
        if spec.lower().startswith(scheme):
            return make(spec)
    if "://" in spec:
        raise SourceError(
            f"{spec}: not a known kind of stream; expected one of {', '.join(SCHEMES)}"
        )
    path = path_of(spec)
    try:
        return FolderSource(path) if path.is_dir() else FileSource(path)
    except OSError as error:
        raise SourceError(
            f"{spec}: cannot be looked at ({error.strerror}); give the path of a file or folder"
        ) from None


def is_made(spec: str) -> bool:
    """Whether `spec` names a scene that a program makes, not a picture of anything."""
    return spec.lower().startswith(phantom.SCHEME)


def device_of(spec: str) -> str:
    """What only one source can hold at a time, "" for files and folders.

    Every camera is the same device, "camera", because one camera has many names.
    """
    lower = spec.lower()
    if BARE_CAMERA.match(spec) or lower.startswith("camera:"):
        return "camera"
    return spec if "://" in spec or lower.startswith(screen.SCHEME) else ""
