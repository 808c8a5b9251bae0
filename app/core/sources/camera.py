"""Cameras and capture cards: FFmpeg's devices first, OpenCV where they cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

import av
import cv2
import numpy as np

from app.core.snapshot import SourceInfo
from app.core.sources.devices import Camera, list_cameras
from app.core.sources.source import Picture, SourceError, SourceLostError
from app.core.sources.stream import NO_WAITING, LiveStream

LIMIT_S = 5.0
DEVICE_FORMAT = {"linux": "v4l2", "win32": "dshow", "darwin": "avfoundation"}
"""FFmpeg's name for the system's camera interface."""


class _Device(Protocol):
    """A camera that is open."""

    def info(self) -> SourceInfo: ...

    def read(self) -> Picture | None:
        """Blocks for a picture; None where none comes any more."""

    def close(self) -> None: ...


class CameraSource:
    """A camera by number ("0") or by (a part of) its name."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._device: _Device | None = None

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        camera = find_camera(self._wanted, list_cameras())
        causes = []
        ways: tuple[Callable[[Camera], _Device], ...] = (_FFmpegDevice, _OpenCVDevice)
        for way in ways:
            try:
                self._device = way(camera)
                return self._device.info()
            except SourceError as error:
                causes.append(str(error))
        raise SourceLostError(
            f"camera {self._wanted}: is there but gives no picture ({'; '.join(causes)}); "
            "close other programs that use it, or connect it again"
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


class _FFmpegDevice:
    def __init__(self, camera: Camera) -> None:
        try:
            container = av.open(
                camera.address,
                format=DEVICE_FORMAT.get(sys.platform, "v4l2"),
                options=dict(NO_WAITING),
                timeout=LIMIT_S,
            )
        except (av.FFmpegError, ValueError) as error:
            raise SourceError(f"FFmpeg: {getattr(error, 'strerror', None) or error}") from None
        self._stream = LiveStream(camera.name, container, is_device=True)

    def info(self) -> SourceInfo:
        return self._stream.info()

    def read(self) -> Picture | None:
        return self._stream.read()

    def close(self) -> None:
        self._stream.close()


class _OpenCVDevice:
    def __init__(self, camera: Camera) -> None:
        self._name, self._count = camera.name, 0
        self._capture = cv2.VideoCapture(camera.number)
        # Uncompressed 1080p does not fit through USB 2, and a deep queue only makes pictures old.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if not self._capture.isOpened():
            raise SourceError("OpenCV: could not be opened")

    def info(self) -> SourceInfo:
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        return SourceInfo(self._name, width, height, self._capture.get(cv2.CAP_PROP_FPS), None)

    def read(self) -> Picture | None:
        taken, bgr = self._capture.read()
        if not taken:
            return None
        self._count += 1
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        return Picture(rgb, self._count - 1)

    def close(self) -> None:
        self._capture.release()
