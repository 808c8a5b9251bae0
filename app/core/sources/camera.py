"""Cameras and capture cards: FFmpeg's devices first, OpenCV where they cannot."""

from __future__ import annotations

import sys
from typing import Protocol

import av
import cv2

from app.core.snapshot import SourceInfo
from app.core.sources.captured import CapturedStream
from app.core.sources.devices import Camera, list_cameras
from app.core.sources.modes import ANY_MODE, Mode, read_mode
from app.core.sources.source import Picture, SourceError, SourceLostError
from app.core.sources.stream import NO_WAITING, LiveStream

LIMIT_S = 5.0
DEVICE_FORMAT = {"linux": "v4l2", "win32": "dshow", "darwin": "avfoundation"}
"""FFmpeg's name for the system's camera interface."""
CODECS = ("mjpeg", "h264")
"""Formats that are no pixel formats; only V4L2's option takes both."""


class _Device(Protocol):
    """A camera that is open."""

    def info(self) -> SourceInfo: ...

    def read(self) -> Picture | None:
        """Blocks for a picture; None where none comes any more."""

    def close(self) -> None: ...


class CameraSource:
    """A camera by number ("0") or by (a part of) its name, in a mode that may be asked for.

    Args:
        asked: as `read_mode` takes it, "0,size=1920x1080,fps=60".

    Raises:
        SourceError: the mode is not understood.
    """

    def __init__(self, asked: str) -> None:
        self._wanted, self._mode = read_mode(asked)
        self._device: _Device | None = None

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        camera = find_camera(self._wanted, list_cameras())
        causes = []
        for way in (_by_ffmpeg, _by_opencv):
            try:
                self._device = way(camera, self._mode)
                return self._device.info()
            except SourceError as error:
                causes.append(str(error))
        asked = f" as {self._mode.words}" if self._mode != ANY_MODE else ""
        raise SourceLostError(
            f"camera {self._wanted}: is there but gives no picture{asked} ({'; '.join(causes)}); "
            "close other programs that use it, connect it again, or choose another mode"
        )

    def read(self) -> Picture | None:
        """See `Source.read`."""
        picture = self._device.read() if self._device is not None else None
        if picture is None:
            raise SourceLostError(
                f"camera {self._wanted}: gives no pictures any more; check its cable and power"
            )
        return picture

    def seek(self, time_s: float) -> None:
        """Cameras have no positions."""
        raise SourceError(
            f"camera {self._wanted}: a camera cannot be sought (asked for {time_s:.3f} s)"
        )

    def close(self) -> None:
        """See `Source.close`."""
        if self._device is not None:
            self._device.close()
            self._device = None


def find_camera(wanted: str, cameras: tuple[Camera, ...]) -> Camera:
    """The camera whose number is `wanted`, or whose name holds it.

    Raises:
        SourceLostError: it is not there; the line lists those that are.
    """
    for camera in cameras:
        if str(camera.number) == wanted or camera.address == wanted:
            return camera
    for camera in cameras:
        if wanted and wanted.lower() in camera.name.lower():
            return camera
    there = ", ".join(f"{camera.number} ({camera.name})" for camera in cameras) or "none"
    raise SourceLostError(
        f"camera {wanted}: is not there; cameras found: {there}; connect it or choose another"
    )


def device_options(mode: Mode, platform: str) -> dict[str, str]:
    """FFmpeg's options that ask a camera for `mode`.

    Raises:
        SourceError: FFmpeg cannot ask for its pixel format on this system.
    """
    options = {}
    if mode.width:
        options["video_size"] = f"{mode.width}x{mode.height}"
    if mode.rate_fps:
        options["framerate"] = f"{mode.rate_fps:g}"
    if mode.pixel_format and platform == "linux":
        options["input_format"] = mode.pixel_format
    elif mode.pixel_format in CODECS:
        raise SourceError(f"FFmpeg: cannot ask for {mode.pixel_format} on this system")
    elif mode.pixel_format:
        options["pixel_format"] = mode.pixel_format
    return options


def _by_ffmpeg(camera: Camera, mode: Mode) -> _Device:
    try:
        container = av.open(
            camera.address,
            format=DEVICE_FORMAT.get(sys.platform, "v4l2"),
            options=NO_WAITING | device_options(mode, sys.platform),
            timeout=LIMIT_S,
        )
    except (av.FFmpegError, ValueError) as error:
        raise SourceError(f"FFmpeg: {getattr(error, 'strerror', None) or error}") from None
    return LiveStream(camera.name, container, is_device=True)


def _by_opencv(camera: Camera, mode: Mode) -> _Device:
    capture = cv2.VideoCapture(camera.number)
    if mode.pixel_format in ("", "mjpeg"):
        # Uncompressed 1080p does not fit through USB 2.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    # A deep queue only makes pictures old.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if mode.width:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
    if mode.rate_fps:
        capture.set(cv2.CAP_PROP_FPS, mode.rate_fps)
    if not capture.isOpened():
        raise SourceError("OpenCV: could not be opened")
    return CapturedStream(camera.name, capture)
