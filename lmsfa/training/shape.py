"""The network of a training before its first step, in the shape that a data set asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from lmsfa.card import sha256_of
from lmsfa.data.activities import Activities
from lmsfa.errors import InputError
from lmsfa.models.dinov2_files import Dinov2File, read_dinov2
from lmsfa.models.endoarss import EndoarssConfig
from lmsfa.models.families import Config, Family


@dataclass(frozen=True, slots=True)
class PublishedEncoder:
    """A DINOv2 that a network is built around and that does not learn.

    Attributes:
        file: as it was read.
        weights: SHA-256 of the file.
        domain: its name, for people.
        leaks: none: its pictures are not known.
    """

    file: Dinov2File
    weights: str
    domain: str
    leaks: tuple[str, ...] = ()


def read_encoder(path: Path) -> PublishedEncoder:
    """Reads a DINOv2. Raises an InputError as `read_dinov2`."""
    return PublishedEncoder(read_dinov2(path), sha256_of(path), path.name)


def shape_for(
    family: Family, classes: int, activities: Activities | None, encoder: PublishedEncoder | None
) -> Config:
    """The family's default shape with so many classes and activities, around this encoder.

    Raises:
        InputError: activities or an encoder are given that the network has no use for, or it needs
            activities.
    """
    config = family.config
    if encoder:
        if not isinstance(config, EndoarssConfig):
            raise InputError(f"{family.title} has no DINOv2 in it; leave --encoder out")
        config = config.with_encoder(encoder.file.config)
    if "activities" not in {entry.name for entry in fields(config)}:
        if activities:
            raise InputError(f"{family.title} tells no activities; leave --activities out")
        return replace(config, classes=classes)
    if activities is None:
        raise InputError(f"{family.title} tells activities; say which there are by --activities")
    if len(activities.names) < 2:
        raise InputError(
            f"activities by {activities.source}: only {', '.join(activities.names)}; "
            "two or more are needed to tell them apart"
        )
    return replace(config, classes=classes, activities=len(activities.names))  # type: ignore[arg-type]  # looked for above
