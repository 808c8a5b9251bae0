"""Whether structures' colours can be told from each other and from tissue, by all eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard

LEAST_DISTANCE = 20.0
"""CIEDE2000 between any two colours."""
TISSUE: dict[str, Colour] = {
    "mucosa": (205, 103, 78),
    "bright mucosa": (247, 157, 133),
    "dark mucosa": (118, 33, 13),
    "dark lumen": (31, 11, 12),
}
"""Medians over 156 frames of the laryngeal set of Laves et al. (arXiv:1807.06081), of their medians
of mucosa, of its brightest and darkest tenth, and of the glottal space."""
EYES: dict[str, NDArray[np.float64]] = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""What linear RGB becomes to them, at severity 1.0 (Machado, Oliveira, Fernandes 2009: "A
physiologically based model for simulation of color vision deficiency")."""
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_STEPS = (0, 36, 73, 109, 146, 182, 219, 255)
"""Of each channel of the colours that are proposed."""
LEAST_LIGHTNESS = 22
"""CIELAB, of what is proposed: a darker line is lost in its dark rim."""

WELL_APART: tuple[Colour, ...] = (
    (253, 253, 0),
    (207, 253, 253),
    (115, 0, 253),
    (184, 161, 253),
    (46, 138, 138),
    (0, 69, 92),
)
"""The best six of a search over twelve steps a channel: dE 20.5 for all eyes, tissue included. Six
that are all lighter than 45 (CIELAB) are 15 apart at most, lighter than 32, 19.7."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alike:
    """The two of some colours that are most alike.

    Attributes:
        one: name of a structure.
        other: name of a structure or of a kind of tissue.
        distance: CIEDE2000 between them.
        eyes: to whom, a key of `EYES`.
    """

    one: str
    other: str
    distance: float
    eyes: str

    def __str__(self) -> str:
        """A line for people."""
        eyes = "all" if self.eyes == "normal" else self.eyes
        return (
            f"The colours of {self.one} and {self.other} are hard to tell apart for {eyes} eyes "
            f"(dE {self.distance:.0f} of {LEAST_DISTANCE:.0f})"
        )


def most_alike(card: ModelCard) -> Alike | None:
    """The pair of a card's colours, or of one and tissue, that is most alike.

    Returns:
        None where all are at least `LEAST_DISTANCE` apart.
    """
    names = [spec.name for spec in card.classes] + list(TISSUE)
    colours = [spec.colour for spec in card.classes] + list(TISSUE.values())
    by_eyes = _distances(_seen(colours), _seen(colours[: len(card.classes)]))
    # Each pair once: no colour with itself or with those after it.
    by_eyes[:, np.triu(np.ones(by_eyes.shape[1:], dtype=np.bool_))] = np.inf
    eyes, other, one = np.unravel_index(int(by_eyes.argmin()), by_eyes.shape)
    distance = float(by_eyes[eyes, other, one])
    if distance >= LEAST_DISTANCE:
        return None
    return Alike(names[one], names[other], distance, list(EYES)[eyes])


def colour_lines(card: ModelCard) -> tuple[str, ...]:
    """What people must know of a card's colours: nothing where they are far enough apart.

    Returns:
        Who is most alike; which colours would be better, and how far apart they are.
    """
    alike = most_alike(card)
    if alike is None:
        return ()
    proposed, distance = proposal(tuple(spec.colour for spec in card.classes))
    if distance <= alike.distance:
        return (f"{alike}.", "No set of so many colours is known that were better.")
    better = ", ".join(
        f"{spec.name} {list(colour)}" for spec, colour in zip(card.classes, proposed, strict=True)
    )
    return f"{alike}.", f"Farther apart (dE {distance:.0f}): {better}."


@lru_cache(maxsize=8)
def proposal(colours: tuple[Colour, ...]) -> tuple[tuple[Colour, ...], float]:
    """Colours that are farther apart, and how far the nearest two of them and tissue are.

    Up to six are `WELL_APART`. To more whatever is farthest from all before is added; of many not
    all can be far from each other, which the distance says.

    Args:
        colours: one a structure; each gets the one of the proposed that is nearest to it, the first
            choosing first.
    """
    every = np.array(list(product(_STEPS, repeat=3)))
    grid = every[_seen(every)[0, :, 0] >= LEAST_LIGHTNESS]
    seen_grid = _seen(grid)
    chosen = list(WELL_APART[: len(colours)])
    room = _distances(seen_grid, _seen([*TISSUE.values(), *chosen])).min(axis=(0, 2))
    while len(chosen) < len(colours):
        red, green, blue = grid[int(room.argmax())].tolist()
        chosen.append((red, green, blue))
        room = np.minimum(room, _distances(seen_grid, _seen([chosen[-1]])).min(axis=(0, 2)))
    seen = _seen(chosen)
    apart = _distances(seen, np.concatenate([seen, _seen(list(TISSUE.values()))], axis=1))
    apart[:, np.arange(len(chosen)), np.arange(len(chosen))] = np.inf
    left, proposed = list(chosen), []
    for given in colours:
        nearest = int(_distances(_seen([given]), _seen(left))[0].argmin())
        proposed.append(left.pop(nearest))
    return tuple(proposed), float(apart.min())


def _seen(colours: Sequence[Colour] | NDArray[np.int64]) -> Floats:
    """(eyes, N, 3) CIELAB under D65 of colours in sRGB, 0..255, as each kind of eyes has them."""
    coded = np.array(colours, dtype=np.float64).reshape(-1, 3) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    seen = np.stack([np.clip(linear @ matrix.T, 0, 1) for matrix in EYES.values()])
    share = seen @ _TO_XYZ.T / _WHITE
    bent = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _distances(some: Floats, others: Floats) -> Floats:
    """(eyes, N, M) CIEDE2000 between (eyes, N, 3) and (eyes, M, 3) CIELAB."""
    return ciede2000(some[:, :, None], others[:, None])


def ciede2000(one: Floats, other: Floats) -> Floats:
    """(…) distance of (…, 3) CIELAB colours (Sharma, Wu, Dalal 2005), all weights 1."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    mean_chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma7 / (mean_chroma7 + 25.0**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1 = np.degrees(np.arctan2(b1, stretch * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, stretch * a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    is_grey = c1 * c2 == 0
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(np.where(is_grey, 0, turn)) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(is_grey, h1 + h2, h1 + turn / 2)
    weight = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    off50 = (light - 50) ** 2
    d_light = (l2 - l1) / (1 + 0.015 * off50 / np.sqrt(20 + off50))
    d_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    d_hue = d_hue / (1 + 0.015 * chroma * weight)
    around_blue = 30 * np.exp(-(((hue % 360 - 275) / 25) ** 2))
    twist = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(2 * around_blue))
    return np.asarray(np.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + twist * d_chroma * d_hue))
