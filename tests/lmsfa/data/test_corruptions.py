"""Made corruptions: stronger with every level, the same for a seed, and only where a lens sees."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from lmsfa.data.corruptions import CORRUPTIONS, LEVELS, glare, low_light, smoke

SEEDS = (0, 1, 2)


def tissue(height: int = 120, width: int = 160) -> np.ndarray:
    """A pink surface with vessels and a dark hollow, lit from the left."""
    ys, xs = np.mgrid[:height, :width]
    light = 0.95 - 0.5 * xs / width + 0.06 * np.sin(xs / 3) * np.sin(ys / 4)
    hollow = np.hypot(xs - 0.7 * width, ys - 0.5 * height) < 0.2 * height
    rgb = light[..., None] * np.array([230, 130, 110])
    rgb[hollow] = (26, 20, 20)
    return rgb.clip(0, 255).astype(np.uint8)


def round_picture(side: int = 160) -> np.ndarray:
    """As an endoscope shows it: a disc in the middle of black."""
    rgb = tissue(side, side)
    ys, xs = np.mgrid[:side, :side]
    rgb[np.hypot(xs - side / 2, ys - side / 2) > 0.45 * side] = 0
    return rgb


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """Root of the mean squared difference, grey values."""
    return float(np.sqrt(np.mean((before.astype(float) - after.astype(float)) ** 2)))


def sharpness(rgb: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def test_the_six_are_there() -> None:
    assert list(CORRUPTIONS) == ["glare", "blood", "smoke", "blur", "noise", "low light"]
    assert LEVELS == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_level_changes_more_than_the_one_below(name: str, seed: int) -> None:
    rgb = tissue()
    changes = [changed(rgb, CORRUPTIONS[name](rgb, level, seed)) for level in LEVELS]
    assert changes[0] > 0.5
    assert all(more > less for less, more in pairwise(changes)), changes


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_gives_the_same_picture_another_one_another(name: str) -> None:
    rgb = tissue()
    first, again, other = (CORRUPTIONS[name](rgb, 4, seed) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 2), (90, 160)])
def test_size_and_type_stay_and_the_original_too(name: str, shape: tuple[int, int]) -> None:
    rgb = tissue(*shape)
    before = rgb.copy()
    for level in (1, 5):
        made = CORRUPTIONS[name](rgb, level, 0)
        assert made.shape == rgb.shape
        assert made.dtype == np.uint8
        assert not np.shares_memory(made, rgb)
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_black_and_white_pictures_are_taken(name: str) -> None:
    for value in (0, 255):
        plain = np.full((40, 60, 3), value, dtype=np.uint8)
        assert CORRUPTIONS[name](plain, 5, 0).shape == plain.shape


@pytest.mark.parametrize("level", [0, 6, 2.5])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_other_levels_are_refused(name: str, level: int) -> None:
    with pytest.raises(ValueError, match="level must be one of"):
        CORRUPTIONS[name](tissue(), level, 0)


def test_glare_is_white_and_leaves_the_dark_hollow_alone() -> None:
    rgb = tissue()
    for seed in SEEDS:
        made = glare(rgb, 4, seed)
        white = made.min(axis=2) > 240
        assert 0.01 < white.mean() < 0.1
        assert not white[rgb.max(axis=2) < 40].any()


def test_blood_takes_green_and_blue_and_leaves_red() -> None:
    rgb = tissue()
    red, green, blue = CORRUPTIONS["blood"](rgb, 5, 0).astype(float).mean(axis=(0, 1)) / rgb.astype(
        float
    ).mean(axis=(0, 1))
    assert red > green + 0.1
    assert red > blue + 0.1
    assert green < 0.8


def test_smoke_takes_contrast() -> None:
    deviations = [float(smoke(tissue(), level, 3).std()) for level in LEVELS]
    assert deviations == sorted(deviations, reverse=True)
    assert deviations[-1] < 0.65 * tissue().std()


@pytest.mark.parametrize("seed", range(6))
def test_blur_takes_sharpness_and_no_light_whatever_its_kind(seed: int) -> None:
    rgb = tissue()
    blurred = [CORRUPTIONS["blur"](rgb, level, seed) for level in LEVELS]
    sharp = [sharpness(picture) for picture in [rgb, *blurred]]
    assert sharp == sorted(sharp, reverse=True)
    assert blurred[-1].mean() == pytest.approx(rgb.mean(), abs=2)


def test_noise_keeps_the_mean_of_a_grey_picture() -> None:
    grey = np.full((100, 100, 3), 120, dtype=np.uint8)
    made = CORRUPTIONS["noise"](grey, 3, 0)
    assert made.mean() == pytest.approx(120, abs=1)
    assert 12 < made.std() < 30


def test_low_light_is_darker_at_every_level() -> None:
    means = [float(low_light(tissue(), level, 0).mean()) for level in LEVELS]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.45 * tissue().mean()


@pytest.mark.parametrize("name", ["glare", "blood", "smoke"])
def test_nothing_happens_on_the_black_around_a_round_picture(name: str) -> None:
    rgb = round_picture()
    outside = cv2.erode((rgb.max(axis=2) == 0).astype(np.uint8), np.ones((5, 5))) > 0
    assert CORRUPTIONS[name](rgb, 5, 1)[outside].max() < 8
