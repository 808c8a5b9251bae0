"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from lmsfa.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Writes beside and moves, making the folder: a full disk leaves what was there before.

    Raises:
        InputError: the file cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            # Without it a power cut may keep the move and lose what was moved.
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
