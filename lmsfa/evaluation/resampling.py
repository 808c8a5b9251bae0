"""What is drawn again for an interval: patients, or blocks of neighbouring frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.splits.grouping import FEW_PATIENTS
from lmsfa.evaluation.answers import AnsweredFrame

BLOCK_FRAMES = 5
"""Neighbouring frames are near copies: drawn one by one they would pretend to be more."""
RESAMPLES = 2000

PatientOf = dict[str, str]
"""Sample name -> patient."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """Frames drawn again with replacement.

    Attributes:
        unit: what was drawn, for people.
        units: how many of them there are.
        draws: (resamples, frames) how often each frame was drawn.
        within_patient: True where the interval says nothing about another patient.
        note: what somebody should know before they believe the interval; empty for nothing.
    """

    unit: str
    units: int
    draws: NDArray[np.intp]
    within_patient: bool
    note: str


def resample(
    frames: Sequence[AnsweredFrame],
    patients: PatientOf | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Resampling:
    """Draws patients where two or more are known, else blocks of frames within each sequence.

    Where nobody is known, ten folders or more are each taken for a patient; of several folders
    around a frame the first.

    Args:
        frames: what is judged; a frame's group is its sequence.
        patients: whose each frame is, "" where only the sequence is known; None where nobody is.
        resamples: how often.
        seed: the same seed draws the same frames.
    """
    rng = np.random.default_rng(seed)
    named = patients or {}
    owners = [named.get(frame.name, frame.group.partition("/")[0]) for frame in frames]
    known = all(named.get(frame.name) for frame in frames)
    count = len(set(owners))
    if count >= (2 if known else FEW_PATIENTS):
        places = [_places(owners, owner) for owner in dict.fromkeys(owners)]
        unit = f"{count} patients" if known else f"{count} folders, each taken for a patient"
        draws = _drawn([places], len(frames), resamples, rng)
        note = f"only {count} patients: the intervals are rough" if count < FEW_PATIENTS else ""
        return Resampling(unit, count, draws, within_patient=False, note=note)
    groups = [frame.group for frame in frames]
    strata = [_blocks(frames, _places(groups, group)) for group in dict.fromkeys(groups)]
    blocks = sum(len(stratum) for stratum in strata)
    unit = (
        f"{blocks} blocks of {BLOCK_FRAMES} consecutive frames, drawn within each of "
        f"{len(strata)} sequences (within patient)"
    )
    draws = _drawn(strata, len(frames), resamples, rng)
    return Resampling(unit, blocks, draws, within_patient=True, note=_why_blocks(patients, known))


def _why_blocks(patients: PatientOf | None, known: bool) -> str:
    """Why an interval is within patient."""
    if known:
        why = "one patient alone"
    elif patients and not any(patients.values()):
        why = "grouped by sequence"
    else:
        why = f"nobody said who the patients are, and first folders are fewer than {FEW_PATIENTS}"
    return f"{why}: intervals are within patient and say nothing about another"


def _places(labels: Sequence[str], wanted: str) -> list[int]:
    return [place for place, label in enumerate(labels) if label == wanted]


def _blocks(frames: Sequence[AnsweredFrame], places: list[int]) -> list[list[int]]:
    """Frames of one sequence in runs of `BLOCK_FRAMES`; the last run may be shorter."""
    in_time = sorted(places, key=lambda place: _natural(frames[place].name))
    starts = range(0, len(in_time), BLOCK_FRAMES)
    return [in_time[start : start + BLOCK_FRAMES] for start in starts]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts frame 9 before frame 10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _drawn(
    strata: list[list[list[int]]], frames: int, resamples: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """(resamples, frames) counts; of each stratum as many units are drawn as it has."""
    draws = np.zeros((resamples, frames), dtype=np.intp)
    for units in strata:
        member = np.zeros((len(units), frames), dtype=np.intp)
        for number, places in enumerate(units):
            member[number, places] = 1
        times = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), resamples)
        draws += times @ member
    return draws
