"""What is wrong in a data set: an error at the first entry, or a list of all that were left out."""

from __future__ import annotations

from pathlib import Path

from lmsfa.errors import DatasetError, one_line, printable


class Problems:
    """Collects what a reader finds.

    Args:
        skip_bad: broken entries are left out and named in `lines`; else the first one is an error.
    """

    def __init__(self, *, skip_bad: bool) -> None:
        self.skip_bad = skip_bad
        self.lines: list[str] = []

    def bad(self, place: str, what: object) -> None:
        """An entry that cannot be used: `place` names file and entry.

        Raises:
            DatasetError: bad entries are not to be left out.
        """
        line = f"{printable(place)}: {one_line(what)}"
        if not self.skip_bad:
            raise DatasetError(line)
        self.lines.append(line)

    def broken(self, path: Path, error: DatasetError) -> None:
        """A file that cannot be used, by an error whose message may name it already.

        Raises:
            DatasetError: bad entries are not to be left out.
        """
        self.bad(str(path), str(error).removeprefix(f"{path}: "))

    def odd(self, place: str, what: str) -> None:
        """Something that is left alone but should be known."""
        self.lines.append(f"{printable(place)}: {what}")


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its name, which a system's own message repeats."""
    said = error.strerror if isinstance(error, OSError) else None
    return one_line(said or error)
