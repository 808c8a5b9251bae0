"""The circle in which a lens sees: found where it is, never where there is none, kept over time."""

import cv2
import numpy as np
import pytest

from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.quality.circle import Circle, Scan, find_circle
from lmsfa.quality.field import CONFIRMING_FRAMES, Field, FieldOfView, field_of
from lmsfa.quality.rectangle import Rectangle


def iou(first, second, shape):
    one, two = (circle.mask(*shape) > 0 for circle in (first, second))
    return np.count_nonzero(one & two) / np.count_nonzero(one | two)


def tissue(height, width, seed=0):
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 9)
    return np.clip(np.array([170, 80, 65]) * (1 + 3 * soft[..., None]), 25, 255).astype(np.uint8)


def round_picture(circle, height=360, width=480, seed=0):
    rgb = tissue(height, width, seed)
    rgb[circle.mask(height, width) == 0] = 0
    noise = np.random.default_rng(seed).normal(4, 2, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("scene", "size"), [("surgery", (1280, 720)), *((scene, (640, 480)) for scene in SCENES)]
)
def test_the_made_scenes_circle_is_found(scene, size):
    phantom = Phantom(SCENES[scene], 3, *size)
    for k in range(3):
        view = phantom.at(4.1 * k, k)
        truth = Circle(*view.lens)
        found = find_circle(Scan(view.rgb))
        assert found is not None
        assert found.is_near(truth, 1.0)
        assert iou(found, truth, view.rgb.shape[:2]) > 0.995


@pytest.mark.parametrize(
    "circle",
    [Circle(240, 180, 150), Circle(240, 180, 230), Circle(300, 150, 190), Circle(240, 200, 175)],
    ids=["whole", "cut above and below", "cut on three sides", "cut below"],
)
def test_a_circle_that_the_pictures_edge_cuts_is_found(circle):
    rgb = round_picture(circle)
    cv2.putText(rgb, "12:00:31", (4, 20), 0, 0.6, (255, 255, 255), 2)
    rgb[150:230, 180:300] = 8
    rgb[300:, 330:] = np.where(circle.mask(360, 480)[300:, 330:, None] > 0, 3, rgb[300:, 330:])
    cv2.line(rgb, (240, 180), (240 + 400, 180 + 90), (190, 195, 200), 30)
    found = find_circle(Scan(rgb))
    assert found is not None
    assert found.is_near(circle, 2.5)


def octagon(height=360, width=480):
    rgb = np.zeros((height, width, 3), np.uint8)
    turns = np.pi / 8 + np.arange(8) * np.pi / 4
    corners = np.stack([240 + 170 * np.cos(turns), 180 + 170 * np.sin(turns)], axis=1)
    inside = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), corners.astype(np.int32), 1)
    rgb[inside > 0] = tissue(height, width)[inside > 0]
    return rgb


def letterboxed():
    rgb = tissue(360, 480)
    rgb[:50] = rgb[-50:] = 0
    return rgb


def lumen():
    """A dark round hollow in tissue that fills the picture."""
    rgb = tissue(360, 480)
    rgb[Circle(240, 180, 140).mask(360, 480) > 0] = 6
    return rgb


@pytest.mark.parametrize(
    "rgb",
    [tissue(360, 480), octagon(), letterboxed(), lumen(), np.zeros((360, 480, 3), np.uint8)],
    ids=["whole", "octagon", "letterboxed", "lumen", "black"],
)
def test_a_picture_without_a_circle_gets_none(rgb):
    assert find_circle(Scan(rgb)) is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (40, 40)])
def test_any_size_is_looked_at(shape):
    assert find_circle(Scan(np.full((*shape, 3), 90, np.uint8))) is None


def test_a_slow_circle_is_followed_and_a_jump_too():
    field = FieldOfView()
    for k in range(12):
        truth = Circle(230 + 0.4 * k, 180, 150)
        found = field.follow(round_picture(truth, seed=k))
    assert found.circle.is_near(truth, 2.5)
    jumped = Circle(300, 190, 120)
    for k in range(CONFIRMING_FRAMES):
        found = field.follow(round_picture(jumped, seed=k))
    assert found.circle.is_near(jumped, 1.5)
    # The network is given round pictures with their black, as it was trained.
    assert found.rectangle == Rectangle.whole(360, 480)


def test_one_picture_alone_is_enough():
    circle = Circle(240, 180, 150)
    found = field_of(round_picture(circle))
    assert found.circle.is_near(circle, 1.5)
    assert field_of(tissue(360, 480)) == Field(Rectangle.whole(360, 480))


def test_a_dark_picture_keeps_the_circle_and_a_whole_one_takes_it_away():
    field, circle = FieldOfView(), Circle(240, 180, 150)
    for _ in range(CONFIRMING_FRAMES):
        assert field.follow(np.zeros((360, 480, 3), np.uint8)).circle is None
    for k in range(CONFIRMING_FRAMES):
        kept = field.follow(round_picture(circle, seed=k))
    assert kept.circle is not None
    for _ in range(10):
        assert field.follow(np.zeros((360, 480, 3), np.uint8)) is kept
    for k in range(CONFIRMING_FRAMES):
        found = field.follow(tissue(360, 480, k))
    assert found == Field(Rectangle.whole(360, 480))


def test_a_circle_that_stands_is_told_as_one():
    field = FieldOfView()
    told = [field.follow(round_picture(Circle(240, 180, 150), seed=k)) for k in range(12)]
    assert len({id(field) for field in told[CONFIRMING_FRAMES:]}) == 1
