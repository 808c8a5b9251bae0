"""`dataset.json`: what a data set says of itself beyond what its format can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsfa.card import CardError, ClassSpec
from lmsfa.data.annotated import DatasetClass
from lmsfa.data.formats.class_names import is_name, named_class
from lmsfa.data.formats.problems import reason
from lmsfa.errors import DatasetError, one_line

DESCRIPTION_FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What `dataset.json` says of a set of LabelMe, YOLO or COCO files.

    Attributes:
        name: of the set.
        licence: of pictures and annotations.
        attribution: whom they are owed to.
        classes: in the order of class ids; None where they follow from the labels.
        splits: sample names by split; None where the format says them.
        void_label: shapes of this label are void; empty where none are.
        synthetic: whether a program made the pictures.
    """

    name: str
    licence: str = ""
    attribution: str = ""
    classes: tuple[DatasetClass, ...] | None = None
    splits: Mapping[str, tuple[str, ...]] | None = None
    void_label: str = ""
    synthetic: bool = False

    def as_json(self, format_name: str) -> dict[str, Any]:
        """The file's content, for a set of this format."""
        said: dict[str, Any] = {"name": self.name, "format": format_name}
        said |= {"licence": self.licence, "attribution": self.attribution}
        if self.classes is not None:
            said["classes"] = [
                {"name": entry.name, "colour": list(entry.colour), "role": entry.role}
                for entry in self.classes
            ]
        if self.splits is not None:
            said["splits"] = {split: list(names) for split, names in self.splits.items()}
        if self.void_label:
            said["void_label"] = self.void_label
        if self.synthetic:
            said["synthetic"] = True
        return said


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON is anything until it is looked at
    """The content of a JSON file.

    Raises:
        DatasetError: it cannot be read, is no UTF-8 or no JSON.
    """
    try:
        # Some editors under Windows put a byte order mark in front.
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: not readable JSON ({reason(error)})") from None


def read_description(root: Path) -> Description | None:
    """What `root`/dataset.json says; None where there is no such file, or it is another program's.

    Raises:
        DatasetError: it says something that makes no sense.
    """
    path = root / DESCRIPTION_FILE
    said = read_json(path) if path.is_file() else None
    if not isinstance(said, dict) or "format" not in said:
        return None
    try:
        return _described(said, root.resolve().name)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DatasetError(f"{path}: not a description ({one_line(repr(error))})") from None
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None


def _described(said: dict[str, Any], folder: str) -> Description:
    classes, splits = said.get("classes"), said.get("splits")
    return Description(
        str(said.get("name", folder)),
        str(said.get("licence", "")),
        str(said.get("attribution", "")),
        None if classes is None else as_classes(classes),
        None if splits is None else {str(s): tuple(map(str, n)) for s, n in splits.items()},
        str(said.get("void_label", "")),
        said.get("synthetic", False) is True,
    )


def read_classes(path: Path) -> tuple[DatasetClass, ...]:
    """A file of classes: a JSON list of names, or of objects with name, colour and role.

    Raises:
        DatasetError: it is something else.
    """
    try:
        return as_classes(read_json(path))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f"{path}: expected a JSON list of classes, names or objects with name, colour and "
            f"role ({one_line(repr(error))})"
        ) from None
    except DatasetError as error:
        raise error if str(path) in str(error) else DatasetError(f"{path}: {error}") from None


def as_classes(said: object) -> tuple[DatasetClass, ...]:
    """Classes as JSON says them; colours and roles that are not said are found by the name.

    Raises:
        DatasetError: a name, colour or role cannot be one, or comes twice.
        KeyError, TypeError, ValueError: it is no list of classes at all.
    """
    if not isinstance(said, list):
        raise TypeError(f"classes must be a list, got {type(said).__name__}")
    classes = tuple(_as_class(entry, index) for index, entry in enumerate(said))
    if not classes or len({entry.name for entry in classes}) < len(classes):
        raise DatasetError("classes must be one or more, and no two of the same name")
    return classes


def _as_class(said: object, index: int) -> DatasetClass:
    entry = {"name": said} if isinstance(said, str) else said
    if not isinstance(entry, dict) or not isinstance(entry["name"], str):
        raise TypeError(f"class {index} must be a name or an object with a name")
    if not is_name(entry["name"]):
        raise DatasetError(f"class {index}: {entry['name']!r} cannot be a name")
    known = named_class(entry["name"], index)
    colour = tuple(entry.get("colour", known.colour))
    try:
        checked = ClassSpec(known.name, colour, entry.get("role", known.role))
    except CardError as error:
        raise DatasetError(str(error)) from None
    return DatasetClass(checked.name, checked.colour, checked.role)
