"""Motion between frames: measured where it can be, said where it cannot, and masks go with it."""

import json
import weakref
from argparse import ArgumentParser

import cv2
import numpy as np
import pytest
from made_engines import square_instance

from lmsfa.commands import motion as command
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.errors import InputError
from lmsfa.evaluation.moved_overlays import judge_moved_overlays
from lmsfa.following.flow import MotionMeter
from lmsfa.following.moving import moved
from lmsfa.prediction import Prediction, Region

WIDTH, HEIGHT = 640, 360


def surface(seed: int = 0) -> np.ndarray:
    """Tissue-like texture, larger than a frame."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT + 200, WIDTH + 200))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    grey = np.clip(110 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def view(rgb: np.ndarray, x: int = 100, y: int = 100) -> np.ndarray:
    return np.ascontiguousarray(rgb[y : y + HEIGHT, x : x + WIDTH])


def motion(before: np.ndarray, now: np.ndarray):
    return MotionMeter().between(before, now)


def test_a_pair_is_measured_once_for_all_who_ask() -> None:
    meter, picture = MotionMeter(), surface()
    before, now = view(picture), view(picture, 108, 96)
    first = meter.between(before, now)
    assert first is not None
    assert meter.between(before, now) is first
    assert meter.between(before, view(picture, 108, 96)) is not first
    assert meter.between(now, before) is not first


def test_a_meter_keeps_no_picture_that_nobody_else_has() -> None:
    meter, picture = MotionMeter(), surface()
    before, now = view(picture), view(picture, 108, 96)
    meter.between(before, now)
    kept = weakref.ref(before), weakref.ref(now)
    del before, now
    assert [one() for one in kept] == [None, None]


def square(left: int, top: int, side: int = 120) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[max(0, top) : top + side, max(0, left) : left + side] = 1
    return mask


def answer(*masks: np.ndarray) -> Prediction:
    return Prediction(7, 1.5, tuple(square_instance(mask, 160) for mask in masks), None, "made")


@pytest.mark.parametrize("way", [(0, 0), (3, 0), (-14, 9), (25, -30)])
def test_masks_go_with_the_picture(way: tuple[int, int]) -> None:
    rgb = surface()
    found = motion(view(rgb), view(rgb, 100 - way[0], 100 - way[1]))
    assert found.same_scene
    there = moved(answer(square(200, 110)), found, HEIGHT, WIDTH)
    (instance,) = there.prediction.instances
    true = Region(0, 0, square(200 + way[0], 110 + way[1]) > 0)
    assert instance.region(HEIGHT, WIDTH).iou(true) > 0.95
    assert there.way_px == pytest.approx(np.hypot(*way), abs=0.5)
    assert (there.prediction.frame_index, there.prediction.captured_s) == (7, 1.5)


def test_masks_stay_coarse_and_on_their_grid() -> None:
    rgb = surface()
    before = answer(square(200, 110))
    (instance,) = moved(
        before, motion(view(rgb), view(rgb, 110, 93)), HEIGHT, WIDTH
    ).prediction.instances
    old = before.instances[0].placement
    assert max(instance.mask.shape) <= max(before.instances[0].mask.shape) + 2
    steps = (instance.placement.left_px - old.left_px) / old.cell_width_px
    assert steps == pytest.approx(round(steps))
    assert instance.mask.dtype == np.uint8


def test_what_leaves_the_frame_is_gone_and_what_is_half_out_stays() -> None:
    rgb = surface()
    found = motion(view(rgb), view(rgb, 140, 100))
    there = moved(answer(square(-90, 100), square(10, 100)), found, HEIGHT, WIDTH)
    (instance,) = there.prediction.instances
    true = Region(0, 0, square(-30, 100) > 0)
    assert instance.region(HEIGHT, WIDTH).iou(true) > 0.9


def test_an_answer_of_nothing_and_masks_of_nothing_move_too() -> None:
    rgb = surface()
    found = motion(view(rgb), view(rgb, 110, 100))
    assert moved(answer(), found, HEIGHT, WIDTH).prediction.instances == ()
    faint = answer(square(200, 110))
    faint.instances[0].mask[:] = 100
    assert moved(faint, found, HEIGHT, WIDTH).prediction.instances == ()
    assert moved(faint, found, HEIGHT, WIDTH).way_px == 0


def test_a_cut_is_no_motion() -> None:
    assert not motion(view(surface(1)), view(surface(2))).same_scene


def test_a_cut_between_two_made_scenes_is_no_motion_and_smoke_is_no_cut() -> None:
    first, second = (Phantom(SCENES["smoke"], seed, WIDTH, HEIGHT) for seed in (1, 2))
    assert not motion(first.at(3.0, 0).rgb, second.at(3.0, 0).rgb).same_scene
    for time_s in (0.0, 2.5, 5.0):
        assert motion(first.at(time_s, 0).rgb, first.at(time_s + 0.12, 1).rgb).same_scene


def test_the_black_around_a_round_picture_counts_for_nothing() -> None:
    pair = [np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(2)]
    for rgb, seed in zip(pair, (1, 2), strict=True):
        rgb[120:240, 260:380] = view(surface(seed))[120:240, 260:380]
    assert not motion(*pair).same_scene
    dark = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    assert motion(dark, dark).same_scene


def test_pictures_of_two_sizes_and_the_smallest_have_no_motion() -> None:
    rgb = view(surface())
    assert motion(rgb, rgb[: HEIGHT // 2]) is None
    assert motion(rgb[:10, :20], rgb[:10, :20]) is None


def test_moving_is_worth_ten_points_under_motion() -> None:
    found = judge_moved_overlays("brisk", [3], 1280, 720, moments=4)
    at_100 = next(row for row in found.ages if row.age_ms == 100)
    assert found.frames == 16
    assert at_100.withdrawn == 0
    assert at_100.gain > 0.1
    assert at_100.moved_iou > 0.9


def run(*arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.run(options)


def test_the_command_prints_figures(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--scene", "calm", "--seeds", "1", "--size", "320x180"]
    run(*given, "--json")
    (report,) = json.loads(capsys.readouterr().out)
    assert [row["age_ms"] for row in report["ages"]] == [33, 66, 100, 120]
    assert report["cost_ms"] > 0
    run(*given)
    assert capsys.readouterr().out.count("calm") == 5


@pytest.mark.parametrize(
    "wrong", [["--scene", "theatre"], ["--seeds", "0"], ["--size", "9x9"], ["--size", "wide"]]
)
def test_what_cannot_be_shown_is_one_line(wrong: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        run(*wrong)
    assert "\n" not in str(caught.value)
