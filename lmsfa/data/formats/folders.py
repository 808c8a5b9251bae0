"""Finding the files of a data set below its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath

from lmsfa.data.pictures import PICTURE_ENDINGS


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, by name; links to folders are followed, each folder once."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            # What systems leave in folders (._picture.jpg) is not a picture.
            if not name.startswith(".") and is_file(path):
                yield path


def pictures_below(folder: Path) -> Iterator[Path]:
    """All files below a folder whose ending is a picture's."""
    return (path for path in files_below(folder) if path.suffix.lower() in PICTURE_ENDINGS)


def is_file(path: Path) -> bool:
    """Whether there is such a file, also for names that no system takes."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder, also for names that no system takes."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def direct_path(path: Path) -> Path:
    """A file's path without "..", so that it shows the folder that the file lies in."""
    direct = Path(os.path.normpath(path))
    # Behind a link, ".." leads elsewhere.
    return direct if is_file(direct) else path


def unique_names(root: Path, names: Mapping[Path, str]) -> dict[Path, str]:
    """Names of pictures, by path, as they are where no two are the same.

    Else the paths from a set's folder; in full for pictures elsewhere.
    """
    if len(set(names.values())) == len(names):
        return dict(names)
    return {p: (p.relative_to(root) if p.is_relative_to(root) else p).as_posix() for p in names}


def named_path(name: str) -> PurePosixPath:
    """A path as an annotation file has it, from whatever system."""
    return PurePosixPath(name.replace("\\", "/"))


def name_and_group(path: Path, root: Path) -> tuple[str, str]:
    """Name and group of a picture below a folder: its path there, and the folders of that."""
    below = path.relative_to(root)
    return below.as_posix(), group_of(below)


def group_of(below: PurePath) -> str:
    """The folder of a picture with slashes; "" where it lies in none."""
    return "" if below.parent == type(below)() else below.parent.as_posix()
