"""What a training writes down while it runs: a line an epoch, and TensorBoard's event files."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from lmsfa.errors import InputError
from lmsfa.training.curves import Curves
from lmsfa.training.processes import Processes
from lmsfa.whole_file import write_whole

RESULTS_FILE = "results.jsonl"

_log = logging.getLogger(__name__)


class Journal:
    """Keeps the results of the epochs that the state on disk knows, and adds those that follow.

    Args:
        folder: the training's.
        done: epochs that the training goes on from; what was written of later ones is dropped.
        processes: who trains together; only the first one writes.

    Attributes:
        rows: what was written of the epochs before `done`.
    """

    def __init__(self, folder: Path, done: int, processes: Processes) -> None:
        self._path = folder / RESULTS_FILE
        self._processes = processes
        self.rows = read_results(folder)[:done]
        # The first process writes only when all have read.
        processes.wait()
        self._curves: Curves | None = None
        if processes.first:
            text = "".join(f"{json.dumps(row)}\n" for row in self.rows)
            write_whole(self._path, text.encode())
            self._curves = Curves(folder, done)

    def __enter__(self) -> Self:
        """Ready to write."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the event file."""
        if self._curves is not None:
            self._curves.close()

    def write(self, epoch: int, figures: Mapping[str, float], took_s: float) -> None:
        """Adds one finished epoch, counted from 1."""
        if self._curves is None:
            return
        row = {"epoch": epoch, **{key: round(value, 6) for key, value in figures.items()}}
        row["seconds"] = round(took_s, 1)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written ({error.strerror})") from None
        _log.info("epoch %d: loss %.3f in %.0f s", epoch, figures["loss"], took_s)
        self._curves.add(epoch, figures)


def read_results(folder: Path) -> list[dict[str, float]]:
    """The rows of a training's results, oldest first; a last line cut short is left out."""
    path = folder / RESULTS_FILE
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows
