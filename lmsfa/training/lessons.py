"""Whether training pictures teach what a network is asked for."""

from __future__ import annotations

from lmsfa.data.activities import UNKNOWN, Activities
from lmsfa.data.dataset import TrainingSet
from lmsfa.errors import InputError


def check_lessons(pictures: TrainingSet, activities: Activities | None) -> list[str]:
    """Looks at what all training pictures show.

    Returns:
        What is worth a warning, a sentence each.

    Raises:
        InputError: they show no instance, or fewer than two of the activities.
    """
    if not any(classes for classes, _ in pictures.contents):
        raise InputError("no training picture shows any of the classes: there is nothing to learn")
    if activities is None:
        return []
    shown = [activity for _, activity in pictures.contents]
    kinds = sorted(set(shown) - {UNKNOWN})
    if len(kinds) < 2:
        only = f"only {activities.names[kinds[0]]!r}" if kinds else "none"
        raise InputError(
            f"activities by {activities.source}: the training pictures show {only}; "
            "two or more are needed to tell them apart"
        )
    notes = []
    missing = shown.count(UNKNOWN)
    if missing:
        notes.append(
            f"{missing} of {len(shown)} training pictures have no activity: they teach classes only"
        )
    unseen = [name for index, name in enumerate(activities.names) if index not in kinds]
    if unseen:
        notes.append(f"no training picture shows the activity {', '.join(unseen)}")
    return notes
