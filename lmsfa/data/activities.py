"""What is being done in each picture: told by a table or by folders, or seen from the labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.picture_table import said_of_samples
from lmsfa.errors import DatasetError

RULES = "a CSV file (picture, activity), folders, or present:CLASS"
_ACTIVITY_COLUMNS = ("activity", "action", "phase", "task", "label")
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

    @property
    def digest(self) -> str:
        """A hash of what is known of which picture."""
        said = [self.names, sorted(self.told.items()), self.watched]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def of_sample(self, name: str) -> ActivityOf:
        """How the activity of a sample of the set is known."""
        return ActivityOf(self.told.get(name, UNKNOWN), self.watched)

    def told_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The activities that samples of these names may have; none where nobody said."""
        if self.derived:
            return self.names
        indices = {self.told[name] for name in names if name in self.told}
        return tuple(self.names[index] for index in sorted(indices))

    def silence_about(self, names: Iterable[str]) -> tuple[str, ...]:
        """What a reader of figures must know where nobody said the activity of any such sample."""
        if self.told_of(names):
            return ()
        return (f"{self.source} tells the activity of no judged picture: it has no figures",)

    def name_of(self, name: str, classes: Collection[int]) -> str | None:
        """The activity of a sample that shows these class ids; None where nobody said."""
        index = self.of_sample(name).where_shown(classes)
        return None if index == UNKNOWN else self.names[index]


def activities_from(rule: str, dataset: AnnotatedSet) -> Activities:
    """The activities that a rule in words says: a CSV file, "folders", or "present:CLASS".

    Raises:
        DatasetError: there is no such rule, or it says nothing of these pictures.
    """
    kind, _, name = rule.partition(":")
    if kind == "present" and name:
        return by_presence(dataset, name)
    if rule == "folders":
        return by_innermost_folder(dataset)
    if Path(rule).suffix.lower() in (".csv", ".tsv") or Path(rule).is_file():
        return by_activity_table(dataset, Path(rule))
    raise DatasetError(f"no activities in {rule!r}: expected {RULES}")


def by_presence(dataset: AnnotatedSet, class_name: str) -> Activities:
    """Whether a class is in view: it only repeats the labels, and serves to show such a system.

    Raises:
        DatasetError: the set has no such class.
    """
    names = [entry.name for entry in dataset.classes]
    if class_name not in names:
        raise DatasetError(
            f"present:{class_name}: {dataset.name} has no such class, only {', '.join(names)}"
        )
    told_apart = (f"{class_name} in view", f"no {class_name} in view")
    return Activities(told_apart, {}, names.index(class_name), f"present:{class_name}")


def by_innermost_folder(dataset: AnnotatedSet) -> Activities:
    """The activity is the name of the folder that a picture lies in; outside of any it is unknown.

    Raises:
        DatasetError: no picture lies in a folder.
    """
    folders = {sample.name: PurePosixPath(sample.name).parent.name for sample in dataset.samples}
    said = {name: folder for name, folder in folders.items() if folder}
    if not said:
        raise DatasetError(f"{dataset.name}: no picture lies in a folder named as an activity")
    return _told(said, "folders")


def by_activity_table(dataset: AnnotatedSet, path: Path) -> Activities:
    """The activity stands beside the picture in a CSV file, with a header or of two columns.

    Pictures without a row, or with nothing in it, are of unknown activity; rows without a picture
    are passed over.

    Raises:
        DatasetError: it cannot be read, contradicts itself, or names no picture of the set.
    """
    said = said_of_samples(dataset, path, _ACTIVITY_COLUMNS, "an activity", may_be_blank=True)
    if not said:
        raise DatasetError(f"{path}: no row is of a picture of {dataset.name}")
    return _told(said, f"csv:{path.name}")


def _told(said: Mapping[str, str], source: str) -> Activities:
    names = tuple(sorted(set(said.values())))
    return Activities(names, {name: names.index(one) for name, one in said.items()}, None, source)
