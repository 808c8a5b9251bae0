"""What goes wrong in front of and behind an endoscope's lens, made on clean pictures.

Six corruptions at five levels: level 1 is barely seen, at level 5 a person still reads the picture.
They were tuned by eye on laryngeal endoscopy and are no physical model; what they are for is the
comparison of one model's answers with each other. All lengths are shares of the picture's shorter
side, so that a level means the same at every picture size. One seed gives the same places at every
level: a higher level is more of the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.smooth_noise import smooth_noise

LEVELS = (1, 2, 3, 4, 5)

Rgb = NDArray[np.uint8]
Map = NDArray[np.float32]

GLARE_COLOUR = (255, 252, 246)
HAZE_COLOUR = (214, 210, 206)
BLOOD_COLOUR = (118, 10, 14)
BLOOD_ABSORPTION = (0.30, 1.9, 1.7)
"""Of red, green and blue: haemoglobin lets red through."""
DISPLAY_GAMMA = 2.2
"""Between a picture's values and the light they stand for."""


class Corruption(Protocol):
    """Makes one corruption on one picture."""

    def __call__(self, rgb: Rgb, level: int, seed: int) -> Rgb:
        """(H, W, 3) uint8 RGB, level 1..5 -> a new (H, W, 3) uint8 RGB, the same for a seed."""


def glare(rgb: Rgb, level: int, seed: int) -> Rgb:
    """Wet tissue mirrors the lamp: saturated blobs on bright tissue, with a bloom around them."""
    share = _at(level, 0.004, 0.011, 0.024, 0.045, 0.075)
    rng = np.random.default_rng(seed)
    light, view = _light(rgb), _field_of_view(rgb)
    shape = light.shape
    wet = (
        0.8 * smooth_noise(rng, shape, 0.10)
        + smooth_noise(rng, shape, 0.035)
        + 0.3 * smooth_noise(rng, shape, 0.012)
    )
    # Dark depths mirror nothing; above a middle brightness every tissue may, not the palest alone.
    facing = np.clip(_blurred(light, _px(shape, 0.01)) / (light.mean() + 1e-3), 0, 1.3)
    score = wet + 1.6 * facing
    score[view < 0.5] = -np.inf
    edge = np.quantile(score, 1 - share * float(view.mean()))
    spots = np.clip((score - edge) / 0.22, 0, 1).astype(np.float32)
    bloom = 0.7 * _blurred(spots, _px(shape, 0.012)) + 0.6 * _blurred(spots, _px(shape, 0.06))
    return _mixed(rgb, GLARE_COLOUR, np.maximum(spots, np.clip(bloom, 0, 0.7) * view))


def blood(rgb: Rgb, level: int, seed: int) -> Rgb:
    """Blood on tissue and lens: a translucent red film that spreads, with thick dark drops."""
    cover = _at(level, 0.08, 0.20, 0.34, 0.50, 0.66)
    depth = _at(level, 0.40, 0.60, 0.78, 0.92, 1.05)
    rng = np.random.default_rng(seed)
    shape = rgb.shape[:2]
    view = _field_of_view(rgb)
    spread = (
        smooth_noise(rng, shape, 0.25)
        + 0.4 * smooth_noise(rng, shape, 0.08)
        + 0.12 * smooth_noise(rng, shape, 0.02)
    )
    drops = smooth_noise(rng, shape, 0.05) + 0.6 * spread
    film = np.clip((spread - np.quantile(spread, 1 - cover)) / 0.9, 0, 1) ** 0.6 * view
    thick = np.clip((drops - np.quantile(drops, 1 - 0.16 * cover)) / 0.2, 0, 1) * view
    through = np.exp(-depth * film[..., None] * np.array(BLOOD_ABSORPTION, dtype=np.float32))
    # A drop is as dark as the light there, and lets some of what lies below it through.
    shade = 0.35 + 1.1 * _blurred(_light(rgb), _px(shape, 0.03))
    drop = np.array(BLOOD_COLOUR, dtype=np.float32) * shade[..., None]
    opaque = (_at(level, 0.45, 0.6, 0.7, 0.78, 0.85) * thick)[..., None]
    return _rounded(rgb * through * (1 - opaque) + drop * opaque)


def smoke(rgb: Rgb, level: int, seed: int) -> Rgb:
    """Smoke or steam: a slow whitish haze that takes contrast and some sharpness."""
    density = _at(level, 0.12, 0.25, 0.40, 0.54, 0.66)
    rng = np.random.default_rng(seed)
    shape = rgb.shape[:2]
    cloud = (
        smooth_noise(rng, shape, 0.45)
        + 0.45 * smooth_noise(rng, shape, 0.18)
        + 0.15 * smooth_noise(rng, shape, 0.07)
    )
    veil = np.clip(density * (1 + 0.30 * cloud), 0, 0.88) * _field_of_view(rgb)
    scattered = cv2.GaussianBlur(rgb, (0, 0), max(0.01, _px(shape, 0.006) * density))
    return _mixed(np.asarray(scattered, dtype=np.uint8), HAZE_COLOUR, veil.astype(np.float32))


def blur(rgb: Rgb, level: int, seed: int) -> Rgb:
    """A moved camera or a lens out of focus; the seed says which, and where to it moved."""
    rng = np.random.default_rng(seed)
    motion, angle = rng.random() < 0.5, rng.uniform(0, np.pi)
    if motion:
        kernel = _streak(_px(rgb.shape, _at(level, 0.012, 0.024, 0.038, 0.055, 0.075)), angle)
    else:
        kernel = _disc(_px(rgb.shape, _at(level, 0.004, 0.008, 0.012, 0.017, 0.023)))
    return np.asarray(cv2.filter2D(rgb, -1, kernel, borderType=cv2.BORDER_REFLECT), dtype=np.uint8)


def noise(rgb: Rgb, level: int, seed: int) -> Rgb:
    """A sensor at high gain: noise that grows with the light, coloured, in soft grains."""
    return _noisy(rgb.astype(np.float32), _at(level, 7, 14, 24, 36, 52), seed)


def low_light(rgb: Rgb, level: int, seed: int) -> Rgb:
    """Too little light: darker by a gain on the light itself, flatter, with the sensor's noise."""
    gain = _at(level, 0.65, 0.42, 0.26, 0.16, 0.095)
    lit = (rgb / np.float32(255)) ** DISPLAY_GAMMA * gain
    shown = np.asarray(255 * lit ** (1 / DISPLAY_GAMMA), dtype=np.float32)
    return _noisy(shown, _at(level, 3, 6, 9, 12, 15), seed)


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "glare": glare,
        "blood": blood,
        "smoke": smoke,
        "blur": blur,
        "noise": noise,
        "low light": low_light,
    }
)
"""By the name that tables show."""


def _at(level: int, *values: float) -> float:
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}")
    return values[level - 1]


def _px(shape: tuple[int, ...], share: float) -> float:
    return share * min(shape[:2])


def _rounded(values: NDArray[np.floating]) -> Rgb:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def _mixed(rgb: Rgb, colour: tuple[int, int, int], alpha: Map) -> Rgb:
    over = alpha[..., None]
    return _rounded(rgb * (1 - over) + np.array(colour, dtype=np.float32) * over)


def _light(rgb: Rgb) -> Map:
    """(H, W) 0..1."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) / 255, dtype=np.float32)


def _blurred(values: Map, sigma_px: float) -> Map:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), max(0.01, sigma_px)), dtype=np.float32)


def _field_of_view(rgb: Rgb) -> Map:
    """(H, W) 0..1: 1 where the lens shows something, 0 on the black around a round picture."""
    lit = (rgb.max(axis=2) > 16).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lit)
    if count < 2:
        return np.ones(lit.shape, dtype=np.float32)
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    curves, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    view = np.zeros(lit.shape, dtype=np.float32)
    cv2.fillConvexPoly(view, cv2.convexHull(curves[0]), 1.0)
    return view


def _streak(length_px: float, angle: float) -> Map:
    """A blur kernel: a straight line through its middle, its points shared by near pixels."""
    half = max(1, int(np.ceil(length_px / 2)))
    along = np.linspace(-length_px / 2, length_px / 2, 64 * half)
    cells = np.arange(-half, half + 1)
    rows = np.clip(1 - np.abs(along[:, None] * np.sin(angle) - cells), 0, 1)
    columns = np.clip(1 - np.abs(along[:, None] * np.cos(angle) - cells), 0, 1)
    return np.asarray(rows.T @ columns / along.size, dtype=np.float32)


def _disc(radius_px: float) -> Map:
    """A blur kernel: a disc, each pixel weighted by how much of it the disc covers, of sum 1."""
    half, fine = int(np.ceil(radius_px + 0.5)), 8
    cells = 2 * half + 1
    points = (np.arange(cells * fine) + 0.5) / fine - cells / 2
    inside = np.hypot(points[:, None], points) <= radius_px + 0.3
    kernel = inside.reshape(cells, fine, cells, fine).mean(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _noisy(values: Map, deviation: float, seed: int) -> Rgb:
    """Adds noise of `deviation` grey values on white; on black a third of it."""
    rng = np.random.default_rng(seed)
    grain = rng.normal(size=values.shape).astype(np.float32)
    # Sensors interpolate their colour mosaic: neighbours share some of their noise.
    grain = 0.6 * grain + 0.8 * cv2.GaussianBlur(grain, (0, 0), 0.8) / 0.35
    amount = deviation * (1 / 3 + 2 / 3 * np.sqrt(values / 255))
    return _rounded(values + amount * grain / grain.std())
