"""Which pictures belong together, so that a split never tears them apart: patients or sequences."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.picture_table import said_of_samples
from lmsfa.errors import DatasetError

FEW_PATIENTS = 10
"""Fewer patients cannot be split by patient into parts that say much."""

BY_PATIENT = "patient"
BY_SEQUENCE = "sequence, within patient"
BY_LISTS = "given lists"

RULES = "folder:N, regex:PATTERN, csv:FILE or sequence"

_PATIENT_NAME = re.compile(r"(p|pat|patient|case|subj|subject)[ _-]?[0-9]+", re.IGNORECASE)
_SEQUENCE_NAME = re.compile(
    r"(seq|sequence|clip|video|vid|rec|recording|scene)[ _-]?[0-9]+", re.IGNORECASE
)

_PATIENT_COLUMNS = ("patient", "patient_id", "patient id", "subject", "case", "group")


def names_patients(folders: Collection[str]) -> bool:
    """Whether all are plainly named as patients, such as P01, patient-7 or case 3."""
    return all(_PATIENT_NAME.fullmatch(folder) for folder in folders)


def names_sequences(folders: Collection[str]) -> bool:
    """Whether all are plainly named as sequences, such as seq3 or video_12."""
    return all(_SEQUENCE_NAME.fullmatch(folder) for folder in folders)


@dataclass(frozen=True, slots=True)
class Grouping:
    """The group of each picture.

    Attributes:
        groups: group by sample name, in the set's order.
        rule: how it was found, as `grouping_from` takes it.
        grouped_by: `BY_PATIENT`, `BY_SEQUENCE`, or `BY_LISTS` for splits that were given.
    """

    groups: Mapping[str, str]
    rule: str
    grouped_by: str = BY_PATIENT

    @property
    def unit(self) -> str:
        """What a group is: "patient" or "sequence"."""
        return "sequence" if self.grouped_by == BY_SEQUENCE else "patient"

    @property
    def patients(self) -> dict[str, str] | None:
        """Patient by sample name, as `evaluation.resampling.resample` takes it; None: unknown."""
        if self.grouped_by == BY_SEQUENCE:
            # Sequences are no patients, however many there are.
            return dict.fromkeys(self.groups, "")
        return dict(self.groups) or None


NOBODY_KNOWN = Grouping({}, "patients unknown")
"""Where nothing says whose the pictures are."""


def grouping_from(rule: str, dataset: AnnotatedSet) -> Grouping:
    """Groups by a rule in words: folder:N, regex:PATTERN, csv:FILE or sequence.

    Raises:
        DatasetError: there is no such rule, or it fails for a picture.
    """
    kind, _, value = rule.partition(":")
    if kind == "folder" and value.isdecimal() and int(value) > 0:
        return by_folder(dataset, int(value))
    if kind == "regex" and value:
        return by_pattern(dataset, value)
    if kind == "csv" and value:
        return by_table(dataset, Path(value))
    if rule == "sequence":
        return by_sequence(dataset)
    raise DatasetError(f"cannot group by {rule!r}: expected {RULES} (N counts from 1)")


def by_folder(dataset: AnnotatedSet, level: int) -> Grouping:
    """The patient is a folder of the sample's name; level 1 is the first.

    Raises:
        DatasetError: a picture does not lie that deep.
    """

    def patient(name: str) -> str | None:
        folders = PurePosixPath(name).parent.parts
        return folders[level - 1] if len(folders) >= level else None

    return _grouping(dataset, patient, f"folder:{level}")


def by_pattern(dataset: AnnotatedSet, pattern: str) -> Grouping:
    """The patient is what the pattern's one group finds in the sample's name.

    Raises:
        DatasetError: it is no regular expression with one group, or finds nothing in a name.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DatasetError(f"{pattern!r} is not a regular expression ({error})") from None
    if expression.groups != 1:
        raise DatasetError(
            f"{pattern!r} must have one group in brackets, the patient; it has {expression.groups}"
        )

    def patient(name: str) -> str | None:
        found = expression.search(name)
        return found[1] if found else None

    return _grouping(dataset, patient, f"regex:{pattern}")


def by_table(dataset: AnnotatedSet, path: Path) -> Grouping:
    """The patient stands beside the picture in a CSV file, with a header or of two columns.

    Rows of pictures that the set does not hold are passed over.

    Raises:
        DatasetError: it cannot be read, contradicts itself, or a picture is missing from it.
    """
    patients = said_of_samples(dataset, path, _PATIENT_COLUMNS, "a patient")
    return _grouping(dataset, patients.get, f"csv:{path.name}")


def by_sequence(dataset: AnnotatedSet) -> Grouping:
    """The group is the folder that a picture lies in, for sets of few patients.

    The first folder is taken for a patient, unless pictures lie in folders named as sequences
    ("seq3") without another around them: then nobody knows how many patients there are.

    Raises:
        DatasetError: a picture lies in no folder, or patients are enough to split by.
    """
    names = [sample.name for sample in dataset.samples]
    folders = {str(PurePosixPath(name).parent) for name in names} - {"."}
    patients = {PurePosixPath(folder).parts[0] for folder in folders}
    if len(patients) >= FEW_PATIENTS and not names_sequences(folders):
        raise DatasetError(
            f"{dataset.name}: its {len(patients)} patients are enough to split by patient; "
            f"grouping by sequence is for fewer than {FEW_PATIENTS}"
        )

    def sequence(name: str) -> str | None:
        folder = str(PurePosixPath(name).parent)
        return folder if folder != "." else None

    return _grouping(dataset, sequence, "sequence", BY_SEQUENCE)


def _grouping(
    dataset: AnnotatedSet,
    group_of: Callable[[str], str | None],
    rule: str,
    grouped_by: str = BY_PATIENT,
) -> Grouping:
    found = {sample.name: group_of(sample.name) for sample in dataset.samples}
    without = [name for name, group in found.items() if not group]
    if without:
        raise DatasetError(
            f"{dataset.name}: {rule} gives no patient for {len(without)} of {len(found)} pictures, "
            f"such as {without[0]}"
        )
    return Grouping({name: str(group) for name, group in found.items()}, rule, grouped_by)
