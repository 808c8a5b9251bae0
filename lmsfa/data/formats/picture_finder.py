"""Finds the pictures that an annotation file names by a part of their path."""

from __future__ import annotations

from pathlib import Path

from lmsfa.data.formats.folders import is_file, named_path, pictures_below
from lmsfa.errors import DatasetError


class PictureFinder:
    """Looks beside the annotation file and below the set's folder.

    Args:
        root: the set's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, said: object, beside: Path, split: str) -> Path:
        """The picture of a name, which may have folders.

        Args:
            said: the name as the file has it.
            beside: folder of the annotation file.
            split: of several pictures of this name, the one in a folder of the split is meant.

        Raises:
            DatasetError: no picture has this name, or several have.
        """
        if not isinstance(said, str) or not said or not said.isprintable():
            raise DatasetError(f"file_name must be text, got {said!r}")
        named = named_path(said)
        for base in (beside, self._root, self._root / "images"):
            if is_file(base / named):
                return base / named
        found = [path for path in self._named(named.name) if _ends_with(path, named.parts)]
        if len(found) > 1 and split:
            found = [path for path in found if _in_split(path, self._root, split)]
        if len(found) != 1:
            raise DatasetError(f"{len(found) or 'no'} pictures of the name {said!r}")
        return found[0]

    def _named(self, name: str) -> list[Path]:
        if self._by_name is None:
            self._by_name = {}
            for path in pictures_below(self._root):
                self._by_name.setdefault(path.name, []).append(path)
        return self._by_name.get(name, [])


def _ends_with(path: Path, parts: tuple[str, ...]) -> bool:
    return path.parts[-len(parts) :] == parts


def _in_split(path: Path, root: Path, split: str) -> bool:
    return any(folder.startswith(split) for folder in path.relative_to(root).parts[:-1])
