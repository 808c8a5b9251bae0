"""The shape of a network for a data set: how many classes, and how many activities."""

from __future__ import annotations

from dataclasses import fields, replace

from lmsfa.data.activities import Activities
from lmsfa.errors import InputError
from lmsfa.models.families import Config, Family


def shape_for(family: Family, classes: int, activities: Activities | None) -> Config:
    """The family's default shape with so many classes and activities.

    Raises:
        InputError: activities are known and the network tells none, or the other way round.
    """
    if "activities" not in {entry.name for entry in fields(family.config)}:
        if activities:
            raise InputError(f"{family.title} tells no activities; leave --activities out")
        return replace(family.config, classes=classes)
    if activities is None:
        raise InputError(f"{family.title} tells activities; say which there are by --activities")
    if len(activities.names) < 2:
        raise InputError(
            f"activities by {activities.source}: only {', '.join(activities.names)}; "
            "two or more are needed to tell them apart"
        )
    return replace(family.config, classes=classes, activities=len(activities.names))  # type: ignore[call-arg]  # looked for above
