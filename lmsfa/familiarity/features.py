"""Numbers that say what kind of picture this is: its light, its colours, its edges at four scales.

No network is asked: the same for every runtime, and for every system.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

KIND = "light, colours and edges, 1"
"""Stands in cards: statistics of other features say nothing of these. Changes with any formula."""
SIDE_PX = 64
"""Of a square picture made smaller, and of another one with as many pixels: finer detail depends on
the camera and on how its video was coded."""
LEAST_PX, MOST_PX = 16, 256
"""Sides of a picture that is very long: four scales need so much, and more would take too long."""
SAMPLES = 2
SCALES = 4
DARK = 8
"""Grey values added before the logarithm: a sensor's noise in the dark is no colour."""
FLAT = 1e-3
"""Of a logarithm's unit; what varies less does not vary."""
COUNT = 9 + 9 * SCALES

Rgb = NDArray[np.uint8]
Features = NDArray[np.float32]

_LOG = np.log(np.arange(256, dtype=np.float32) + DARK)
_OPPONENTS = np.array([[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [0, 1, -1]], dtype=np.float32)
"""Light; red over green; green over blue. More light of the same colour changes the first alone."""
_PAIRS = (0, 0, 1), (1, 2, 2)


def features(rgb: Rgb) -> Features:
    """Describes a picture in (COUNT,) float32, finite.

    Mean, spread and correlations of light and colours; then at each scale the strength of their
    edges, how sparse these are, and how they go together.

    Args:
        rgb: (H, W, 3) uint8 RGB, at least 1 x 1.
    """
    opponents = cv2.transform(cv2.LUT(_smaller(rgb), _LOG), _OPPONENTS)
    means = [cv2.mean(opponents)[:3]]
    products = [_products(opponents)]
    for _ in range(SCALES):
        coarser = cv2.pyrDown(opponents)
        size = opponents.shape[1], opponents.shape[0]
        edges = cv2.subtract(opponents, cv2.pyrUp(coarser, dstsize=size))
        products.append(_products(edges))
        means.append(cv2.mean(np.abs(edges))[:3])
        opponents = coarser
    moments = np.array(products)
    centre, strengths = np.array(means[0]), np.array(means[1:])
    moments[0] -= np.outer(centre, centre)
    spreads = np.sqrt(np.maximum(moments.diagonal(axis1=1, axis2=2), 0)) + FLAT
    together = moments[:, *_PAIRS] / (spreads[:, _PAIRS[0]] * spreads[:, _PAIRS[1]])
    sparse = np.log((strengths + FLAT) / spreads[1:])
    parts = centre, np.log(spreads[0]), together, np.log(strengths + FLAT), sparse
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def _smaller(rgb: Rgb) -> cv2.typing.MatLike:
    """The mean of `SAMPLES` x `SAMPLES` pixels each: all of them would take longer than the rest.

    As many whatever the picture's size, so that a sensor's noise is no larger in a small one.
    """
    height, width = rgb.shape[:2]
    narrow = (width / height) ** 0.5
    size = [min(max(round(SIDE_PX * by), LEAST_PX), MOST_PX) for by in (narrow, 1 / narrow)]
    sampled = cv2.resize(rgb, [SAMPLES * side for side in size], interpolation=cv2.INTER_NEAREST)
    return cv2.resize(sampled, size, interpolation=cv2.INTER_AREA)


def _products(values: cv2.typing.MatLike) -> NDArray[np.float64]:
    """(h, w, 3) -> (3, 3) means of the channels' products."""
    flat = values.reshape(-1, 3)
    return np.asarray(cv2.mulTransposed(flat, True), dtype=np.float64) / len(flat)
