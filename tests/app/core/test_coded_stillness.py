"""Behind a lossy encoder: a paused tower is named, a living picture is not."""

import io

import av
import cv2
import numpy as np
import pytest

from app.core.frame import Frame
from app.core.signal_truth.monitor import SignalMonitor
from app.core.snapshot import Signal
from lmsfa.data.clips import frames_of
from lmsfa.shipped import DEMO_CLIP

SIZE = (320, 180)
ROUND = 180
STRAY_PX = 4
ALIVE_S, FROZEN_S = 7, 1.4

NOISE = 1.5
QUICK = {"preset": "veryfast", "tune": "zerolatency"}
# Bits a pixel: a good capture card, and streams of 9 and 4 Mb/s in 1080p30.
H264_HIGH, H264_FAIR, H264_LOW = ("libx264", 1.2), ("libx264", 0.15), ("libx264", 0.06)
MJPEG_HIGH, MJPEG_LOW = ("mjpeg", 2), ("mjpeg", 8)


def tissue():
    rgb = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    left = (SIZE[0] - ROUND) // 2
    rgb[:, left : left + ROUND] = cv2.resize(next(iter(frames_of(DEMO_CLIP, 1))), (ROUND, ROUND))
    return rgb


def alive(rate_fps, *, slides, seconds=ALIVE_S):
    """A held camera's picture with its sensor's noise; it sways by a few pixels, or lies still."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, NOISE, (2 * SIZE[1], 2 * SIZE[0], 3)).astype(np.float32)
    wide = cv2.copyMakeBorder(tissue(), *[STRAY_PX] * 4, cv2.BORDER_REPLICATE)
    for number in range(int(seconds * rate_fps)):
        time_s = number / rate_fps
        way = slides * np.array([np.sin(1.1 * time_s), np.cos(0.7 * time_s)]) - STRAY_PX
        seen = cv2.warpAffine(wide, np.float32([[1, 0, way[0]], [0, 1, way[1]]]), SIZE)
        left, top = rng.integers(0, SIZE)
        noisy = seen + grain[top : top + SIZE[1], left : left + SIZE[0]]
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def paused(rate_fps, **how):
    """Life, then its last picture again and again."""
    pictures = list(alive(rate_fps, **how))
    return pictures + [pictures[-1]] * int(FROZEN_S * rate_fps)


def recoded(pictures, rate_fps, coding):
    """The pictures as a decoder gives them; two seconds hold one key picture."""
    codec, quality = coding
    file = io.BytesIO()
    with av.open(file, "w", format="nut") as container:
        stream = container.add_stream(codec, rate=rate_fps)
        stream.width, stream.height = SIZE
        if codec == "mjpeg":
            stream.pix_fmt = "yuvj420p"
            stream.options = {"qmin": str(quality), "qmax": str(quality)}
        else:
            stream.pix_fmt, stream.options = "yuv420p", QUICK
            stream.bit_rate = round(quality * SIZE[0] * SIZE[1] * rate_fps)
            stream.codec_context.gop_size = 2 * rate_fps
        for rgb in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def said(pictures, rate_fps, coding=("raw", 0)):
    monitor = SignalMonitor(is_recording=False, leaves_out=coding[0] == "libx264")
    return [
        monitor.judge(Frame(rgb, k, k / rate_fps, 1), k / rate_fps)
        for k, rgb in enumerate(pictures)
    ]


def freeze_is_named(names, rate_fps, within_s=1.0):
    """Whether life was good and the pause was named in time and from then on."""
    count = ALIVE_S * rate_fps
    assert set(names[:count]) == {Signal.GOOD}
    assert set(names[count + round(within_s * rate_fps) :]) == {Signal.FROZEN}


@pytest.mark.parametrize(
    ("coding", "slides", "rate_fps"),
    [
        *[(H264_HIGH, 3, rate_fps) for rate_fps in (15, 25, 60)],
        *[(MJPEG_LOW, 3, rate_fps) for rate_fps in (15, 60)],
        *[(coding, 0, 30) for coding in (H264_HIGH, MJPEG_HIGH)],
    ],
    ids=str,
)
def test_a_pause_behind_a_good_encoder_is_named_and_life_is_not(coding, slides, rate_fps):
    pictures = recoded(paused(rate_fps, slides=slides), rate_fps, coding)
    # At 15 a second an encoder takes longer to finish the last picture before the pause.
    within_s = 1.2 if (coding, rate_fps) == (H264_HIGH, 15) else 1.0
    freeze_is_named(said(pictures, rate_fps, coding), rate_fps, within_s)


def test_a_moving_pictures_pause_is_named_behind_a_poor_encoder_too():
    pictures = recoded(paused(25, slides=3), 25, H264_FAIR)
    freeze_is_named(said(pictures, 25, H264_FAIR), 25)


@pytest.mark.parametrize("rate_fps", [15, 25])
def test_a_still_scene_whose_noise_the_encoder_drops_is_not_frozen(rate_fps):
    # Nothing tells it from a pause: of such a source none is named.
    pictures = recoded(alive(rate_fps, slides=0), rate_fps, H264_LOW)
    assert set(said(pictures, rate_fps, H264_LOW)) == {Signal.GOOD}


@pytest.mark.parametrize("coding", [H264_HIGH, MJPEG_LOW], ids=str)
def test_a_camera_that_comes_to_rest_is_not_frozen(coding):
    pictures = [*alive(30, slides=3), *alive(30, slides=0, seconds=2)]
    assert set(said(recoded(pictures, 30, coding), 30, coding)) == {Signal.GOOD}


def test_pictures_of_30_a_second_that_come_as_60_are_frozen_only_while_they_pause():
    pictures = [rgb for rgb in paused(30, slides=0) for _ in range(2)]
    freeze_is_named(said(pictures, 60), 60)


@pytest.mark.parametrize("coding", [H264_HIGH, MJPEG_LOW], ids=str)
def test_a_pause_that_is_over_is_forgotten_within_five_pictures(coding):
    pictures = [*paused(30, slides=3), *alive(30, slides=3, seconds=1)]
    names = said(recoded(pictures, 30, coding), 30, coding)
    assert names[-31] is Signal.FROZEN
    assert set(names[-25:]) == {Signal.GOOD}


def test_a_quiet_sensors_pause_is_named_where_nothing_is_coded():
    rng = np.random.default_rng(1)
    grains = [rng.random((*SIZE[::-1], 1)) < 0.05 for _ in range(ALIVE_S * 30)]
    scene = tissue()
    pictures = [scene + grain.astype(np.uint8) for grain in grains]
    freeze_is_named(said(pictures + pictures[-1:] * 40, 30), 30)


def test_noise_that_comes_in_after_the_pause_hides_it():
    rng = np.random.default_rng(1)
    hidden = [
        np.clip(rgb + rng.normal(0, NOISE, rgb.shape), 0, 255).astype(np.uint8)
        for rgb in paused(30, slides=0)
    ]
    assert set(said(hidden, 30)) == {Signal.GOOD}
