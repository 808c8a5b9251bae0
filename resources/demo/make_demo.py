"""Makes the demo clip: real key frames of the validation sequences in slow, made motion.

    python resources/demo/make_demo.py DATASET OUTPUT.mkv

The key frames of the larynx set are sparse. Each is held for one second while a small pan, zoom and
turn and a little sensor noise keep the picture alive; nothing is interpolated between key frames.
No picture that a training has seen is used.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import read_rgb

RATE_FPS = 25
HELD_S = 1.0
KEY_FRAMES = 24
NOISE = 1.5
"""Standard deviation of the sensor noise, grey values."""


def key_frames(dataset: AnnotatedSet) -> list[Path]:
    """Evenly spaced key frames of the validation split, in time order."""
    samples = dataset.in_split("val")
    places = np.linspace(0, len(samples) - 1, KEY_FRAMES).round().astype(int)
    return [samples[place].frame_path for place in places]


def held(
    rgb: NDArray[np.uint8], rng: np.random.Generator, start: int
) -> Iterator[NDArray[np.uint8]]:
    """One key frame for `HELD_S`, moved smoothly; `start` keeps the motion's phase over cuts."""
    height, width = rgb.shape[:2]
    for step in range(int(RATE_FPS * HELD_S)):
        time_s = (start + step) / RATE_FPS
        # Zoomed in a little, so that the motion never shows the picture's border.
        zoom = 1.05 + 0.015 * np.sin(2 * np.pi * time_s / 7)
        turn_deg = 0.8 * np.sin(2 * np.pi * time_s / 9)
        transform = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, zoom)
        transform[0, 2] += 3.0 * np.sin(2 * np.pi * time_s / 5)
        transform[1, 2] += 2.5 * np.sin(2 * np.pi * time_s / 6)
        moved = cv2.warpAffine(rgb, transform, (width, height), flags=cv2.INTER_CUBIC)
        noisy = moved + rng.normal(0, NOISE, moved.shape[:2])[..., None]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def write_clip(dataset: AnnotatedSet, output: Path) -> int:
    """Writes the clip and returns how many frames it has."""
    rng = np.random.default_rng(7)
    frames = 0
    with av.open(str(output), "w") as clip:
        clip.metadata["comment"] = (
            "Research use only. " + dataset.attribution + ", CC BY 4.0, changed"
        )
        stream = clip.add_stream("libx264", RATE_FPS)
        stream.options = {"crf": "20", "preset": "slow", "g": str(RATE_FPS)}
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, RATE_FPS)
        pictures = [read_rgb(path) for path in key_frames(dataset)]
        stream.height, stream.width = pictures[0].shape[:2]
        for rgb in pictures:
            for picture in held(rgb, rng, frames):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = frames
                clip.mux(stream.encode(frame))
                frames += 1
        clip.mux(stream.encode())
    return frames


def main() -> None:
    """Reads the two arguments and writes the clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder with dataset.json")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    dataset = open_dataset(options.dataset)
    frames = write_clip(dataset, options.output)
    print(f"{options.output}: {frames} frames, {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
