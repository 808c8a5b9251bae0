"""Reading picture files, and the pictures that LabelMe keeps inside its JSON."""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lmsfa.errors import DatasetError

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
_SIGNATURES = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"BM": ".bmp",
    b"II*": ".tif",
    b"MM": ".tif",
    b"RIFF": ".webp",
}
_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    SyntaxError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises on files that are no pictures, or broken ones."""
_ORIENTATION = 0x0112
"""The Exif tag; from 5 on the picture is shown turned by 90 degrees."""


def picture_bytes(path: Path) -> bytes:
    """A picture file as it is; of a JSON file, the picture inside it.

    Raises:
        DatasetError: there is none.
    """
    try:
        if path.suffix.lower() == ".json":
            inside = json.loads(path.read_text(encoding="utf-8-sig"))["imageData"]
            return base64_bytes(inside)
        return path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such picture") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise DatasetError(f"{path}: holds no readable imageData") from None


def base64_bytes(text: str) -> bytes:
    """What a text in base64 holds; some programs break it into lines, as mail does.

    Raises:
        ValueError: it is no base64.
    """
    return base64.b64decode("".join(text.split()), validate=True)


def picture_ending(data: bytes) -> str:
    """The file ending that fits a picture's bytes; .png where they are unknown."""
    return next((end for start, end in _SIGNATURES.items() if data.startswith(start)), ".png")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 RGB.

    Raises:
        DatasetError: it cannot be decoded.
    """
    bgr = _decode(picture_bytes(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DatasetError(f"{path}: not a readable picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width of a picture as `read_rgb` gives it, from the file's first bytes.

    Raises:
        DatasetError: it is no picture.
    """
    place = io.BytesIO(picture_bytes(path)) if path.suffix.lower() == ".json" else path
    try:
        with _opened(place) as picture:
            turned = picture.getexif().get(_ORIENTATION, 1) >= 5
            width, height = picture.size
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such picture") from None
    except _BROKEN:
        raise DatasetError(f"{path}: not a readable picture") from None
    return (width, height) if turned else (height, width)


def map_values(path: Path) -> NDArray[np.integer[Any] | np.floating[Any]] | None:
    """The values of a picture that is a map, as they are stored; None where it is no picture.

    Of a picture with a palette these are the (H, W) uint8 indices into it, not its colours.
    """
    try:
        with _opened(path) as picture:
            if picture.mode == "P":
                return np.array(picture)
        # Else OpenCV, which keeps the number of bits and channels.
        return _decode(path.read_bytes(), cv2.IMREAD_UNCHANGED)
    except _BROKEN:
        return None


@contextmanager
def _opened(place: Path | io.BytesIO) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Pictures of a size that could fill the memory: Pillow warns, then refuses.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(place) as picture:
            yield picture


def _decode(data: bytes, flags: int) -> NDArray[np.integer[Any] | np.floating[Any]] | None:
    # Not cv2.imread: it prints a warning of its own, and fails on some names under Windows.
    try:
        return cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        return None
