"""What every reader is given, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, DatasetClass, Sample
from lmsfa.data.formats.class_names import ClassList, classes_of
from lmsfa.data.formats.description import DESCRIPTION_FILE, Description
from lmsfa.data.formats.problems import Problems
from lmsfa.errors import DatasetError

FARTHEST_PX = 1e6
"""A coordinate beyond this is a slip of the pen; arithmetic stays exact below it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A set that is being read.

    Attributes:
        root: its folder.
        description: what its dataset.json says.
        given: its classes, where a file says them; else they follow from the labels.
        problems: what is found on the way.
    """

    root: Path
    description: Description
    given: tuple[DatasetClass, ...] | None
    problems: Problems

    def classes(self, labels: Iterable[str], *, keep_order: bool) -> ClassList:
        """The classes behind the labels of the set.

        Raises:
            DatasetError: there are none.
        """
        found = classes_of(labels, self.given, keep_order=keep_order)
        if not found.classes:
            raise DatasetError(f"{self.root}: no shape has a label, so that there are no classes")
        return found

    def finish(
        self,
        format_name: str,
        classes: tuple[DatasetClass, ...],
        samples: Iterable[Sample],
        splits: Mapping[str, Iterable[str]],
        load: Callable[[Sample], Annotation],
        *,
        licence: str = "",
        attribution: str = "",
    ) -> AnnotatedSet:
        """The set; splits, licence and attribution of its dataset.json go before the format's.

        Raises:
            DatasetError: it holds no pictures, or a split names a picture that is not there.
        """
        samples = tuple(samples)
        check_any(self.root, samples, self.problems)
        said = self.description.splits
        names = {sample.name for sample in samples}
        return AnnotatedSet(
            root=self.root,
            name=self.description.name,
            format=format_name,
            classes=classes,
            licence=self.description.licence or licence,
            attribution=self.description.attribution or attribution,
            samples=samples,
            splits=self._known(splits if said is None else said, names),
            load=load,
            problems=tuple(self.problems.lines),
            synthetic=self.description.synthetic,
        )

    def _known(
        self, splits: Mapping[str, Iterable[str]], names: set[str]
    ) -> dict[str, tuple[str, ...]]:
        kept: dict[str, tuple[str, ...]] = {}
        for split, members in splits.items():
            listed = tuple(dict.fromkeys(members))
            for name in sorted(set(listed) - names):
                place = f"{self.root / DESCRIPTION_FILE}: split {split!r}"
                self.problems.bad(place, f"picture {name!r} is not in the set")
            kept[split] = tuple(name for name in listed if name in names)
        return kept


def check_any(root: Path, samples: Sequence[Sample], problems: Problems) -> None:
    """Checks that there is a picture.

    Raises:
        DatasetError: there is none; with the first problem, which may be why.
    """
    if not samples:
        first = f"; first problem: {problems.lines[0]}" if problems.lines else ""
        raise DatasetError(f"{root}: no annotated picture can be used{first}")


def points_array(said: object, fewest: int) -> NDArray[np.float64]:
    """(N, 2) float64 from a JSON list of coordinate pairs.

    Raises:
        DatasetError: they are fewer, not pairs of numbers, or nowhere near a picture.
    """
    if not isinstance(said, list) or len(said) < fewest:
        count = len(said) if isinstance(said, list) else 0
        raise DatasetError(f"expected {fewest} points or more, got {count}")
    try:
        points: NDArray[Any] = np.asarray(said)
    except (ValueError, TypeError, OverflowError, RecursionError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "iuf":
        raise DatasetError("expected points as pairs of numbers")
    return checked_points(points.astype(np.float64))


def checked_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same points.

    Raises:
        DatasetError: one is no number, or nowhere near a picture.
    """
    wrong = points[~(np.abs(points) <= FARTHEST_PX)]
    if wrong.size:
        raise DatasetError(f"coordinate {float(wrong[0])!r} lies in no picture")
    return points
