"""The rectangle that holds a picture: bars, frames and words beside it are no part of it."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.quality.circle import Circle
from lmsfa.quality.field import CONFIRMING_FRAMES, FieldOfView, field_of
from lmsfa.quality.rectangle import Rectangle, find_rectangle

LARYNX = os.environ.get("LARYNX_DATA", "")
HEIGHT, WIDTH = 360, 640
PILLARS = Rectangle(140, 0, 500, HEIGHT)
LETTERBOX = Rectangle(0, 45, WIDTH, 315)
PANEL = Rectangle(200, 0, WIDTH, HEIGHT)
WINDOW = Rectangle(180, 40, 560, 325)
CORNER = Rectangle(330, 150, 630, 352)
LAYOUTS = [PILLARS, LETTERBOX, PANEL, WINDOW, CORNER]
NAMES = ["pillars", "letterbox", "panel", "window", "corner"]
BLACK, GREY, BLUE, WHITE = (2, 2, 2), (96, 96, 96), (12, 24, 120), (235, 235, 235)


def common(first, second):
    return Rectangle(
        max(first.left, second.left),
        max(first.top, second.top),
        min(first.right, second.right),
        min(first.bottom, second.bottom),
    )


def tissue(height, width, seed=0, light=1.0):
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 9)
    return np.clip(np.array([170, 80, 65]) * light * (1 + 3 * soft[..., None]), 0, 255)


def screen(rectangle, colour=BLACK, light=1.0, seed=0):
    """A picture in its rectangle, with bars of a colour around it and a cable's noise."""
    rgb = np.empty((HEIGHT, WIDTH, 3))
    rgb[:] = colour
    rgb[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right] = tissue(
        *rectangle.shape, seed, light
    )
    rgb += np.random.default_rng(seed).normal(0, 1.5, rgb.shape)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def written_on(rgb, rectangle):
    """Words as towers write them beside the picture: a name, a date, figures."""
    for number, words in enumerate(("DOE JANE", "1970-01-01", "F 56", "12:00:31", "GAIN 3")):
        for x, y in ((6, 30 + 34 * number), (rectangle.right + 6, 50 + 50 * number)):
            if x < rectangle.left - 20 or x >= rectangle.right:
                cv2.putText(rgb, words, (x, y), 0, 0.55, (240, 240, 240), 1)
    if rectangle.top > 20:
        cv2.putText(rgb, "LARYNX  12:00:31  REC", (180, 24), 0, 0.6, (240, 240, 240), 1)
    inside = tissue(*rectangle.shape)
    rgb[rectangle.top : rectangle.bottom, rectangle.left : rectangle.right] = inside
    return rgb


def off_px(found, truth):
    edges = zip(
        (found.left, found.top, found.right, found.bottom),
        (truth.left, truth.top, truth.right, truth.bottom),
        strict=True,
    )
    return max(abs(one - other) for one, other in edges)


@pytest.mark.parametrize(
    "colour", [BLACK, GREY, BLUE, WHITE], ids=["black", "grey", "blue", "white"]
)
@pytest.mark.parametrize("rectangle", LAYOUTS, ids=NAMES)
def test_bars_of_any_colour_are_cut_off(rectangle, colour):
    assert off_px(find_rectangle(screen(rectangle, colour)), rectangle) <= 1


@pytest.mark.parametrize("rectangle", LAYOUTS, ids=NAMES)
def test_words_beside_the_picture_are_no_picture(rectangle):
    rgb = written_on(screen(rectangle), rectangle)
    assert off_px(find_rectangle(rgb), rectangle) <= 1


@pytest.mark.parametrize("rectangle", [*LAYOUTS, Rectangle.whole(HEIGHT, WIDTH)])
def test_a_thin_bright_frame_around_the_picture_is_none_of_it(rectangle):
    rgb = screen(rectangle)
    for inwards in (0, 1):
        first = rectangle.left + inwards, rectangle.top + inwards
        last = rectangle.right - 1 - inwards, rectangle.bottom - 1 - inwards
        cv2.rectangle(rgb, first, last, (250, 250, 250), 1)
    inside = Rectangle(
        rectangle.left + 2, rectangle.top + 2, rectangle.right - 2, rectangle.bottom - 2
    )
    assert off_px(find_rectangle(rgb), inside) <= 1


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_bars_are_found_in_coded_pictures(quality):
    rgb = written_on(screen(WINDOW), WINDOW)
    _, jpeg = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), dtype=np.uint8)
    assert off_px(find_rectangle(decoded), WINDOW) <= 2


def lit_in_the_middle():
    """A dark scene with a lamp: its sides are black, and end nowhere."""
    away = np.hypot(*(np.mgrid[:HEIGHT, :WIDTH] - [[[HEIGHT / 2]], [[WIDTH / 2]]]))
    return (tissue(HEIGHT, WIDTH) * np.exp(-((away / 90) ** 2))[..., None]).astype(np.uint8)


def with_a_shaft():
    """A straight instrument that stands nearly upright at a dark side."""
    rgb = lit_in_the_middle()
    corners = np.array([[150, 60], [190, 60], [206, HEIGHT], [166, HEIGHT]])
    return np.asarray(cv2.fillConvexPoly(rgb, corners, (150, 152, 155)), dtype=np.uint8)


def octagon_corners():
    rgb = tissue(HEIGHT, WIDTH).astype(np.uint8)
    for x, y in ((0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT)):
        cv2.circle(rgb, (x, y), 60, (0, 0, 0), -1)
    return rgb


@pytest.mark.parametrize(
    "rgb",
    [
        tissue(HEIGHT, WIDTH).astype(np.uint8),
        tissue(HEIGHT, WIDTH, light=0.1).astype(np.uint8),
        lit_in_the_middle(),
        with_a_shaft(),
        octagon_corners(),
        np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        np.full((HEIGHT, WIDTH, 3), 200, np.uint8),
    ],
    ids=["tissue", "dark", "lamp", "shaft", "corners", "black", "white"],
)
def test_a_picture_that_fills_its_frame_stays_whole(rgb):
    assert find_rectangle(rgb) == Rectangle.whole(HEIGHT, WIDTH)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (3, 200), (17, 16), (40, 40)])
def test_any_size_is_looked_at(shape):
    for value in (0, 90):
        assert find_rectangle(np.full((*shape, 3), value, np.uint8)) == Rectangle.whole(*shape)


def test_bars_are_found_in_8k():
    truth = Rectangle(1680, 0, 6000, 4320)
    rgb = np.zeros((4320, 7680, 3), np.uint8)
    patch = tissue(432, 432).astype(np.uint8)
    rgb[:, 1680:6000] = cv2.resize(patch, (4320, 4320))
    assert off_px(find_rectangle(rgb), truth) <= 2


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_no_real_picture_without_bars_is_cut_and_each_with_bars_is():
    paths = sorted((Path(LARYNX) / "images").rglob("*.jpg"))
    assert len(paths) > 400
    uncut, cut, least = 0, 0, []
    truth = Rectangle(384, 104, 896, 616)
    for path in paths:
        rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
        uncut += find_rectangle(rgb) == Rectangle.whole(*rgb.shape[:2])
        barred = np.full((720, 1280, 3), BLACK, np.uint8)
        barred[104:616, 384:896] = rgb
        found = find_rectangle(barred)
        cut += off_px(found, truth) <= 3
        # A dark side may stay uncut, but nothing of the picture is ever cut off.
        least.append(min(common(truth, found).shape))
    assert uncut == len(paths)
    assert min(least) >= 505
    assert cut > 0.95 * len(paths)


def test_new_bars_and_bars_that_go_are_followed_within_a_few_pictures():
    field = FieldOfView()
    for shown in (PILLARS, Rectangle.whole(HEIGHT, WIDTH), LETTERBOX, PANEL, WINDOW, PILLARS):
        for seed in range(2 * CONFIRMING_FRAMES):
            found = field.follow(screen(shown, seed=seed))
        assert off_px(found.rectangle, shown) <= 1


def test_a_dark_scene_and_a_black_one_keep_the_rectangle():
    field = FieldOfView()
    told = [field.follow(screen(PILLARS, seed=seed)) for seed in range(5)]
    dark = [field.follow(screen(PILLARS, light=0.05, seed=seed)) for seed in range(20)]
    black = [field.follow(np.zeros((HEIGHT, WIDTH, 3), np.uint8)) for _ in range(20)]
    assert {id(found) for found in [*dark, *black]} == {id(told[0])}


def test_one_odd_picture_changes_no_rectangle():
    field = FieldOfView()
    told = field.follow(screen(PILLARS))
    for seed in range(5):
        assert field.follow(screen(LETTERBOX, seed=seed)) is told
        assert field.follow(screen(PILLARS, seed=seed)) is told


def test_bars_that_the_first_dark_pictures_hide_are_found_later():
    field = FieldOfView()
    for light in (0.0, 0.02, 0.05):
        assert field.follow(screen(PILLARS, light=light)).rectangle.shape == (HEIGHT, WIDTH)
    for seed in range(CONFIRMING_FRAMES):
        found = field.follow(screen(PILLARS, seed=seed))
    assert off_px(found.rectangle, PILLARS) <= 1


def test_another_size_begins_anew():
    field = FieldOfView()
    field.follow(screen(PILLARS))
    small = cv2.resize(screen(WINDOW), None, fx=0.5, fy=0.5)
    assert off_px(field.follow(small).rectangle, WINDOW.scaled(0.5, 0.5)) <= 2
    assert field.follow(np.zeros((1, 1, 3), np.uint8)).rectangle == Rectangle.whole(1, 1)


def test_a_round_picture_on_a_grey_screen_is_found_within_its_black():
    black = Rectangle(150, 20, 510, 340)
    circle = Circle(330, 180, 150)
    rgb = screen(black, GREY)
    outside = circle.mask(HEIGHT, WIDTH) == 0
    outside[:, : black.left] = outside[:, black.right :] = False
    outside[: black.top] = outside[black.bottom :] = False
    rgb[outside] = 3
    found = field_of(rgb)
    assert found.circle is not None
    assert found.circle.is_near(circle, 2)
    assert common(found.rectangle, black) == found.rectangle
    assert not found.mask(HEIGHT, WIDTH)[:, : black.left].any()
