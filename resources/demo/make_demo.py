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
from lmsfa.data.held import HELD_FRAMES, RATE_FPS, camera, key_samples
from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import read_rgb

NOISE = 1.5
"""Standard deviation of the sensor noise, grey values."""


def held(
    rgb: NDArray[np.uint8], rng: np.random.Generator, start: int
) -> Iterator[NDArray[np.uint8]]:
    """One key frame for a second, moved smoothly; `start` keeps the motion's phase over cuts."""
    height, width = rgb.shape[:2]
    for index in range(start, start + HELD_FRAMES):
        transform = camera(index, height, width)
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
        pictures = [read_rgb(sample.frame_path) for sample in key_samples(dataset)]
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
