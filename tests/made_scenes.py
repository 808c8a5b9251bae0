"""Frames full of structures, as a network answers them: on its coarse grid, with soft edges."""

import numpy as np

from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import RawAnswer, to_instances
from lmsfa.prediction import Prediction

INPUT_PX = 640
SHARE = 1.2
"""Of the frame; structures overlap."""


def scene(count, height, width, *, classes=3, seed=0, like=None):
    """Ragged ellipses of varied size all over a frame.

    Args:
        count: how many.
        height: of the frame, pixels.
        width: of the frame, pixels.
        classes: how many classes they belong to.
        seed: of where, how large and what they are.
        like: each is as large as if there were so many; together they then cover more.
    """
    answer, place = raw_scene(count, height, width, classes=classes, seed=seed, like=like)
    # Boxes are not suppressed: overlapping is what the scene is about.
    return Prediction(0, 0.0, to_instances(answer, classes, 0.1, 1.0, place), None, "made")


def raw_scene(count, height, width, *, classes=3, seed=0, like=None):
    """The same as a network's raw answer, one prototype a structure, and how the frame lies."""
    random = np.random.default_rng(seed)
    areas = random.lognormal(0, 0.8, count)
    areas *= SHARE * height * width * count / (like or count) / areas.sum()
    place = Letterbox.fit(height, width, INPUT_PX)
    prototypes = np.empty((INPUT_PX // 4, INPUT_PX // 4, count), np.float32)
    detections = np.zeros((count, 4 + classes + count), np.float32)
    for k, area in enumerate(areas):
        prototypes[..., k] = _ellipse(random, area, place, height, width)
        detections[k, :4] = _box(random, prototypes[..., k], place)
        detections[k, 4 + k % classes] = random.uniform(0.4, 0.95)
        detections[k, 4 + classes + k] = 1
    return RawAnswer(detections, prototypes), place


def _ellipse(random, area, place, height, width):
    """Logits: over 0 inside, with ragged edges."""
    y, x = np.mgrid[: INPUT_PX // 4, : INPUT_PX // 4] * 4 + 2.0
    aspect, turn = np.exp(random.uniform(-0.7, 0.7)), random.uniform(0, np.pi)
    long = min(np.sqrt(area / np.pi * aspect), 0.6 * width) * place.scale_x
    short = min(np.sqrt(area / np.pi / aspect), 0.6 * width) * place.scale_x
    x = x - random.uniform(0, width) * place.scale_x - place.left_px
    y = y - random.uniform(0, height) * place.scale_y - place.top_px
    u = (x * np.cos(turn) + y * np.sin(turn)) / long
    v = (y * np.cos(turn) - x * np.sin(turn)) / short
    angle = np.arctan2(v, u)
    radius = np.hypot(u, v) / (1 + 0.12 * np.sin(3 * angle) + 0.06 * np.sin(7 * angle))
    return (1 - radius) * min(long, short) * 0.3 + random.normal(0, 0.15, x.shape)


def _box(random, logits, place):
    """Around what is over 0, off by up to two input pixels, inside the frame."""
    rows, columns = np.nonzero(logits > 0)
    edges = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * 4.0
    low = [place.left_px, place.top_px] * 2
    high = np.add(low, [place.width_px, place.height_px] * 2)
    return np.clip(edges + random.uniform(-2, 2, 4), low, high)
