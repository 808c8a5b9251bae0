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
        partial.write_bytes(content)
        put_in_place(partial, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def put_in_place(partial: Path, path: Path) -> None:
    """Moves a file that was written beside over `path`, once its content is on the disk.

    Raises:
        OSError: the disk is full or broken; `path` is as it was.
    """
    # Without it a power cut may keep the move and lose what was moved.
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
