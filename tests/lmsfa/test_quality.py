"""What keeps a scene from being seen: each cause by its own word, and silence where it is clear."""

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
from made_engines import CARD, square_instance

from lmsfa.data.clips import frames_of
from lmsfa.data.corruptions import CORRUPTIONS
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.evaluation.quality import NAMED, rooms
from lmsfa.prediction import Prediction
from lmsfa.quality.circle import Circle
from lmsfa.quality.condition import CLEAR, Condition, Quality
from lmsfa.quality.covering import covered_share
from lmsfa.quality.field import Field, field_of
from lmsfa.quality.judgement import WEAK, badness
from lmsfa.quality.measures import measure
from lmsfa.quality.monitor import SAYING, TAKING_BACK, QualityMonitor
from lmsfa.quality.rectangle import Rectangle
from lmsfa.shipped import DEMO_CLIP

SIZE = (320, 240)
LOOKS = 2
"""Pictures a judgement: field and quality are looked at in turns."""


@cache
def views(scene="calm", count=40, seed=0, rate_fps=10):
    phantom = Phantom(SCENES[scene], seed, *SIZE)
    return [phantom.at(k / rate_fps, k).rgb for k in range(count)]


def flesh(count=40, size=(200, 260)):
    """Red tissue with vessels that fills the whole picture."""
    rng = np.random.default_rng(0)
    vessels = cv2.GaussianBlur(rng.normal(0, 1, (*size, 1)), (0, 0), 1.2)[..., None] * 70
    shade = np.linspace(0.4, 1.2, size[1])[None, :, None]
    base = np.array([190, 90, 75]) * shade + vessels
    return [
        np.clip(base + rng.normal(0, 2, base.shape), 0, 255).astype(np.uint8) for _ in range(count)
    ]


def said(pictures, covered=0.0, monitor=None):
    monitor = monitor or QualityMonitor()
    return [monitor.judge(rgb, covered).condition for rgb in pictures]


@pytest.mark.parametrize("corruption", NAMED)
def test_what_spoils_a_picture_is_named_by_its_own_word_and_taken_back(corruption):
    clear = flesh()
    spoilt = [CORRUPTIONS[corruption](rgb, 5, 3) for rgb in clear[:20]]
    monitor = QualityMonitor()
    assert set(said(clear, monitor=monitor)) == {CLEAR}
    heard = said(spoilt, monitor=monitor)
    assert heard[LOOKS * SAYING :] == [heard[-1]] * (20 - LOOKS * SAYING)
    assert heard[-1].quality is NAMED[corruption]
    after = said(clear, monitor=monitor)
    assert after[LOOKS * TAKING_BACK :] == [CLEAR] * (40 - LOOKS * TAKING_BACK)


def between_bars(rgb):
    """As a card shows a picture of other proportions, with a clock in the black beside it."""
    height, width = rgb.shape[:2]
    wide = np.zeros((height, 16 * height // 9, 3), np.uint8)
    left = (wide.shape[1] - width) // 2
    wide[:, left : left + width] = rgb
    cv2.putText(wide, "12:00", (2, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return wide


@pytest.mark.parametrize("corruption", [None, *NAMED])
def test_black_bars_beside_a_picture_change_nothing(corruption):
    pictures = flesh(16, (200, 200))
    if corruption is not None:
        pictures = [CORRUPTIONS[corruption](rgb, 5, 3) for rgb in pictures]
    assert said(list(map(between_bars, pictures))) == said(pictures)


def test_real_pictures_between_black_bars_are_clear():
    for rgb in frames_of(DEMO_CLIP, 400):
        barred = between_bars(rgb)
        measured = measure(barred, field_of(barred))
        assert max(badness(measured, measured.sharpness).values()) < WEAK


@pytest.mark.parametrize("scene", ["calm", "still"])
def test_nothing_is_said_of_a_clear_scene(scene):
    assert set(said(views(scene))) == {CLEAR}


@pytest.mark.parametrize(
    ("scene", "quality"), [("smoke", Quality.SMOKE), ("bleeding", Quality.BLOOD)]
)
def test_a_fluid_that_covers_the_made_scene_is_named(scene, quality):
    heard = said(views(scene, 70, 1, rate_fps=3))
    assert {condition.quality for condition in heard} <= {Quality.CLEAR, quality}
    assert sum(condition.quality is quality for condition in heard) > 12


def test_a_room_is_out_of_body_and_the_overlay_is_off():
    for room in rooms(4):
        assert said([room] * 8)[-1] == Condition(Quality.OUT_OF_BODY, is_off=True)


def test_a_single_odd_picture_says_nothing():
    clear = flesh()
    odd = CORRUPTIONS["smoke"](clear[0], 5, 0)
    assert set(said([*clear[:20], odd, *clear[20:]])) == {CLEAR}


def test_two_causes_in_turns_are_not_passed_over():
    clear = flesh()
    smoke, blood = (CORRUPTIONS[name](clear[0], 5, 0) for name in ("smoke", "blood"))
    heard = said([*clear[:10], *[smoke, smoke, blood, blood] * 5])
    assert heard[-1].quality in (Quality.SMOKE, Quality.BLOOD)


def test_a_picture_at_the_bound_does_not_flicker():
    clear = flesh()[0]
    monitor = QualityMonitor()
    rng = np.random.default_rng(1)
    heard = []
    for veil in 60 + rng.normal(0, 2, 300):
        hazy = np.clip(clear * 0.6, veil, 255).astype(np.uint8)
        heard.append(monitor.judge(hazy).condition)
    changes = sum(first != second for first, second in pairwise(heard))
    assert changes <= 2


def test_an_instrument_that_covers_makes_the_overlay_weak_then_off():
    assert said(flesh(), covered=0.5)[-1] == CLEAR
    assert said(flesh(), covered=0.75)[-1] == Condition(Quality.INSTRUMENT)
    assert said(flesh(), covered=0.95)[-1] == Condition(Quality.INSTRUMENT, is_off=True)
    assert said(flesh(), covered=0.75)[-1].line == "OVERLAY WEAK: INSTRUMENT COVERS"


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (17, 5)])
def test_any_size_is_judged(shape):
    said([np.full((*shape, 3), (150, 60, 50), np.uint8)] * 4)


def test_covering_counts_the_instruments_in_the_field_of_view_alone():
    found = np.zeros((240, 320), np.uint8)
    found[60:180, 80:240] = 1
    tool, tissue = (square_instance(found, 64, class_id) for class_id in (2, 0))
    both = Prediction(0, 0.0, (tool, tissue), None, "made")
    assert covered_share(both, CARD, found.size, None) == pytest.approx(0.25, abs=0.02)
    field = Field(Rectangle.whole(240, 320), Circle(160, 120, 120))
    share = 120 * 160 / (np.pi * 120**2)
    assert covered_share(both, CARD, found.size, field) == pytest.approx(share, abs=0.04)
    assert covered_share(Prediction(0, 0.0, (tissue,), None, ""), CARD, found.size, None) == 0
