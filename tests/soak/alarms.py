"""Looks for false alarms on hundreds of real pictures, and on made scenes, plain and coded."""

import time
from collections import Counter
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.pipeline import Pipeline
from app.core.snapshot import PlaybackMode, SourceInfo, SourceState
from app.core.sources import Picture
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
"""As capture devices and senders give pictures: each a third of every scene."""
LATER_S = 1e6
"""The trial keeps no time: its pictures are captured in the future, so that none comes late."""
MOST_WEAK = 0.01
"""Of the real pictures, which are all good: 2 of 466 are called weak, none off."""


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
        said = "real", number * len(CODINGS) // count, path.stem
        yield said, np.clip(seen + grain, 0, 255).astype(np.uint8)


def made_frames(count, seed):
    """Every kind of made scene in turn."""
    for place, (name, events) in enumerate(SCENES.items()):
        phantom = Phantom(events, seed + place, *SIZE)
        frames = count // len(SCENES)
        for number in range(frames):
            said = name, number * len(CODINGS) // frames, name
            yield said, phantom.at(number / RATE_FPS, number).rgb


class Device:
    """A stage, and the coder through which its pictures come."""

    def __init__(self, coding, size):
        self._coder = self._decoder = None
        if coding is not None:
            codec, pix_fmt, options = coding
            self._coder = av.CodecContext.create(codec, "w")
            self._coder.width, self._coder.height = size
            self._coder.pix_fmt, self._coder.options = pix_fmt, options
            self._coder.framerate, self._coder.time_base = RATE_FPS, Fraction(1, RATE_FPS)
            self._coder.gop_size = RATE_FPS
            self._decoder = av.CodecContext.create("mjpeg" if codec == "mjpeg" else "h264", "r")
        leaves_out = self._decoder is not None and not self._decoder.codec.intra_only
        self._stage = Stage(1, Pipeline(), PlaybackMode.LIVE)
        self._stage.opened(SourceInfo("device", *size, RATE_FPS, None, leaves_out=leaves_out))
        self._start_s = time.monotonic() + LATER_S

    def show(self, rgb, number):
        """What is said once the picture was looked at: the signal's word, and the condition."""
        picture = Picture(self._recoded(rgb), number)
        frame = self._stage.frame_from(picture, self._start_s + number / RATE_FPS)
        self._stage.show(frame, SourceState.PLAYING)
        status = self._stage.view.status
        return status.signal, status.view.condition

    def _recoded(self, rgb):
        if self._coder is None:
            return rgb
        (packet,) = self._coder.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24"))
        (shown,) = self._decoder.decode(packet)
        return shown.to_ndarray(format="rgb24")


def false_alarms(seconds, folder, seed=5):
    """Shows so many seconds of pictures as they would come, and counts what was said of them.

    Args:
        seconds: of video, 30 pictures each.
        folder: of the larynx set.
        seed: of noise, ways and scenes.
    """
    frames = round(seconds * RATE_FPS)
    real = round(frames * REAL_SHARE)
    paths = sorted((Path(folder) / "images").rglob("*.jpg"))
    shown = chain(real_frames(paths, real, seed), made_frames(frames - real, seed))
    said, lines, doubted, device, last = {}, Counter(), {}, None, None
    for number, ((scene, turn, name), rgb) in enumerate(shown):
        if (scene, turn) != last:
            # Another scene, and another coding, is another source.
            last, coding = (scene, turn), list(CODINGS)[turn]
            device = Device(CODINGS[coding], rgb.shape[1::-1])
        signal, condition = device.show(rgb, number)
        said.setdefault(f"{scene}, {coding}", Counter())[signal.value or "good"] += 1
        # Made scenes have smoke and blood of their own.
        if scene == "real" and condition.line:
            lines[condition.line] += 1
            doubted.setdefault(condition.is_off, set()).add(name)
    judged = sum(counts.total() for counts in said.values())
    alarms = judged - sum(counts["good"] for counts in said.values())
    distinct = min(len(paths), real)
    off, weak = (len(doubted.get(is_off, ())) for is_off in (True, False))
    return {
        "seconds_of_video": round(judged / RATE_FPS, 1),
        "frames": judged,
        "distinct_real_frames": distinct,
        "said": {scene: dict(counts) for scene, counts in said.items()},
        "false_alarms": alarms,
        "quality_lines_on_real": dict(lines),
        "real_called_off": off,
        "real_called_weak": weak,
        "kept": {
            "signal": alarms == 0,
            "quality": off == 0 and weak <= MOST_WEAK * distinct,
        },
    }
