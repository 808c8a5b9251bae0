"""A CSV table that says something of each picture: its patient, or what is being done in it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.sample_names import SampleNames
from lmsfa.errors import DatasetError

_SAMPLE_COLUMNS = (
    "sample",
    "file",
    "filename",
    "file_name",
    "name",
    "picture",
    "image",
    "image_id",
    "frame",
    "path",
)


def said_of_samples(
    dataset: AnnotatedSet,
    path: Path,
    columns: Sequence[str],
    said_of_it: str,
    *,
    may_be_blank: bool = False,
) -> dict[str, str]:
    """What a table says of each of a set's samples, by their names.

    Rows of pictures that the set does not hold are passed over: a table may be of a whole video, of
    which some frames are annotated, and samples may have been left out.

    Args:
        dataset: whose samples are meant.
        path: of the table, with a header or of two columns.
        columns: names that the second column's header may have; the first one names it in errors.
        said_of_it: what stands in it, for errors: "a patient".
        may_be_blank: whether a row may leave that open, as if it were not there.

    Raises:
        DatasetError: the table cannot be read, a row says nothing or fits more than one sample, or
            two rows of one sample contradict each other.
    """
    names = SampleNames(dataset)
    said: dict[str, str] = {}
    for line, picture, told in _table_rows(path, columns, said_of_it):
        if not told and may_be_blank:
            continue
        if not told:
            raise DatasetError(f"{path}, line {line}: expected {said_of_it} of {picture}")
        try:
            sample = names.find(picture)
        except DatasetError as error:
            raise DatasetError(f"{path}, line {line}: {error}") from None
        if sample and said.setdefault(sample.name, told) != told:
            raise DatasetError(
                f"{path}, line {line}: {sample.name} has {told!r} here, "
                f"{said[sample.name]!r} further up"
            )
    return said


def _table_rows(path: Path, columns: Sequence[str], said_of_it: str) -> list[tuple[int, str, str]]:
    """Line number, picture and what is said of it, of every row. Arguments: `said_of_samples`."""
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
        if len(row) <= max(picture, said) or not row[picture].strip():
            raise DatasetError(
                f"{path}, line {line}: expected a picture and {said_of_it}, got {row}"
            )
        found.append((line, row[picture].strip(), row[said].strip()))
    return found


def _columns(first_row: list[str], said_columns: Sequence[str], path: Path) -> tuple[int, int, int]:
    """Column of pictures, column of what is said, rows of header."""
    picture = next((first_row.index(name) for name in _SAMPLE_COLUMNS if name in first_row), None)
    said = next((first_row.index(name) for name in said_columns if name in first_row), None)
    if picture is not None and said is not None:
        return picture, said, 1
    if picture is None and said is None and len(first_row) == 2:
        return 0, 1, 0
    raise DatasetError(
        f"{path}: expected a column 'picture' or 'file' and a column {said_columns[0]!r}, "
        f"got {first_row}"
    )
