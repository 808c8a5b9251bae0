"""Measures one picture's scene inside of its field of view."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.quality.field import Field

HEIGHT_PX = 180
"""Of the smaller picture that is measured, about: finer detail is a sensor's noise."""
COLOUR_STEP = 3
"""Colours are taken from each so many-th of its pixels."""
RIM_SHARE = 0.93
"""Of the radius: at the rim the lens itself is dark and soft."""
BLOOD_RED = 2.6
"""Red over green and blue: flesh stays below, haemoglobin lets through nothing else."""
LIT_FROM = 30
"""Darker pixels have no colour to speak of."""
BAR_SHARE = 0.1
"""Of a row or column: less is lit in a black bar, where a clock or a name may stand."""
WHITE_FROM = 235
COARSE = 8
"""Between the two scales at which edges are compared."""
LEAST_EDGE = 0.5
"""Grey values; a picture without coarse edges is neither sharp nor blurred."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Measures:
    """What a picture shows, 0..1 but for the first two and the last.

    Attributes:
        light: what its brighter parts reach, grey values.
        veil: what its darkest parts reach in the weakest channel, grey values: haze lies over all.
        redness: of its middle pixel, red over green and blue as a share of red; below 0 where it
            is not red.
        blood: share that is deep red.
        white: share that is burnt out.
        sharpness: fine edges over coarse ones, in the direction that has fewest of them.
    """

    light: float
    veil: float
    redness: float
    blood: float
    white: float
    sharpness: float


def measure(rgb: Rgb, field: Field) -> Measures:
    """Measures a picture.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        field: of this picture.
    """
    seen = field.rectangle
    small = _smaller(seen.cut(rgb))
    inside = None
    if field.circle is not None:
        there = field.circle.moved(-seen.left, -seen.top)
        inside = there.scaled(len(small) / seen.shape[0], RIM_SHARE).mask(*small.shape[:2])
    else:
        small = _without_bars(small)
    thin = small[::COLOUR_STEP, ::COLOUR_STEP]
    colours = thin.reshape(-1, 3) if inside is None else thin[_thinned(inside) > 0]
    if not len(colours):
        return Measures(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    red, green, blue = (np.ascontiguousarray(channel) for channel in colours.T)
    other = np.maximum(green, blue)
    most, least = np.maximum(red, other), np.minimum(red, np.minimum(green, blue))
    redness = (red.astype(np.float32) - other) / np.maximum(most, 1)
    bloody = (red > BLOOD_RED * other) & (red > LIT_FROM)
    return Measures(
        light=_quantile(most, 0.95),
        veil=_quantile(least, 0.05),
        redness=_quantile(redness, 0.5),
        blood=float(bloody.mean()),
        white=float((least > WHITE_FROM).mean()),
        sharpness=_sharpness(small, inside),
    )


def _smaller(rgb: Rgb) -> Rgb:
    """(h, w, 3): averages along rows, of some rows only, which is four times as fast."""
    step = max(1, rgb.shape[0] // HEIGHT_PX)
    rows = rgb[step // 2 :: step]
    size = max(1, rgb.shape[1] // step), len(rows)
    return np.asarray(cv2.resize(rows, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _without_bars(small: Rgb) -> Rgb:
    """The part between the black bars that a card puts beside a picture of other proportions."""
    red, green, blue = cv2.split(small)
    light = cv2.max(cv2.max(red, green), blue)
    lit = cv2.threshold(light, LIT_FROM - 1, 1, cv2.THRESH_BINARY)[1]
    # NumPy takes ten times as long to sum small numbers along an axis.
    shares = (cv2.reduce(lit, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F) for axis in (1, 0))
    rows, columns = (np.flatnonzero(share >= BAR_SHARE) for share in shares)
    if not rows.size or not columns.size:
        return small
    return small[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _thinned(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return inside[::COLOUR_STEP, ::COLOUR_STEP]


def _quantile(values: NDArray[np.generic], share: float) -> float:
    place = int(share * (len(values) - 1))
    return float(np.partition(values, place)[place])


def _sharpness(small: Rgb, inside: NDArray[np.uint8] | None) -> float:
    """A moved camera blurs along one direction only: that one counts."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    height, width = (max(2, side // COARSE) for side in grey.shape)
    coarse = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    within = None
    if inside is not None:
        within = cv2.resize(inside, (width, height), interpolation=cv2.INTER_NEAREST)
    return _fewest_edges(grey, inside) / max(LEAST_EDGE, _fewest_edges(coarse, within))


def _fewest_edges(grey: cv2.typing.MatLike, inside: cv2.typing.MatLike | None) -> float:
    """Root mean square step between neighbours, in the direction where it is smallest."""
    if min(grey.shape) < 2:
        return 0.0
    corner = grey[:-1, :-1]
    seen = None if inside is None else inside[:-1, :-1]
    count = corner.size if seen is None else cv2.countNonZero(seen)
    right, down = (
        cv2.subtract(beside, corner, np.zeros(corner.shape, np.float32), seen, cv2.CV_32F).ravel()
        for beside in (grey[:-1, 1:], grey[1:, :-1])
    )
    both = np.array([[right @ right, right @ down], [right @ down, down @ down]])
    return float(np.sqrt(max(0.0, np.linalg.eigvalsh(both)[0] / max(1, count))))
