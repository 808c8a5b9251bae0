"""Masks as LabelMe keeps them: a PNG in base64, placed by the corners of its box."""

from __future__ import annotations

import base64
import io
import struct

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lmsfa.data.pictures import base64_bytes
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region


def mask_of(text: str, corners: NDArray[np.float64], height: int, width: int) -> Region:
    """Reads a mask.

    Args:
        text: the PNG in base64; every value but zero belongs to the instance.
        corners: (2, 2) first and last pixel of the mask, x and y; some programs write the pixel
            after the last.
        height: of the picture, pixels.
        width: of the picture, pixels.

    Raises:
        DatasetError: it is no such mask, or does not fit its box or picture.
    """
    left, top = (int(edge) for edge in np.floor(corners.min(axis=0)))
    past = tuple(int(edge) for edge in np.floor(corners.max(axis=0) - (left, top)))
    data = _png(text)
    columns, rows = _png_size(data)
    if (columns, rows) not in {past, (past[0] + 1, past[1] + 1)}:
        raise DatasetError(
            f"the mask has {columns} x {rows} pixels, its box {past[0] + 1} x {past[1] + 1}"
        )
    if columns > width or rows > height:
        raise DatasetError(f"the mask, {columns} x {rows}, is larger than the picture")
    values = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.shape[:2] != (rows, columns):
        raise DatasetError("the mask is not a readable PNG")
    mask = np.asarray(values) != 0
    return Region(top, left, mask if mask.ndim == 2 else mask[..., :3].any(axis=2))


def mask_text(mask: NDArray[np.bool_]) -> str:
    """The PNG in base64 of a mask (h, w)."""
    place = io.BytesIO()
    Image.fromarray(mask).save(place, "PNG")
    return base64.b64encode(place.getvalue()).decode("ascii")


def _png(text: str) -> bytes:
    try:
        return base64_bytes(text)
    except ValueError:
        raise DatasetError("the mask is not base64") from None


def _png_size(data: bytes) -> tuple[int, int]:
    """Columns and rows that a PNG's header claims."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        raise DatasetError("the mask is not a PNG")
    columns, rows = struct.unpack(">II", data[16:24])
    return int(columns), int(rows)
