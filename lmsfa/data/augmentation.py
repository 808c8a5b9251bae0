"""Augmentation for endoscopy: an endoscope turns freely, its light falls off, its colours drift."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import Truth
from lmsfa.data.corruptions import CORRUPTIONS
from lmsfa.letterbox import PADDING_GREY

Picture = NDArray[np.uint8]

SPOILING_LEVELS = (1, 2, 3)
"""Levels 4 and 5 stay unseen in training, so that robustness there is not learned by heart."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How far pictures are turned, scaled, moved and flipped."""

    turn_deg: float = 30.0
    scale_low: float = 0.6
    scale_high: float = 1.6
    shift: float = 0.15
    flip_chance: float = 0.5


def letterbox_transform(height: int, width: int, size_px: int) -> NDArray[np.float64]:
    """(2, 3) matrix from frame to input pixels (index coordinates) without any augmentation."""
    return _transform(
        height,
        width,
        (size_px, size_px),
        turn_rad=0.0,
        scale=1.0,
        shift_px=(0.0, 0.0),
        flips=(1.0, 1.0),
    )


def random_transform(
    height: int, width: int, window: tuple[int, int], rng: np.random.Generator, geometry: Geometry
) -> NDArray[np.float64]:
    """(2, 3) matrix from frame to a window (height, width): turn, scale, shift, flips."""
    turn = np.deg2rad(rng.uniform(-geometry.turn_deg, geometry.turn_deg))
    scale = float(np.exp(rng.uniform(np.log(geometry.scale_low), np.log(geometry.scale_high))))
    shift = (
        float(rng.uniform(-geometry.shift, geometry.shift)) * window[1],
        float(rng.uniform(-geometry.shift, geometry.shift)) * window[0],
    )
    flip_x, flip_y = np.where(rng.random(2) < geometry.flip_chance, -1.0, 1.0)
    return _transform(
        height,
        width,
        window,
        turn_rad=float(turn),
        scale=scale,
        shift_px=shift,
        flips=(float(flip_x), float(flip_y)),
    )


def _transform(
    height: int,
    width: int,
    window: tuple[int, int],
    *,
    turn_rad: float,
    scale: float,
    shift_px: tuple[float, float],
    flips: tuple[float, float],
) -> NDArray[np.float64]:
    fit = scale * min(window[0] / height, window[1] / width)
    cosine, sine = np.cos(turn_rad) * fit, np.sin(turn_rad) * fit
    linear = np.array([[cosine * flips[0], -sine * flips[1]], [sine * flips[0], cosine * flips[1]]])
    # Index coordinates: the centre of a picture of n pixels lies at (n - 1) / 2.
    from_centre = np.array([(width - 1) / 2, (height - 1) / 2])
    to_centre = np.array([(window[1] - 1) / 2, (window[0] - 1) / 2]) + np.array(shift_px)
    return np.column_stack([linear, to_centre - linear @ from_centre])


def warp(
    rgb: Picture, truth: Truth, transform: NDArray[np.float64], window: tuple[int, int]
) -> tuple[Picture, Truth]:
    """A picture and its truth moved by `transform` into a window (height, width); grey outside."""
    size = (window[1], window[0])
    border = (PADDING_GREY,) * 3
    moved = cv2.warpAffine(rgb, transform, size, flags=cv2.INTER_LINEAR, borderValue=border)
    instances = np.stack(
        [
            np.asarray(cv2.warpAffine(layer, transform, size, flags=cv2.INTER_NEAREST), np.uint16)
            for layer in truth.instances
        ]
    )
    void = cv2.warpAffine(truth.void.view(np.uint8), transform, size, flags=cv2.INTER_NEAREST)
    return (
        np.asarray(moved, dtype=np.uint8),
        Truth(instances, truth.classes, void.astype(bool)),
    )


def mosaic(
    parts: list[tuple[Picture, Truth]], size_px: int, rng: np.random.Generator, geometry: Geometry
) -> tuple[Picture, Truth]:
    """Four pictures in one, cut at a random cross; instances keep their own numbers."""
    canvas = np.full((size_px, size_px, 3), PADDING_GREY, dtype=np.uint8)
    layers = max(len(truth.instances) for _, truth in parts)
    instances = np.zeros((layers, size_px, size_px), dtype=np.uint16)
    void = np.zeros((size_px, size_px), dtype=bool)
    classes: list[int] = []
    across, down = (int(edge) for edge in rng.uniform(0.3, 0.7, 2) * size_px)
    spans = [
        (slice(a, b), slice(c, d))
        for a, b in ((0, down), (down, size_px))
        for c, d in ((0, across), (across, size_px))
    ]
    for (rows, columns), (rgb, truth) in zip(spans, parts, strict=True):
        window = (rows.stop - rows.start, columns.stop - columns.start)
        height, width = rgb.shape[:2]
        moved, part = warp(
            rgb, truth, random_transform(height, width, window, rng, geometry), window
        )
        canvas[rows, columns] = moved
        numbers = np.where(part.instances > 0, part.instances + len(classes), 0)
        instances[: len(numbers), rows, columns] = numbers
        void[rows, columns] = part.void
        classes.extend(part.classes)
    return canvas, Truth(instances, tuple(classes), void)


def relight(rgb: Picture, rng: np.random.Generator) -> Picture:
    """Colour, brightness, gamma, light falling off to one side, and at times blur or noise."""
    gain = rng.uniform(0.85, 1.15, 3) * rng.uniform(0.75, 1.25)
    gamma = rng.uniform(0.75, 1.35)
    ramp = np.arange(256)[:, None] / 255.0
    table = np.clip(255 * np.power(ramp * gain, gamma), 0, 255).astype(np.uint8)
    lit = _saturate(np.asarray(cv2.LUT(rgb, table[None]), dtype=np.uint8), rng.uniform(0.7, 1.3))
    chance = rng.random(3)
    if chance[0] < 0.3:
        lit = _fall_off(lit, rng)
    if chance[1] < 0.15:
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, 1.5)), dtype=np.uint8)
    if chance[2] < 0.15:
        noise = rng.normal(0, rng.uniform(2, 10), lit.shape).astype(np.float32)
        lit = np.asarray(np.clip(lit + noise, 0, 255), dtype=np.uint8)
    return lit


def spoil(rgb: Picture, rng: np.random.Generator) -> Picture:
    """One of the made corruptions at a level that robustness is judged at, never its worst two."""
    names = tuple(CORRUPTIONS)
    name = names[int(rng.integers(len(names)))]
    return CORRUPTIONS[name](rgb, int(rng.choice(SPOILING_LEVELS)), int(rng.integers(2**31)))


def _saturate(rgb: Picture, amount: float) -> Picture:
    grey = cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(rgb, amount, grey, 1 - amount, 0), dtype=np.uint8)


def _fall_off(rgb: Picture, rng: np.random.Generator) -> Picture:
    height, width = rgb.shape[:2]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.5)
    light = 1 + depth * (np.cos(angle) * x + np.sin(angle) * y)
    lit = rgb * light[..., None].astype(np.float32)
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)
