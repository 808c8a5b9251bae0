"""Which cameras and capture cards this machine has."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import av

from app.core.sources.modes import USUAL_MODES, Mode

LINUX_CAMERAS = Path("/sys/class/video4linux")


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera or capture card.

    Attributes:
        number: its number, as in "camera:0".
        name: for people, as the system calls it.
        address: what FFmpeg opens.
    """

    number: int
    name: str
    address: str

    @property
    def spec(self) -> str:
        """What `open_source` takes."""
        return f"camera:{self.number}"


def list_cameras(linux_cameras: Path = LINUX_CAMERAS) -> tuple[Camera, ...]:
    """The cameras that are connected now, in the system's order.

    Args:
        linux_cameras: where Linux lists its video devices.
    """
    if sys.platform == "win32":
        return tuple(
            Camera(number, name, f"video={name}")
            for number, name in enumerate(_device_names("dshow"))
        )
    if sys.platform == "darwin":
        return tuple(
            Camera(number, name, str(number))
            for number, name in enumerate(_device_names("avfoundation"))
        )
    return _linux_cameras(linux_cameras)


def modes_of(camera: Camera) -> tuple[Mode, ...]:
    """What a camera can be asked for: what its driver tells on Linux, elsewhere the usual modes."""
    if sys.platform != "linux":
        return USUAL_MODES
    # Only here: other systems have no such requests.
    from app.core.sources.v4l2 import device_modes  # noqa: PLC0415

    return device_modes(camera.address) or USUAL_MODES


def _device_names(interface: str) -> list[str]:
    try:
        devices = av.enumerate_input_devices(interface)
    except av.FFmpegError:
        # Some systems call it an error that there is none.
        return []
    return [device.description for device in devices if "video" in device.media_types]


def _linux_cameras(folder: Path) -> tuple[Camera, ...]:
    cameras = []
    for entry in folder.glob("video*"):
        # A driver's further nodes (index 1 and up) carry statistics instead of pictures.
        if _text(entry / "index") not in ("", "0"):
            continue
        number = int(entry.name.removeprefix("video"))
        cameras.append(Camera(number, _text(entry / "name") or entry.name, f"/dev/{entry.name}"))
    return tuple(sorted(cameras, key=lambda camera: camera.number))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
