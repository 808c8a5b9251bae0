"""What is drawn again for an interval: patients, or blocks of neighbouring frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lmsfa.evaluation.answers import AnsweredFrame

BLOCK_FRAMES = 5
"""Neighbouring frames are near copies: drawn one by one they would pretend to be more."""
FEWEST_PATIENTS = 10
"""Fewer patients say too little about the next one to be drawn again."""
RESAMPLES = 2000

PatientOf = dict[str, str]
"""Sample name -> patient."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """Frames drawn again with replacement.

    Attributes:
        unit: what was drawn, for people.
        draws: (resamples, frames) how often each frame was drawn.
        within_patient: True where the interval says nothing about another patient.
    """

    unit: str
    draws: NDArray[np.intp]
    within_patient: bool


def resample(
    frames: Sequence[AnsweredFrame],
    patients: PatientOf | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Resampling:
    """Draws patients where there are ten or more, else blocks of frames within each sequence.

    Args:
        frames: what is judged; a frame's group is its sequence.
        patients: whose each frame is; without it every group is taken for a patient.
        resamples: how often.
        seed: the same seed draws the same frames.
    """
    rng = np.random.default_rng(seed)
    owners = [(patients or {}).get(frame.name, frame.group) for frame in frames]
    count = len(set(owners))
    if count >= FEWEST_PATIENTS:
        units = [_places(owners, owner) for owner in dict.fromkeys(owners)]
        unit = f"{count} patients" if patients else f"{count} folders, each taken for a patient"
        return Resampling(unit, _drawn([units], len(frames), resamples, rng), within_patient=False)
    groups = [frame.group for frame in frames]
    strata = [_blocks(frames, _places(groups, group)) for group in dict.fromkeys(groups)]
    blocks = sum(len(stratum) for stratum in strata)
    unit = (
        f"{blocks} blocks of {BLOCK_FRAMES} consecutive frames, drawn within each of "
        f"{len(strata)} sequences (within patient)"
    )
    return Resampling(unit, _drawn(strata, len(frames), resamples, rng), within_patient=True)


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
