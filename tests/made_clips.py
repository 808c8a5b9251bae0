"""Small real videos whose frames say which they are, and the wait for a condition."""

import time
from contextlib import closing
from fractions import Fraction

import av
import numpy as np

from app.core.sources import open_source

SIDE = 64
BITS = 8
FLESH = (95, 42, 36)
"""What is not red is taken for a room, and no overlay is drawn on it."""


def index_picture(index, height=SIDE, width=SIDE):
    """A flesh-coloured picture with the index written as a row of eight black or white blocks."""
    rgb = np.full((height, width, 3), FLESH, np.uint8)
    block = width // BITS
    for bit in range(BITS):
        rgb[: height // 4, bit * block : (bit + 1) * block] = 255 if index >> bit & 1 else 0
    return rgb


def index_in(rgb):
    block = rgb.shape[1] // BITS
    row = rgb[rgb.shape[0] // 8, block // 2 :: block, 0][:BITS]
    return sum(1 << bit for bit, value in enumerate(row) if value > 127)


def square_picture(left, top, side, height=SIDE, width=SIDE):
    rgb = np.full((height, width, 3), FLESH, np.uint8)
    rgb[top : top + side, left : left + side] = (250, 210, 200)
    return rgb


def write_clip(
    path, pictures, *, rate=25, times_s=None, gop=12, codec="libx264", rotation=0, **more
):
    """Writes pictures (H, W, 3) RGB as a video; `times_s` gives each its own time."""
    pix_fmt = more.get("pix_fmt", "yuv420p")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=more.get("layout", "rgb24"))
            time_s = number / rate if times_s is None else times_s[number]
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def until(condition, timeout_s=60.0):
    """Waits for `condition()` to be true and returns what it gave."""
    give_up_s = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < give_up_s, "waited in vain"
        time.sleep(0.002)
    return found


def now(pipeline):
    return pipeline.snapshot(time.monotonic())


def pictures_of(path):
    """Every picture of a file, as the application reads it."""
    with closing(open_source(str(path))) as source:
        source.open()
        return list(iter(source.read, None))
