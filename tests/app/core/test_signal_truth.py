"""What a signal's pictures say: each fault by its own word, and no false alarm."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.core.frame import Frame
from app.core.signal_truth.monitor import SignalMonitor
from app.core.snapshot import Signal
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES

RATE_FPS = 30
LARYNX = os.environ.get("LARYNX_DATA", "")


def noisy(rgb, rng, deviation=3.0):
    return np.clip(rgb + rng.normal(0, deviation, rgb.shape), 0, 255).astype(np.uint8)


def frames_of(pictures):
    return [Frame(rgb, k, k / RATE_FPS, 1) for k, rgb in enumerate(pictures)]


def said(pictures, *, is_recording=False):
    monitor = SignalMonitor(is_recording=is_recording)
    return [monitor.judge(frame, frame.captured_s) for frame in frames_of(pictures)]


def tissue(count, scene="surgery", size=(320, 180)):
    phantom = Phantom(SCENES[scene], 1, *size)
    return [phantom.at(k / RATE_FPS, k).rgb for k in range(count)]


def plain(colour, count=8, size=(320, 180)):
    rng = np.random.default_rng(0)
    return [noisy(np.full((size[1], size[0], 3), colour, float), rng) for _ in range(count)]


def bars(count=8, *, size=(320, 180), level=191):
    on = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1]])
    row = on[np.arange(size[0]) * 7 // size[0]] * level
    rng = np.random.default_rng(0)
    return [noisy(np.broadcast_to(row, (size[1], size[0], 3)), rng) for _ in range(count)]


@pytest.mark.parametrize(
    ("faulty", "word"),
    [
        (plain((0, 0, 0)), "BLACK PICTURE"),
        (plain((16, 16, 16), size=(720, 576)), "BLACK PICTURE"),
        (plain((0, 0, 210)), "BLUE SCREEN"),
        (plain((24, 40, 190)), "BLUE SCREEN"),
        (bars(), "COLOUR BARS"),
        (bars(level=255, size=(1280, 720)), "COLOUR BARS"),
        ([rgb[..., ::-1].copy() for rgb in tissue(8)], "COLOURS SWAPPED"),
    ],
    ids=["black", "video black", "blue", "dull blue", "bars", "full bars", "swapped"],
)
def test_a_fault_is_named_within_five_frames_and_forgotten_within_five(faulty, word):
    names = said(
        [*tissue(5, size=faulty[0].shape[1::-1]), *faulty, *tissue(8, size=faulty[0].shape[1::-1])]
    )
    assert names[:5] == [Signal.GOOD] * 5
    assert [name.value for name in names[9:13]] == [word] * 4
    assert names[-3:] == [Signal.GOOD] * 3


def test_a_paused_tower_is_frozen_within_a_second_though_its_clock_runs():
    paused, picture = [], tissue(1)[0]
    for number in range(2 * RATE_FPS):
        rgb = picture.copy()
        cv2.putText(rgb, f"12:00:{number // RATE_FPS:02d}", (5, 15), 0, 0.4, (255, 255, 255), 1)
        paused.append(rgb)
    names = said(paused)
    assert Signal.FROZEN in names
    assert names.index(Signal.FROZEN) / RATE_FPS < 1.0
    assert names[-1] is Signal.FROZEN
    assert set(said(paused, is_recording=True)) == {Signal.GOOD}


@pytest.mark.parametrize(("late_s", "is_recording"), [(0.4, False), (0.6, False), (0.6, True)])
def test_a_live_picture_that_was_long_on_its_way_is_late(late_s, is_recording):
    monitor = SignalMonitor(is_recording=is_recording)
    names = {monitor.judge(frame, frame.captured_s + late_s) for frame in frames_of(tissue(3))}
    is_late = late_s > 0.5 and not is_recording
    assert names == {Signal.LATE if is_late else Signal.GOOD}


def test_a_picture_that_comes_back_after_long_darkness_is_not_frozen():
    names = said([*plain((0, 0, 0), 2 * RATE_FPS), *tissue(2 * RATE_FPS)])
    assert names[2 * RATE_FPS - 1] is Signal.BLACK
    assert set(names[2 * RATE_FPS + 5 :]) == {Signal.GOOD}


def test_a_still_scene_with_a_sensors_noise_is_not_frozen():
    assert set(said(tissue(2 * RATE_FPS, "still"))) == {Signal.GOOD}


def test_a_slate_that_stands_is_no_signal_whatever_its_colour():
    for colour in ((70, 70, 70), (120, 20, 20), (230, 230, 230)):
        slate = np.full((180, 320, 3), colour, np.uint8)
        cv2.putText(slate, "NO SIGNAL", (90, 95), 0, 0.8, (255, 255, 255), 2)
        names = said([slate] * RATE_FPS)
        assert names.index(Signal.SLATE) / RATE_FPS < 0.5
        assert Signal.FROZEN not in names


def test_after_a_slate_the_scene_is_not_called_frozen():
    slate = np.full((180, 320, 3), (70, 70, 70), np.uint8)
    lived = tissue(8 * RATE_FPS)
    names = said([*lived, *[slate] * (2 * RATE_FPS), *lived[:RATE_FPS]])
    assert Signal.SLATE in names
    assert Signal.FROZEN not in names
    assert set(names[-RATE_FPS + 3 :]) == {Signal.GOOD}


def test_another_size_is_said_for_a_second():
    names = said([*tissue(3), *tissue(2 * RATE_FPS, size=(426, 240))])
    assert names[:3] == [Signal.GOOD] * 3
    assert set(names[3 : 3 + RATE_FPS - 1]) == {Signal.RESIZED}
    assert names[-1] is Signal.GOOD


@pytest.mark.parametrize("scene", SCENES)
def test_a_made_scene_raises_no_alarm(scene):
    phantom = Phantom(SCENES[scene], 2, 320, 180)
    pictures = [phantom.at(k / 3, k).rgb for k in range(120)]
    assert set(said(pictures)) == {Signal.GOOD}


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_real_frames_with_a_sensors_noise_raise_no_alarm():
    rng = np.random.default_rng(0)
    paths = sorted((Path(LARYNX) / "images").rglob("*.jpg"))
    assert len(paths) > 400
    pictures = [noisy(cv2.imread(str(path))[..., ::-1].astype(float), rng, 1.5) for path in paths]
    assert set(said(pictures)) == {Signal.GOOD}
