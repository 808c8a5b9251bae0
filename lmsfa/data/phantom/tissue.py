"""The made field of operation: structures of spinal endoscopy in a bed of muscle, seen flat."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.phantom.shapes import Points, band, blob, spine
from lmsfa.data.smooth_noise import smooth_noise

SIDE_PX = 1024
"""Of the tissue, a square; the lens sees about a quarter of it at a time."""
ADIPOSE, BONE, LIGAMENT, NERVE = range(4)
COLOURS = {
    ADIPOSE: ((236, 200, 92), (250, 226, 140)),
    BONE: ((222, 200, 172), (244, 232, 214)),
    LIGAMENT: ((196, 158, 84), (226, 196, 124)),
    NERVE: ((224, 196, 186), (244, 228, 220)),
}
"""Dark and light RGB of each structure, as endoscopes show them."""
MUSCLE = ((116, 38, 34), (176, 84, 70))
VESSEL = (150, 40, 44)
LIGHT = np.array([-0.35, -0.5, 0.8])
"""Where relief is lit from: x, y and towards the lens."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tissue:
    """What lies before the lens.

    Attributes:
        rgbg: (S, S, 4) uint8: RGB under white light, and gloss, how much of the lamp it mirrors.
        numbers: (S, S) uint8, 0 where there is no structure, else an instance's number from 1.
        classes: class id of each instance, in the order of `PELD_CLASSES`.
    """

    rgbg: NDArray[np.uint8]
    numbers: NDArray[np.uint8]
    classes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Structure:
    class_id: int
    outline: Points


def grow(seed: int) -> Tissue:
    """The tissue of a seed."""
    rng = np.random.default_rng(seed)
    structures = _arranged(rng)
    numbers = np.zeros((SIDE_PX, SIDE_PX), dtype=np.uint8)
    bed = 6 * smooth_noise(rng, numbers.shape, 0.10) + smooth_noise(rng, numbers.shape, 0.02)
    relief = bed.copy()
    rgb = _textured(rng, MUSCLE, 0.09)
    # Muscle runs in fibres.
    rgb *= (1 + 0.08 * _fibres(rng, rng.uniform(0, np.pi)))[..., None]
    skins = {class_id: _skin(rng, class_id) for class_id in COLOURS}
    for number, structure in enumerate(structures, 1):
        mask = np.zeros_like(numbers)
        cv2.fillPoly(mask, [np.rint(structure.outline).astype(np.int32)], 1)
        inside = mask > 0
        numbers[inside] = number
        edge_px = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), dtype=np.float32)
        # A structure lies on what is below, and throws a soft shadow there.
        shade = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 9)
        rgb *= (1 - 0.45 * shade * ~inside)[..., None]
        np.copyto(relief, 0.4 * bed + _rounded(structure, edge_px), where=inside)
        np.copyto(rgb, skins[structure.class_id], where=inside[..., None])
    # Edges are as soft as flesh and lens make them.
    relief = np.asarray(cv2.GaussianBlur(relief, (0, 0), 1.2), dtype=np.float32)
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.8), dtype=np.float32)
    dx, dy = (cv2.Sobel(relief, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    slope = np.asarray(dx, dtype=np.float32), np.asarray(dy, dtype=np.float32)
    lit = rgb * _lambert(*slope)[..., None]
    gloss = _gloss(rng, *slope)
    rgbg = np.dstack([np.clip(lit, 0, 255), np.clip(255 * gloss, 0, 255)]).astype(np.uint8)
    return Tissue(rgbg, numbers, tuple(entry.class_id for entry in structures))


def _arranged(rng: np.random.Generator) -> list[_Structure]:
    """Structures from the deepest to the one on top; none of a class touches another of it."""
    middle, side = SIDE_PX / 2, SIDE_PX
    around = rng.uniform(0, 2 * np.pi)

    def at(angle: float, distance: float) -> tuple[float, float]:
        return (
            middle + distance * side * np.cos(around + angle),
            middle + distance * side * np.sin(around + angle),
        )

    found = [
        _Structure(
            BONE,
            blob(
                rng, at(angle, rng.uniform(0.34, 0.42)), side * rng.uniform(0.19, 0.24), ragged=0.3
            ),
        )
        for angle in (0.0, *([np.pi * rng.uniform(0.8, 1.2)] if rng.random() < 0.7 else []))
    ]
    found += [
        _Structure(
            LIGAMENT,
            blob(
                rng,
                at(np.pi / 2 + rng.uniform(-0.3, 0.3), rng.uniform(0.16, 0.22)),
                side * rng.uniform(0.15, 0.2),
                ragged=0.22,
                stretch=rng.uniform(1.4, 2.2),
                angle=around + rng.uniform(-0.4, 0.4),
            ),
        )
    ]
    tilt = rng.uniform(-0.35, 0.35)
    start, end = (np.array(at(angle, 0.6)) for angle in (tilt - 0.1, np.pi + tilt))
    shift = np.array(at(-np.pi / 2, rng.uniform(0.02, 0.12))) - middle
    line = spine(rng, start + shift, end + shift, 0.1 * side)
    found.append(_Structure(NERVE, band(rng, line, side * rng.uniform(0.09, 0.14))))
    angles = np.pi * (rng.uniform(0, 2) + 2 * np.arange(4) / 4) + rng.uniform(-0.3, 0.3, 4)
    for angle in angles[: rng.integers(2, 5)]:
        centre = at(float(angle), rng.uniform(0.14, 0.3))
        outline = blob(rng, centre, side * rng.uniform(0.045, 0.085), ragged=0.3)
        found.append(_Structure(ADIPOSE, outline))
    return found


def _rounded(structure: _Structure, edge_px: Map) -> Map:
    """Height of a structure: steep at its edge, flat in the middle; cords are round."""
    wide = {BONE: 17.0, LIGAMENT: 12.0, NERVE: 40.0, ADIPOSE: 26.0}[structure.class_id]
    reach = np.clip(edge_px / wide, 0, 1)
    return np.asarray(wide * 1.3 * np.sqrt(reach * (2 - reach)), dtype=np.float32)


def _skin(rng: np.random.Generator, class_id: int) -> Map:
    """(S, S, 3) RGB of a structure's surface."""
    rgb = _textured(rng, COLOURS[class_id], 0.05)
    shape = rgb.shape[:2]
    if class_id == LIGAMENT:
        rgb *= (1 + 0.10 * _fibres(rng, rng.uniform(0, np.pi)))[..., None]
    elif class_id == ADIPOSE:
        lobes = np.abs(smooth_noise(rng, shape, 0.02))
        rgb *= (0.86 + 0.14 * np.clip(2 * lobes, 0, 1))[..., None]
    elif class_id == BONE:
        pores = smooth_noise(rng, shape, 0.008)
        rgb *= (1 - 0.10 * np.clip(pores - 1, 0, 1))[..., None]
    if class_id in (NERVE, ADIPOSE):
        # Fine vessels: where smooth noise passes through nought.
        vessels = np.exp(-((smooth_noise(rng, shape, 0.07) / 0.05) ** 2)) * 0.45
        rgb += (np.array(VESSEL, dtype=np.float32) - rgb) * vessels[..., None]
    return rgb


def _textured(
    rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...], cell: float
) -> Map:
    """(S, S, 3) float32 RGB between two colours."""
    shape = (SIDE_PX, SIDE_PX)
    mixed = smooth_noise(rng, shape, cell) + 0.5 * smooth_noise(rng, shape, cell / 6)
    share = np.clip(0.5 + 0.28 * mixed, 0, 1)[..., None]
    dark, light = (np.array(colour, dtype=np.float32) for colour in colours)
    return np.asarray(dark + (light - dark) * share, dtype=np.float32)


def _fibres(rng: np.random.Generator, angle: float) -> Map:
    """(S, S) about -1..1: noise drawn out along a direction."""
    grain = smooth_noise(rng, (SIDE_PX // 8, SIDE_PX), 0.05)
    stretched = cv2.resize(grain, (SIDE_PX * 2, SIDE_PX * 2), interpolation=cv2.INTER_LINEAR)
    middle = (float(SIDE_PX), float(SIDE_PX))
    turn = np.asarray(cv2.getRotationMatrix2D(middle, np.degrees(angle), 1), dtype=np.float64)
    turn[:, 2] -= SIDE_PX / 2
    turned = cv2.warpAffine(stretched, turn, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, dtype=np.float32)


def _lambert(dx: Map, dy: Map) -> Map:
    """(S, S) about 0.5..1.2: how much light a surface of these slopes gives back."""
    along = -dx * LIGHT[0] - dy * LIGHT[1] + LIGHT[2]
    light = along / (np.sqrt(1 + dx * dx + dy * dy) * np.linalg.norm(LIGHT))
    return np.asarray(np.clip(0.45 + 0.75 * light, 0.25, 1.25), dtype=np.float32)


def _gloss(rng: np.random.Generator, dx: Map, dy: Map) -> Map:
    """(S, S) 0..1: wet and flat towards the lens."""
    facing = np.exp(-((dx + 0.25) ** 2 + (dy + 0.3) ** 2) / 0.06)
    wet = np.clip(0.5 + 0.5 * smooth_noise(rng, dx.shape, 0.02), 0, 1)
    return np.asarray(facing * wet, dtype=np.float32)
