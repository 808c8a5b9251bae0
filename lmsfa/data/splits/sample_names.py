"""Which picture of a set a line of somebody's list or table means."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.errors import DatasetError

FILE_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".json", ".txt")
)
"""A list may name the picture or its annotation: without the ending they are the same."""


class SampleNames:
    """Finds samples by name, path or stem.

    A line means a sample if it is the sample's name or the end of it ("003.jpg" for
    "p01/003.jpg"), or a longer path that ends in the whole name; with or without file ending.
    """

    def __init__(self, dataset: AnnotatedSet) -> None:
        self._set = dataset.name
        self._whole: dict[str, list[Sample]] = defaultdict(list)
        self._ends: dict[str, list[Sample]] = defaultdict(list)
        for sample in dataset.samples:
            for name in dict.fromkeys((sample.name, _without_ending(sample.name))):
                self._whole[name].append(sample)
                for end in _ends(name):
                    self._ends[end].append(sample)

    def find(self, line: str) -> Sample | None:
        """The sample that `line` means, None if there is none.

        Raises:
            DatasetError: it fits more than one.
        """
        given = line.strip().replace("\\", "/").removeprefix("./")
        for name in dict.fromkeys((given, _without_ending(given))):
            found = self._whole.get(name) or self._ends.get(name) or self._inside(name)
            if found:
                return self._only(found, line)
        return None

    def _inside(self, path: str) -> list[Sample]:
        """A path that was written elsewhere ends in the whole name of a sample."""
        return next((self._whole[end] for end in _ends(path) if end in self._whole), [])

    def _only(self, found: list[Sample], line: str) -> Sample:
        if len(found) > 1:
            raise DatasetError(
                f"{line.strip()!r} fits {len(found)} pictures of {self._set}, such as "
                f"{found[0].name} and {found[1].name}: write its folder and ending too"
            )
        return found[0]


def _without_ending(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in FILE_ENDINGS else name


def _ends(name: str) -> list[str]:
    """The name without its first folder, its first two, and so on."""
    parts = PurePosixPath(name).parts
    return ["/".join(parts[first:]) for first in range(1, len(parts))]
