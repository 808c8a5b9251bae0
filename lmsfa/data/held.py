"""Labelled still pictures as a clip: each is held for a second under a made camera motion.

The demo clip is made so: what is known of a still picture is known of every frame of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Sample, Truth

RATE_FPS = 25
HELD_FRAMES = 25
KEY_FRAMES = 24


def key_samples(dataset: AnnotatedSet) -> list[Sample]:
    """Evenly spaced key frames of the validation split, in time order."""
    samples = dataset.in_split("val")
    places = np.linspace(0, len(samples) - 1, KEY_FRAMES).round().astype(int)
    return [samples[place] for place in places]


def camera(index: int, height: int, width: int) -> NDArray[np.float64]:
    """(2, 3), where a still picture's pixels lie in a frame, as OpenCV's affine maps are given.

    Args:
        index: of the frame in the clip; the motion goes on over cuts.
        height: of the picture, pixels.
        width: of the picture, pixels.
    """
    time_s = index / RATE_FPS
    # Zoomed in a little, so that the motion never shows the picture's border.
    zoom = 1.05 + 0.015 * np.sin(2 * np.pi * time_s / 7)
    turn_deg = 0.8 * np.sin(2 * np.pi * time_s / 9)
    transform = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, zoom)
    transform[0, 2] += 3.0 * np.sin(2 * np.pi * time_s / 5)
    transform[1, 2] += 2.5 * np.sin(2 * np.pi * time_s / 6)
    return np.asarray(transform, dtype=np.float64)


def moved_truth(truth: Truth, transform: NDArray[np.float64]) -> Truth:
    """What is known of a still picture, where it lies in the frame of this `camera`.

    An instance that has left the frame keeps its number and has no pixel any more.
    """
    size = truth.void.shape[1], truth.void.shape[0]
    layers, void = (
        [cv2.warpAffine(part, transform, size, flags=cv2.INTER_NEAREST) for part in parts]
        for parts in (truth.instances, [truth.void.view(np.uint8)])
    )
    return Truth(np.stack(layers).astype(np.uint16), truth.classes, void[0] > 0)
