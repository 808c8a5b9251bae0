"""A folder of pictures, shown as a recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import SourceInfo
from app.core.sources.pixels import over_black
from app.core.sources.source import Picture, SourceError

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm"}
RATE_FPS = 25.0
"""Folders declare no rate: most are frames of a video taken out one by one."""


class FolderSource:
    """The pictures of one folder in natural order (2 before 10), sub-folders left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: list[Path] = []
        self._next = 0

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        try:
            self._files = picture_files(self._path)
        except OSError as error:
            raise SourceError(
                f"{self._path}: the folder cannot be read ({error.strerror}); check its permissions"
            ) from None
        if not self._files:
            endings = ", ".join(sorted(ENDINGS))
            raise SourceError(
                f"{self._path}: a folder without pictures; expected files ending in {endings}"
            )
        height, width = rgb_from_file(self._files[0]).shape[:2]
        return SourceInfo(self._path.name, width, height, RATE_FPS, len(self._files) / RATE_FPS)

    def read(self) -> Picture | None:
        """See `Source.read`."""
        if self._next >= len(self._files):
            return None
        index = self._next
        self._next += 1
        return Picture(rgb_from_file(self._files[index]), index, index / RATE_FPS)

    def seek(self, time_s: float) -> None:
        """See `Source.seek`."""
        # A hair is added because positions are quotients: 0.29 * 100 is 28.999999999999996.
        self._next = min(max(0, int(time_s * RATE_FPS + 1e-9)), len(self._files) - 1)

    def close(self) -> None:
        """See `Source.close`."""
        self._files = []


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder in natural order."""
    named = (entry for entry in folder.iterdir() if entry.suffix.lower() in ENDINGS)
    return sorted((entry for entry in named if not entry.is_dir()), key=_natural_order)


def rgb_from_file(path: Path) -> NDArray[np.uint8]:
    """Reads one picture, grey, colour or with alpha, of 8 or 16 bits, as (H, W, 3) uint8 RGB.

    Raises:
        SourceError: the file is not a picture.
    """
    # Not imread: on Windows OpenCV opens no path with letters outside the code page.
    try:
        coded = np.fromfile(path, dtype=np.uint8)
        pixels = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED) if coded.size else None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); check the file") from None
    except cv2.error:
        pixels = None
    if pixels is None or pixels.size == 0:
        raise SourceError(
            f"{path}: not a picture that can be read; repair the file or take it away"
        )
    eight_bits = _eight_bits(pixels, path)
    if eight_bits.ndim == 2:
        return cast("NDArray[np.uint8]", cv2.cvtColor(eight_bits, cv2.COLOR_GRAY2RGB))
    if eight_bits.shape[2] == 4:
        return over_black(cast("NDArray[np.uint8]", cv2.cvtColor(eight_bits, cv2.COLOR_BGRA2RGBA)))
    return cast("NDArray[np.uint8]", cv2.cvtColor(eight_bits, cv2.COLOR_BGR2RGB))


def _eight_bits(pixels: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return cast("NDArray[np.uint8]", pixels)
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise SourceError(
        f"{path}: pictures of 8 or 16 bits expected, got {pixels.dtype}; convert it first"
    )


def _natural_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
