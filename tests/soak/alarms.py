"""Looks for false alarms on hundreds of real pictures, and on made scenes, plain and coded."""

import io
import time
from collections import Counter
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.frame import Frame
from app.core.pipeline import Pipeline
from app.core.snapshot import PlaybackMode, SourceInfo, SourceState
from app.core.stage import Stage
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES

RATE_FPS = 30
REAL_SHARE = 0.7
NOISE = 1.5
"""Grey values, deviation: as little as a good sensor in good light has."""
STRAY_PX = 6
SIZE = (640, 360)
CODINGS = {
    "plain": None,
    "mjpeg": ("mjpeg", "yuvj420p", {"qmin": "4", "qmax": "4"}),
    "h264": ("libx264", "yuv420p", {"crf": "20", "preset": "ultrafast", "tune": "zerolatency"}),
}
"""As capture devices and senders give pictures; each for its share of every scene, in turn."""
TURN_FRAMES = 10 * RATE_FPS
"""So long a scene is given in one coding before the next."""


def real_frames(paths, count, seed):
    """Every picture for its share of the frames, under a wandering camera with a noisy sensor."""
    rng = np.random.default_rng([seed, 3])
    place, last = np.zeros(2), None
    noise = rng.normal(0, NOISE, (640, 640, 3)).astype(np.float32)
    for number in range(count):
        path = paths[number * len(paths) // count]
        if path != last:
            last = path
            rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            rgb = cv2.copyMakeBorder(rgb, *[STRAY_PX] * 4, cv2.BORDER_REPLICATE)
        place = np.clip(place + rng.normal(0, 1, 2), -STRAY_PX, STRAY_PX)
        top, left = (STRAY_PX + place).astype(int)
        seen = rgb[
            top : rgb.shape[0] - 2 * STRAY_PX + top, left : rgb.shape[1] - 2 * STRAY_PX + left
        ]
        y, x = rng.integers(0, 640 - np.array(seen.shape[:2]) + 1)
        grain = noise[y : y + seen.shape[0], x : x + seen.shape[1]]
        yield "real", np.clip(seen + grain, 0, 255).astype(np.uint8)


def made_frames(count, seed):
    """Every kind of made scene in turn."""
    for place, (name, events) in enumerate(SCENES.items()):
        phantom = Phantom(events, seed + place, *SIZE)
        for number in range(count // len(SCENES)):
            yield name, phantom.at(number / RATE_FPS, number).rgb


class Coder:
    """Codes and decodes pictures as they come, like a device; one size a coder."""

    def __init__(self, coding, size):
        codec, pix_fmt, options = coding
        self._encoder = av.CodecContext.create(codec, "w")
        self._encoder.width, self._encoder.height = size
        self._encoder.pix_fmt, self._encoder.framerate = pix_fmt, RATE_FPS
        self._encoder.time_base = 1 / self._encoder.framerate
        self._encoder.options = options
        self._encoder.gop_size = RATE_FPS
        self._decoder = av.CodecContext.create("h264" if codec == "libx264" else codec, "r")
        self.leaves_out = not self._decoder.codec.intra_only

    def recoded(self, rgb):
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        found = [
            shown.to_ndarray(format="rgb24")
            for packet in self._encoder.encode(frame)
            for shown in self._decoder.decode(packet)
        ]
        return found[-1] if found else None


def false_alarms(seconds, folder, seed=5):
    """Judges so many seconds of pictures as they would come, and counts what was said of them.

    Args:
        seconds: of video, 30 pictures each.
        folder: of the larynx set.
        seed: of noise, ways and scenes.
    """
    frames = round(seconds * RATE_FPS)
    real = round(frames * REAL_SHARE)
    paths = sorted((Path(folder) / "images").rglob("*.jpg"))
    shown = chain(real_frames(paths, real, seed), made_frames(frames - real, seed))
    said: dict[str, Counter] = {}
    for number, (scene, rgb) in enumerate(shown):
        if scene not in said:
            # Another scene is another source.
            monitor, said[scene] = SignalMonitor(is_recording=False), Counter()
        said[scene][monitor.judge(Frame(rgb, number, number / RATE_FPS, 1))] += 1
    judged = sum(counts.total() for counts in said.values())
    alarms = judged - sum(counts[Signal.GOOD] for counts in said.values())
    return {
        "seconds_of_video": round(judged / RATE_FPS, 1),
        "frames": judged,
        "distinct_real_frames": min(len(paths), real),
        "said": {
            scene: {word.value or "good": count for word, count in counts.items()}
            for scene, counts in said.items()
        },
        "false_alarms": alarms,
        "kept": alarms == 0,
    }
