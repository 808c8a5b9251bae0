"""The made scene, seen through a lens at any time."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.phantom.drift import Drift
from lmsfa.data.phantom.fluids import COARSE, Blood, Fluid, Smoke, Veil, Water, over
from lmsfa.data.phantom.instrument import Forceps
from lmsfa.data.phantom.scenes import Events
from lmsfa.data.phantom.tissue import SIDE_PX, grow

FIELD_PX = 560
"""Tissue pixels across the lens circle."""
CIRCLE = 0.49
"""Radius of the lens circle, as a share of the picture's height."""
WANDER = 0.015
"""How far the circle itself moves in the picture, as a share of its height."""
NOISE = 3.0
"""Grey values of the sensor's noise, its deviation."""
NOISE_TILE_PX = 97
"""How far the noise is moved from frame to frame at most."""


Box = tuple[slice, slice]
"""Rows and columns of the picture."""


@dataclass(frozen=True, slots=True)
class View:
    """What the lens shows, and what is really there.

    Attributes:
        rgb: (H, W, 3) uint8 RGB.
        numbers: (H, W) uint8, 0 where no structure is to be seen, else an instance's number from 1.
            Fluids hide nothing; instruments and the edge of the lens do.
        classes: class id of each instance, in the order of `PELD_CLASSES`.
        lens: x and y of the lens circle's centre and its radius, pixels.
    """

    rgb: NDArray[np.uint8]
    numbers: NDArray[np.uint8]
    classes: tuple[int, ...]
    lens: tuple[float, float, float]


class Phantom:
    """A made scene. The same seed, size and time always give the same view.

    Args:
        events: what goes on.
        seed: of tissue, paths and events.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """

    def __init__(self, events: Events, seed: int, width: int, height: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self._events, self._seed = events, seed
        self._size = width, height
        self._tissue = grow(seed)
        self._pan = Drift(rng, 6.0), Drift(rng, 6.0)
        self._turn, self._near = Drift(rng, 12.0), Drift(rng, 9.0)
        self._circle = Drift(rng, 7.0), Drift(rng, 7.0)
        self._fluids: tuple[tuple[Fluid, float, Drift], ...] = (
            (Water(rng), events.water, Drift(rng, 5.0)),
            (Blood(rng), events.blood, Drift(rng, 14.0)),
            (Smoke(rng), events.smoke, Drift(rng, 9.0)),
        )
        self._forceps = Forceps(rng) if events.forceps else None
        self._lamp = Drift(rng, 2.0)
        shape = (height + NOISE_TILE_PX, width + NOISE_TILE_PX, 3)
        # Sensors interpolate their colour mosaic: neighbours share some of their noise.
        grain = np.asarray(cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 0.6))
        noise = np.rint(grain * NOISE / grain.std())
        # Apart, because OpenCV adds bytes faster than wider numbers.
        self._brighter = noise.clip(0, 255).astype(np.uint8)
        self._darker = (-noise).clip(0, 255).astype(np.uint8)
        margin_px = int(np.ceil(WANDER * height)) + 2
        self._margin_px = margin_px
        self._shade = _lens_shade(width + 2 * margin_px, height + 2 * margin_px, CIRCLE * height)

    def at(self, time_s: float, frame: int) -> View:
        """The view at a time; `frame` chooses its noise, so that a still scene still has some."""
        width, height = self._size
        way_s = time_s * self._events.pace
        offset = [
            round(self._events.motion * WANDER * height * one.at(way_s)) for one in self._circle
        ]
        centre = width / 2 + offset[0], height / 2 + offset[1]
        # Only what the lens lets through is made: about half of a wide picture.
        rows, columns = box = self._box(*centre)
        move = self._lens(way_s)
        move[:, 2] += move[:, :2] @ (columns.start, rows.start)
        rgbg = _seen(self._tissue.rgbg, move, box, cv2.INTER_LINEAR, cv2.BORDER_REFLECT)
        numbers = _seen(self._tissue.numbers, move, box, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
        rgb = self._glared(rgbg, time_s)
        if self._forceps is not None:
            inside = centre[0] - columns.start, centre[1] - rows.start
            self._forceps.draw(rgb, numbers, inside, CIRCLE * height, time_s)
        rgb = self._veiled(rgb, box, time_s)
        left, top = self._margin_px - offset[0], self._margin_px - offset[1]
        shade = self._shade[top : top + height, left : left + width][box]
        numbers[shade[..., 0] == 0] = 0
        picture = np.zeros((height, width, 3), dtype=np.uint8)
        picture[box] = cv2.multiply(rgb, shade, scale=1 / 255)
        seen = np.zeros((height, width), dtype=np.uint8)
        seen[box] = numbers
        return View(
            self._noisy(picture, frame), seen, self._tissue.classes, (*centre, CIRCLE * height)
        )

    def _box(self, x: float, y: float) -> Box:
        """Rows and columns around the lens circle, in whole cells of the veils' coarse grid."""
        width, height = self._size
        reach_px = CIRCLE * height + COARSE
        rows, columns = (
            slice(
                max(0, int((middle - reach_px) // COARSE) * COARSE),
                min(most, -int(-(middle + reach_px) // COARSE) * COARSE),
            )
            for middle, most in ((y, height), (x, width))
        )
        return rows, columns

    def _lens(self, time_s: float) -> NDArray[np.float64]:
        """(2, 3): picture pixels to tissue pixels."""
        width, height = self._size
        motion = self._events.motion
        zoom = FIELD_PX / (2 * CIRCLE * height) * (1 + 0.18 * motion * self._near.at(time_s))
        angle = 0.5 * motion * self._turn.at(time_s)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        middle = [SIDE_PX / 2 + motion * 0.17 * SIDE_PX * one.at(time_s) for one in self._pan]
        x, y = width / 2, height / 2
        return np.array(
            [[cos, -sin, middle[0] - cos * x + sin * y], [sin, cos, middle[1] - sin * x - cos * y]]
        )

    def _glared(self, rgbg: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """(H, W, 3): the tissue with what it mirrors of the lamp."""
        rgb = np.asarray(cv2.cvtColor(rgbg, cv2.COLOR_RGBA2RGB), dtype=np.uint8)
        if self._events.glare <= 0:
            return rgb
        least = 255 * (0.86 - 0.4 * self._events.glare + 0.05 * self._lamp.at(time_s))
        mirrored = np.clip(5 * (np.arange(256) - least), 0, 255).astype(np.uint8)
        bright = cv2.GaussianBlur(cv2.LUT(cv2.extractChannel(rgbg, 3), mirrored), (0, 0), 1.2)
        return np.asarray(cv2.add(rgb, cv2.merge([bright] * 3)), dtype=np.uint8)

    def _veiled(self, rgb: NDArray[np.uint8], box: Box, time_s: float) -> NDArray[np.uint8]:
        width, height = self._size
        coarse = (-(-height // COARSE), -(-width // COARSE))
        veil: Veil | None = None
        for fluid, share, drift in self._fluids:
            amount = drift.above(time_s, share)
            if amount > 0:
                next_veil = fluid.veil(coarse, time_s, amount)
                veil = next_veil if veil is None else over(veil, next_veil)
        if veil is None:
            return rgb
        cells = tuple(slice(part.start // COARSE, -(-part.stop // COARSE)) for part in box)
        through, added = (
            cv2.resize(
                np.clip(values[cells], 0, 255).astype(np.uint8),
                (rgb.shape[1], rgb.shape[0]),
                interpolation=cv2.INTER_LINEAR,
            )
            for values in (veil.through * 255, veil.added)
        )
        return np.asarray(cv2.add(cv2.multiply(rgb, through, scale=1 / 255), added))

    def _noisy(self, rgb: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self._seed, 2, frame])
        top, left = rng.integers(0, NOISE_TILE_PX, 2)
        height, width = rgb.shape[:2]
        tile = slice(top, top + height), slice(left, left + width)
        brighter = cv2.add(rgb, self._brighter[tile])
        return np.asarray(cv2.subtract(brighter, self._darker[tile]), dtype=np.uint8)


def _seen(
    tissue: NDArray[np.uint8], move: NDArray[np.float64], box: Box, between: int, beyond: int
) -> NDArray[np.uint8]:
    """The tissue on the rows and columns of a box.

    Args:
        tissue: (SIDE_PX, SIDE_PX) or with channels.
        move: (2, 3) from the box's pixels to the tissue's.
        box: rows and columns of the picture.
        between: how OpenCV interpolates.
        beyond: what it takes beyond the tissue's edge.
    """
    rows, columns = box
    size = columns.stop - columns.start, rows.stop - rows.start
    flags = between | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(tissue, move, size, flags=flags, borderMode=beyond)
    return np.asarray(warped, dtype=np.uint8)


def _lens_shade(width: int, height: int, radius_px: float) -> NDArray[np.uint8]:
    """(height, width, 3) 0..255: the lamp fades outwards; beyond the circle there is nothing."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2) / radius_px
    light = (1.12 - 0.62 * distance**2).clip(0, 1) * 255
    edge = ((1 - distance) * radius_px).clip(0, 1)
    return np.repeat((light * edge).astype(np.uint8)[..., None], 3, axis=2)
