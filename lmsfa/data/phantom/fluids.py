"""What drifts between lens and tissue: rinsing water, blood, smoke; and the lamp's glare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.corruptions import BLOOD_ABSORPTION
from lmsfa.data.phantom.drift import Drift
from lmsfa.data.smooth_noise import smooth_noise

COARSE = 8
"""Fluids are smooth: they are made on cells of so many pixels, and enlarged."""
CLOUD_PX = 384
"""Side of the cloud that fluids are cut from; it repeats beyond that."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Veil:
    """What a fluid does to a picture, on the coarse grid.

    Attributes:
        through: (h, w, 3) the share of the light that passes, 0..1.
        added: (h, w, 3) light that is scattered back, 0..255.
    """

    through: Map
    added: Map


class Fluid(Protocol):
    """A fluid at a moment."""

    def veil(self, shape: tuple[int, int], time_s: float, amount: float) -> Veil:
        """(h, w), seconds and an amount of 0..1 -> its veil."""


class _Cloud:
    """Smooth noise that streams in one direction and boils a little, 0 in the mean."""

    def __init__(self, rng: np.random.Generator, cell: float, speed: float) -> None:
        whole = smooth_noise(rng, (CLOUD_PX, CLOUD_PX), cell)
        whole += 0.5 * smooth_noise(rng, (CLOUD_PX, CLOUD_PX), cell / 3)
        # Mirrored at its edges, so that it goes on without a seam.
        self._cloud = np.asarray(whole / whole.std(), dtype=np.float32)
        angle = rng.uniform(0, 2 * np.pi)
        self._speed = speed * np.array([np.cos(angle), np.sin(angle)])
        self._sway = (Drift(rng, 3.0), Drift(rng, 3.0))

    def at(self, shape: tuple[int, int], time_s: float) -> Map:
        """(h, w) of it; `speed` is in heights of the picture a second."""
        height, width = shape
        scale = CLOUD_PX / 2 / height
        shift = self._speed * time_s + 0.1 * np.array([one.at(time_s) for one in self._sway])
        move = np.array([[scale, 0, shift[0] * CLOUD_PX / 2], [0, scale, shift[1] * CLOUD_PX / 2]])
        cut = cv2.warpAffine(
            self._cloud,
            move,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
        return np.asarray(cut, dtype=np.float32)


class Water:
    """Rinsing water: bright streaks that hurry through."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._cloud = _Cloud(rng, 0.08, 0.9)

    def veil(self, shape: tuple[int, int], time_s: float, amount: float) -> Veil:
        """See `Fluid`."""
        streaks = np.clip(self._cloud.at(shape, time_s) - 0.4, 0, 1.5)[..., None] * amount
        return Veil(1 - 0.22 * streaks + np.zeros(3, dtype=np.float32), 46 * streaks + np.zeros(3))


class Blood:
    """A bleeding: a red film that grows and thins."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._cloud = _Cloud(rng, 0.22, 0.12)

    def veil(self, shape: tuple[int, int], time_s: float, amount: float) -> Veil:
        """See `Fluid`."""
        film = np.clip(0.5 + 0.6 * self._cloud.at(shape, time_s), 0, 1.6)[..., None] * amount
        return Veil(
            np.exp(-1.1 * film * np.array(BLOOD_ABSORPTION, dtype=np.float32)),
            film * np.array([26, 2, 3]),
        )


class Smoke:
    """Smoke of an electrode, or steam: a grey haze."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._cloud = _Cloud(rng, 0.3, 0.3)

    def veil(self, shape: tuple[int, int], time_s: float, amount: float) -> Veil:
        """See `Fluid`."""
        haze = np.clip(0.62 + 0.25 * self._cloud.at(shape, time_s), 0, 0.9)[..., None] * amount
        return Veil(1 - haze + np.zeros(3), haze * np.array([206, 203, 200]))


def over(first: Veil, second: Veil) -> Veil:
    """Two veils, the second one nearer to the lens."""
    return Veil(first.through * second.through, first.added * second.through + second.added)
