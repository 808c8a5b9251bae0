"""Files that are written whole or not at all."""

from __future__ import annotations

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
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
