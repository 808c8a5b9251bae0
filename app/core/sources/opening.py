"""Which source a person means by what they typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core.sources.camera import CameraSource
from app.core.sources.file import FileSource
from app.core.sources.folder import FolderSource
from app.core.sources.network import NetworkSource
from app.core.sources.source import Source, SourceError

SCHEMES: dict[str, Callable[[str], Source]] = {
    "camera:": lambda spec: CameraSource(spec.removeprefix("camera:")),
    "rtsp://": NetworkSource,
    "rtsps://": NetworkSource,
    "tcp://": NetworkSource,
    "udp://": NetworkSource,
    "rtp://": NetworkSource,
    "http://": NetworkSource,
    "https://": NetworkSource,
}
"""Beginning of what was typed -> what makes its source; everything else is a path."""


def open_source(spec: str) -> Source:
    """Makes the source that `spec` names; `Source.open` then opens it.

    Args:
        spec: path of a file or of a folder of pictures, "camera:0", "0", "camera:NAME", or the
            URL of a stream (rtsp, rtp, tcp, udp, http).

    Raises:
        SourceError: the scheme is not known, or nothing was given.
    """
    if not spec.strip():
        raise SourceError(
            "no source was given; give a file, a folder of pictures, camera:0 or a stream's URL"
        )
    if spec.isdigit():
        return CameraSource(spec)
    for scheme, make in SCHEMES.items():
        if spec.startswith(scheme):
            return make(spec)
    if "://" in spec:
        raise SourceError(
            f"{spec}: not a known kind of stream; expected one of {', '.join(SCHEMES)}"
        )
    path = Path(spec).expanduser()
    return FolderSource(path) if path.is_dir() else FileSource(path)
