"""Outlines of made structures, in tissue pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
HARMONICS = 5


def blob(
    rng: np.random.Generator,
    centre: tuple[float, float],
    radius: float,
    *,
    ragged: float,
    stretch: float = 1.0,
    angle: float = 0.0,
) -> Points:
    """A closed curve around a point.

    Args:
        rng: where chance comes from.
        centre: x and y.
        radius: its mean.
        ragged: how far it leaves a circle, as a share of the radius.
        stretch: length over width.
        angle: direction of the length, radians.

    Returns:
        (N, 2) x and y.
    """
    around = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    order = np.arange(2, 2 + HARMONICS)
    size = rng.normal(size=HARMONICS) * ragged / order
    phase = rng.uniform(0, 2 * np.pi, HARMONICS)
    distance = radius * (1 + (size * np.cos(np.outer(around, order) + phase)).sum(1))
    along, across = distance * np.cos(around) * stretch**0.5, distance * np.sin(around)
    across = across / stretch**0.5
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack(
        [centre[0] + cos * along - sin * across, centre[1] + sin * along + cos * across], axis=1
    )


def spine(rng: np.random.Generator, start: Points, end: Points, bend: float) -> Points:
    """A smooth line from one point to another, (N, 2), bent by up to `bend`."""
    share = np.linspace(0, 1, 120)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    across = across / (np.linalg.norm(across) + 1e-9)
    sway = rng.uniform(-bend, bend) * np.sin(np.pi * share)
    sway = sway + rng.uniform(-bend, bend) / 2 * np.sin(2 * np.pi * share)
    line: Points = start + (end - start) * share + across * sway
    return line


def band(rng: np.random.Generator, line: Points, width: float) -> Points:
    """The outline of a cord of about this width along a line, (N, 2)."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    share = np.linspace(0, 1, len(line))
    swell = 1 + 0.12 * np.sin(2 * np.pi * (rng.uniform(1, 2.5) * share + rng.random()))
    half = (width / 2 * swell)[:, None]
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])
