"""What is being done in each picture: told by a table or by folders, or seen from the labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

UNKNOWN = -1
"""Stands for the activity of a picture of which nobody said it."""


@dataclass(frozen=True, slots=True)
class ActivityOf:
    """How the activity of one picture is known.

    Attributes:
        told: index of the activity, `UNKNOWN` where nobody said.
        watched: id of the class by whose presence the activity is told; None where it is `told`.
    """

    told: int = UNKNOWN
    watched: int | None = None

    def where_shown(self, classes: Collection[int]) -> int:
        """The activity of the picture where it shows instances of these class ids."""
        if self.watched is None:
            return self.told
        return IN_VIEW if self.watched in classes else OUT_OF_VIEW

    def mixed(self) -> ActivityOf:
        """The same for a mosaic with other pictures: what was told of one is then unknown."""
        return replace(self, told=UNKNOWN)


NOT_TOLD = ActivityOf()
IN_VIEW, OUT_OF_VIEW = 0, 1
"""Indices of the two activities that a class's presence tells apart."""


@dataclass(frozen=True, slots=True)
class Activities:
    """The activities of a data set's pictures.

    Attributes:
        names: of the activities, two or more.
        told: index of the activity by sample name; the other samples' are unknown.
        watched: as in `ActivityOf`; nothing is told then.
        source: what said so, for people.
    """

    names: tuple[str, ...]
    told: Mapping[str, int]
    watched: int | None
    source: str

    @property
    def derived(self) -> bool:
        """Whether the activity only repeats what the labels of a class say."""
        return self.watched is not None

    def of_sample(self, name: str) -> ActivityOf:
        """How the activity of a sample of the set is known."""
        return ActivityOf(self.told.get(name, UNKNOWN), self.watched)
