"""The splits of a data set as one file: who is where, why, and what leaks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.grouping import BY_LISTS, BY_PATIENT, BY_SEQUENCE, Grouping
from lmsfa.data.splits.leaks import find_leaks
from lmsfa.errors import DatasetError, InputError
from lmsfa.whole_file import write_whole

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Splits:
    """Which picture is for what, and how that came about.

    Attributes:
        dataset: name of the set it was made for.
        fingerprint: of that set's sample names.
        samples: sample names by split, in the set's order unless given as lists.
        groups: patient (or sequence) by sample name; empty where nobody said.
        grouped_by: `BY_PATIENT`, `BY_SEQUENCE` or `BY_LISTS`.
        rule: how the group was found ("folder:1").
        asked: pictures or ratios asked for, in the splits' order; empty for lists.
        seed: of the dealing; None for lists.
        leaks: sentences, one a leak that somebody forced; belongs into the model card.
        warnings: sentences, such as a class that is missing from a split.
    """

    dataset: str
    fingerprint: str
    samples: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, str]
    grouped_by: str
    rule: str
    asked: tuple[float, ...] = ()
    seed: int | None = None
    leaks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def grouping(self) -> Grouping:
        """Whose each picture is, whoever dealt them."""
        return Grouping(self.groups, self.rule, self.grouped_by)

    @property
    def unit(self) -> str:
        """What a group is: "patient" or "sequence"."""
        return self.grouping.unit

    @property
    def patients(self) -> dict[str, str] | None:
        """As `Grouping.patients`."""
        return self.grouping.patients


class LeakError(InputError):
    """Two splits share something; the message names it and the splits."""


def fingerprint(dataset: AnnotatedSet) -> str:
    """The same for the same sample names, in whatever order and place."""
    names = "\n".join(sorted(sample.name for sample in dataset.samples))
    return hashlib.sha256(_bytes(names)).hexdigest()


def _bytes(text: str) -> bytes:
    # File names of other encodings come as surrogates.
    return text.encode("utf-8", "surrogateescape")


def without_leaks(dataset: AnnotatedSet, splits: Splits, *, force: bool) -> Splits:
    """The splits with their leaks found anew and recorded.

    Leaks that are recorded already were forced once, and pass.

    Raises:
        LeakError: there are others, and `force` is False.
    """
    found = find_leaks(dataset, splits.samples, splits.groups, splits.unit)
    new = [leak for leak in found if leak not in splits.leaks]
    if new and not force:
        more = f" (and {len(new) - 1} more leaks)" if len(new) > 1 else ""
        raise LeakError(
            f"{dataset.name}: {new[0]}{more}; figures would be too good: "
            "mend the splits, or force them and have it written into the model card"
        )
    return replace(splits, leaks=found)


def apply(dataset: AnnotatedSet, splits: Splits, *, force: bool = False) -> AnnotatedSet:
    """The data set with these splits instead of its own.

    Raises:
        DatasetError: the splits were made for other pictures.
        LeakError: they leak in a way that is not recorded in them, and `force` is False.
    """
    if fingerprint(dataset) != splits.fingerprint:
        raise DatasetError(
            f"{dataset.name}: the splits were made for other pictures, of {splits.dataset!r}; "
            "make them anew"
        )
    known = {sample.name for sample in dataset.samples}
    strange = [name for names in splits.samples.values() for name in names if name not in known]
    if strange:
        raise DatasetError(f"{dataset.name}: has no picture {strange[0]!r} that the splits name")
    without_leaks(dataset, splits, force=force)
    return replace(dataset, splits=dict(splits.samples))


def refuse_to_replace(path: Path, *, allowed: bool) -> None:
    """Keeps splits that figures may stand on already.

    Raises:
        InputError: the file is there, and replacing it is not allowed.
    """
    if path.exists() and not allowed:
        raise InputError(f"{path}: exists; give --overwrite to replace it, or another name")


def write_splits(splits: Splits, path: Path, *, replace_file: bool = False) -> None:
    """Writes JSON to `path`, making its folder.

    Raises:
        InputError: the file is there already and may not be replaced, or cannot be written.
    """
    refuse_to_replace(path, allowed=replace_file)
    said = {"schema_version": SCHEMA_VERSION, **asdict(splits)}
    write_whole(path, _bytes(json.dumps(said, indent=1, ensure_ascii=False) + "\n"))


def read_splits(path: Path) -> Splits:
    """Reads what `write_splits` wrote.

    Raises:
        InputError: in one line, naming the file, what was expected and what was found.
    """
    try:
        said = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `python -m lmsfa data split` writes one") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a readable splits file ({error})") from None
    if not isinstance(said, dict) or said.pop("schema_version", None) != SCHEMA_VERSION:
        raise InputError(f"{path}: not a splits file of schema {SCHEMA_VERSION}")
    try:
        return _splits(said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: not a splits file of schema {SCHEMA_VERSION} ({error})"
        ) from None


def _splits(said: dict[str, Any]) -> Splits:
    splits = Splits(
        dataset=_text(said["dataset"]),
        fingerprint=_text(said["fingerprint"]),
        samples={_text(split): _texts(names) for split, names in said["samples"].items()},
        groups={_text(name): _text(group) for name, group in said["groups"].items()},
        grouped_by=_text(said["grouped_by"]),
        rule=_text(said["rule"]),
        asked=tuple(float(part) for part in said["asked"]),
        seed=None if said["seed"] is None else int(said["seed"]),
        leaks=_texts(said["leaks"]),
        warnings=_texts(said["warnings"]),
    )
    if splits.grouped_by not in (BY_PATIENT, BY_SEQUENCE, BY_LISTS):
        raise ValueError(f"grouped_by {splits.grouped_by!r}")
    if not splits.samples:
        raise ValueError("no splits")
    return splits


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"expected a list of texts, got {values!r}")
    return tuple(_text(value) for value in values)
