"""Everybody's runs in the same rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmsfa.benchmark.contestants import Contestant
from lmsfa.interleaving import Times, interleaved_ms


@dataclass(frozen=True, slots=True)
class Timed:
    """A contestant and what it took.

    Attributes:
        who: the contestant.
        ms: (rounds,) milliseconds of each of its runs, by name.
    """

    who: Contestant
    ms: Mapping[str, Times]


def timed(contestants: Sequence[Contestant], rounds: int) -> list[Timed]:
    """All runs of all contestants in the same rounds, as `interleaved_ms`."""
    taken = interleaved_ms([run for who in contestants for run in who.runs.values()], rounds)
    columns = iter(taken.T)
    return [Timed(who, {name: next(columns) for name in who.runs}) for who in contestants]
