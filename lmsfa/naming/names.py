"""Which structures carry their names at the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lmsfa.card import ModelCard
from lmsfa.prediction import Instance

SMALL_SHARE = 0.02
"""Of the frame; an instance that covers less is small."""
STAYS_SMALL = 1.5
"""Times that share, for an instance that was small before: at the bound a name must not blink."""
SELDOM_SHARE = 0.2
"""Of the pictures lately; a class that was in fewer is seldom seen."""
LATELY_PICTURES = 250
"""Over so many pictures that share is a running mean: ten seconds at 25 a second."""


class Key(NamedTuple):
    """Which instance it is from picture to picture.

    Attributes:
        class_id: of its class.
        number: its track; below 0 where nobody follows it.
    """

    class_id: int
    number: int


class Names(Enum):
    """Whose names stand at the picture."""

    RARE = "rare and small ones"
    """Small and seldom seen ones, and one of each protected class."""
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance that is painted.

    Attributes:
        key: which it is.
        score: confidence, 0..1.
        share: of the frame that it covers, 0..1.
    """

    key: Key
    score: float
    share: float


class Chooser:
    """Decides who is named, and remembers who was. On one thread, once a painted picture.

    In `Names.RARE` an instance is named where it is small or its class is seldom seen, and of each
    protected class one at least. A seldom one keeps its name as long as it is followed.
    """

    def __init__(self) -> None:
        self._shares: dict[int, float] = {}
        self._seldom: set[Key] = set()
        self._small: set[Key] = set()
        self._before: set[Key] = set()
        self._named: set[Key] = set()

    @property
    def small(self) -> set[Key]:
        """Which of the instances last looked at are small."""
        return self._small

    def look(self, seen: Sequence[Seen], card: ModelCard) -> None:
        """Learns from a picture which instances are small, and which classes are seldom seen."""
        keys = {entry.key for entry in seen}
        self._small = {entry.key for entry in seen if self._is_small(entry)}
        self._seldom |= {
            key for key in keys - self._before if self._shares.get(key.class_id, 1.0) < SELDOM_SHARE
        }
        self._seldom &= keys
        self._before = keys
        present = {key.class_id for key in keys}
        for class_id in range(len(card.classes)):
            # At the beginning every class counts as often seen: not all are introduced at once.
            share = self._shares.get(class_id, 1.0)
            self._shares[class_id] = share + ((class_id in present) - share) / LATELY_PICTURES

    def named(self, seen: Sequence[Seen], card: ModelCard, names: Names) -> list[Seen]:
        """The instances that carry their names, the most important first.

        Args:
            seen: all that are painted, as `look` was given them.
            card: of the model that answered: roles and order.
            names: what a person chose.
        """
        level = {class_id: height for height, class_id in enumerate(card.draw_order)}
        named = sorted(
            (entry for entry in seen if self._is_named(entry, seen, card, names)),
            key=lambda entry: (
                entry.key not in self._small,
                not is_protected(entry.key.class_id, card),
                -level[entry.key.class_id],
                entry.key,
            ),
        )
        self._named = {entry.key for entry in named}
        return named

    def _is_named(self, entry: Seen, seen: Sequence[Seen], card: ModelCard, names: Names) -> bool:
        if names is not Names.RARE:
            return names is Names.ALL
        if entry.key in self._seldom or entry.key in self._small:
            return True
        return is_protected(entry.key.class_id, card) and entry is self._first(entry.key, seen)

    def _first(self, key: Key, seen: Sequence[Seen]) -> Seen:
        """The instance that is named for all of its class: the one before, or the most certain."""
        of_class = [entry for entry in seen if entry.key.class_id == key.class_id]
        return max(of_class, key=lambda entry: (entry.key in self._named, entry.score))

    def _is_small(self, entry: Seen) -> bool:
        most = SMALL_SHARE * (STAYS_SMALL if entry.key in self._small else 1.0)
        return entry.share < most


def is_protected(class_id: int, card: ModelCard) -> bool:
    """Whether a class is one that must come to no harm, and be covered by no word."""
    return card.classes[class_id].role == "protected"


def keys_of(instances: Sequence[Instance]) -> list[Key]:
    """A key each; instances that nobody follows are counted in their order."""
    counts: Counter[int] = Counter()
    keys = []
    for entry in instances:
        if entry.track is None:
            counts[entry.class_id] += 1
            keys.append(Key(entry.class_id, -counts[entry.class_id]))
        else:
            keys.append(Key(entry.class_id, entry.track))
    return keys
