"""Reading picture files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.errors import DatasetError

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 RGB.

    Raises:
        DatasetError: it cannot be decoded.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such picture")
    bgr = decoded(path, cv2.IMREAD_COLOR)
    if bgr is None:
        raise DatasetError(f"{path}: not a readable picture")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def decoded(path: Path, flags: int) -> NDArray[np.integer[Any] | np.floating[Any]] | None:
    """A picture file as OpenCV decodes it under `flags`; None where it cannot."""
    # Not cv2.imread: it prints a warning of its own, and fails on some names under Windows.
    try:
        return cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), flags)
    except (OSError, cv2.error):
        return None
