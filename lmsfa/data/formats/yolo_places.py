"""Finds the pictures that the splits of a `data.yaml` name: by folder, list or pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any

from lmsfa.data.formats.folders import is_file, named_path, pictures_below
from lmsfa.data.formats.problems import reason
from lmsfa.data.formats.reading import Reading
from lmsfa.data.pictures import PICTURE_ENDINGS
from lmsfa.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture in a split, and its path in the folder that the split names."""

    path: Path
    below: PurePath


def listed_pictures(
    reading: Reading, path: Path, said: Mapping[Any, Any], key: str
) -> Iterator[Listed]:
    """The pictures under a key: a folder, a text file that lists them, a pattern, or several.

    Raises:
        DatasetError: there is no such place, or it lists a picture that is not there.
    """
    places = said[key] if isinstance(said[key], list) else [said[key]]
    for place in places:
        if not isinstance(place, str):
            raise DatasetError(f"{path}: {key}: expected folders or lists, got {place!r}")
        found = next(
            (b / named for b, named in _tried(path, said, place) if _exists(b / named)), None
        )
        if found is None:
            matching = _first_matching(path, said, place)
            if not matching:
                raise DatasetError(f"{path}: {key}: no folder or list {place!r}")
            yield from matching
        elif found.is_dir():
            yield from (Listed(p, p.relative_to(found)) for p in pictures_below(found))
        else:
            yield from _in_list(reading, found, _bases(path, said))


def looks_listed(path: Path, said: Mapping[Any, Any], value: object) -> bool:
    """Whether a value of `data.yaml` could be the place of a split's pictures, or several."""
    places = value if isinstance(value, list) else [value]
    return bool(places) and all(
        isinstance(place, str) and _looks_like_place(path, said, place) for place in places
    )


def _looks_like_place(path: Path, said: Mapping[Any, Any], place: str) -> bool:
    if not place.strip() or "://" in place:
        return False
    if len(place.split()) == 1 and ("/" in place or "\\" in place or place.endswith(".txt")):
        return True
    return any(_exists(base / named) for base, named in _tried(path, said, place))


def _bases(path: Path, said: Mapping[Any, Any]) -> list[Path]:
    """Folders that places in `data.yaml` may count from."""
    base = said.get("path")
    named = [path.parent / base] if isinstance(base, str) else []
    return [*named, path.parent]


def _tried(path: Path, said: Mapping[Any, Any], place: str) -> list[tuple[Path, str]]:
    """Where a place may lie, the likeliest first: a folder, and the place as seen from it."""
    tried = [(base, place) for base in _bases(path, said)]
    # Downloads name their splits as seen from a training program's folder.
    if place.startswith("../"):
        tried.append((path.parent, place[3:]))
    return tried


def _exists(place: Path) -> bool:
    try:
        return place.is_dir() or (place.suffix == ".txt" and place.is_file())
    except (OSError, ValueError):
        return False


def _first_matching(path: Path, said: Mapping[Any, Any], place: str) -> list[Listed]:
    """The pictures that a pattern matches in the first folder where it matches any."""
    found = (_matching(base, named) for base, named in _tried(path, said, place))
    return next(filter(None, found), [])


def _matching(base: Path, pattern: str) -> list[Listed]:
    parts = PurePath(pattern).parts
    fixed = tuple(takewhile(lambda part: not set(part) & set("*?["), parts))
    if fixed == parts:
        return []
    folder = base.joinpath(*fixed)
    try:
        found = sorted(folder.glob(str(PurePath(*parts[len(fixed) :]))))
    except (OSError, ValueError):
        return []
    return [
        Listed(path, path.relative_to(folder))
        for path in found
        if path.suffix.lower() in PICTURE_ENDINGS and is_file(path)
    ]


def _in_list(reading: Reading, path: Path, bases: list[Path]) -> Iterator[Listed]:
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            continue
        named = named_path(line.strip())
        found = next((b / named for b in (path.parent, *bases) if is_file(b / named)), None)
        if found is None or found.suffix.lower() not in PICTURE_ENDINGS:
            reading.problems.bad(f"{path}: line {number}", f"no picture {line.strip()!r}")
            continue
        yield Listed(found, _after_pictures_folder(PurePath(*named.parts)))


def _after_pictures_folder(named: PurePath) -> PurePath:
    """The part of a path below its last folder `images`, which labels mirror."""
    parts = named.parts
    if "images" not in parts[:-1]:
        return PurePath(*parts[-2:])
    place = len(parts) - 1 - parts[-2::-1].index("images")
    return PurePath(*parts[place:])


def text_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        DatasetError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not readable text ({reason(error)})") from None
