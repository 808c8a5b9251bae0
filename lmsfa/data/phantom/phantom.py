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
        self._noise = np.rint(grain * NOISE / grain.std()).astype(np.int16)
        margin_px = int(np.ceil(WANDER * height)) + 2
        self._margin_px = margin_px
        self._shade = _lens_shade(width + 2 * margin_px, height + 2 * margin_px, CIRCLE * height)

    def at(self, time_s: float, frame: int) -> View:
        """The view at a time; `frame` chooses its noise, so that a still scene still has some."""
        width, height = self._size
        way_s = time_s * self._events.pace
        move = self._lens(way_s)
        rgbg = self._seen(self._tissue.rgbg, move, cv2.INTER_LINEAR, cv2.BORDER_REFLECT)
        numbers = self._seen(self._tissue.numbers, move, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
        rgb = self._glared(rgbg, time_s)
        offset = [
            round(self._events.motion * WANDER * height * one.at(way_s)) for one in self._circle
        ]
        centre = width / 2 + offset[0], height / 2 + offset[1]
        if self._forceps is not None:
            self._forceps.draw(rgb, numbers, centre, CIRCLE * height, time_s)
        rgb = self._veiled(rgb, time_s)
        left, top = self._margin_px - offset[0], self._margin_px - offset[1]
        shade = self._shade[top : top + height, left : left + width]
        rgb = np.asarray(cv2.multiply(rgb, shade, scale=1 / 255), dtype=np.uint8)
        numbers[shade[..., 0] == 0] = 0
        return View(
            self._noisy(rgb, frame),
            numbers,
            self._tissue.classes,
            (*centre, CIRCLE * height),
        )

    def _seen(
        self, tissue: NDArray[np.uint8], move: NDArray[np.float64], between: int, beyond: int
    ) -> NDArray[np.uint8]:
        flags = between | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(tissue, move, self._size, flags=flags, borderMode=beyond), dtype=np.uint8
        )

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

    def _veiled(self, rgb: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
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
        through, added = (
            cv2.resize(
                np.clip(values, 0, 255).astype(np.uint8),
                (width, height),
                interpolation=cv2.INTER_LINEAR,
            )
            for values in (veil.through * 255, veil.added)
        )
        return np.asarray(cv2.add(cv2.multiply(rgb, through, scale=1 / 255), added))

    def _noisy(self, rgb: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng([self._seed, 2, frame])
        top, left = rng.integers(0, NOISE_TILE_PX, 2)
        height, width = rgb.shape[:2]
        noise = self._noise[top : top + height, left : left + width]
        return np.asarray(cv2.add(rgb, noise, dtype=cv2.CV_8U), dtype=np.uint8)


def _lens_shade(width: int, height: int, radius_px: float) -> NDArray[np.uint8]:
    """(height, width, 3) 0..255: the lamp fades outwards; beyond the circle there is nothing."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2) / radius_px
    light = (1.12 - 0.62 * distance**2).clip(0, 1) * 255
    edge = ((1 - distance) * radius_px).clip(0, 1)
    return np.repeat((light * edge).astype(np.uint8)[..., None], 3, axis=2)
