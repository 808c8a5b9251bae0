"""A CSV table that says something of each picture: its patient, or what is being done in it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from lmsfa.data.annotated import Sample
from lmsfa.data.splits.sample_names import SampleNames
from lmsfa.errors import DatasetError

_SAMPLE_COLUMNS = ("sample", "file", "filename", "name", "picture", "image", "path")


def table_rows(path: Path, columns: Sequence[str], said_of_it: str) -> list[tuple[int, str, str]]:
    """Line number, picture and what is said of it, of every row.

    Args:
        path: of the table, with a header or of two columns.
        columns: names that the second column's header may have; the first one names it in errors.
        said_of_it: what stands in it, for errors: "a patient".

    Raises:
        DatasetError: it cannot be read, or says nothing of a picture.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        # Where a comma marks decimals, spreadsheets write semicolons.
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)
        rows = list(csv.reader(text.splitlines(), delimiter=separator, strict=True))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: not a readable CSV table ({error})") from None
    filled = [(line, row) for line, row in enumerate(rows, 1) if any(map(str.strip, row))]
    if not filled:
        raise DatasetError(f"{path}: holds no rows")
    first_row = [cell.strip().lower() for cell in filled[0][1]]
    picture, said, header = _columns(first_row, columns, path)
    found = []
    for line, row in filled[header:]:
        if len(row) <= max(picture, said) or not row[picture].strip() or not row[said].strip():
            raise DatasetError(
                f"{path}, line {line}: expected a picture and {said_of_it}, got {row}"
            )
        found.append((line, row[picture].strip(), row[said].strip()))
    return found


def sample_in_row(names: SampleNames, picture: str, where: str) -> Sample | None:
    """The sample that a row means, None if there is none.

    Raises:
        DatasetError: it fits more than one; `where` says which row that is.
    """
    try:
        return names.find(picture)
    except DatasetError as error:
        raise DatasetError(f"{where}: {error}") from None


def _columns(first_row: list[str], said_columns: Sequence[str], path: Path) -> tuple[int, int, int]:
    """Column of pictures, column of what is said, rows of header."""
    picture = next((first_row.index(name) for name in _SAMPLE_COLUMNS if name in first_row), None)
    said = next((first_row.index(name) for name in said_columns if name in first_row), None)
    if picture is not None and said is not None:
        return picture, said, 1
    if picture is None and said is None and len(first_row) == 2:
        return 0, 1, 0
    raise DatasetError(
        f"{path}: expected a column 'sample' or 'file' and a column {said_columns[0]!r}, "
        f"got {first_row}"
    )
