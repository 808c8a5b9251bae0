"""The made scene: the same for the same seed, its masks exact, and never taken for a recording."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.card import read_card
from lmsfa.cli import main
from lmsfa.data.opening import open_dataset
from lmsfa.data.phantom.drift import Drift
from lmsfa.data.phantom.phantom import Phantom, View
from lmsfa.data.phantom.scenes import SCENES, Events

WIDTH, HEIGHT = 480, 320
CLEAN = Events(glare=0.0)


@pytest.fixture(scope="module")
def clean() -> Phantom:
    """A scene with nothing between lens and tissue."""
    return Phantom(CLEAN, 3, WIDTH, HEIGHT)


def _edges(rgb: np.ndarray) -> np.ndarray:
    """(H, W): how steep the picture is."""
    soft = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 1).mean(axis=2)
    return np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))


def _borders(view: View, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """(H, W) bool: where one structure ends and another begins, well inside the lens circle."""
    x, y, radius = view.lens
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    inside = np.hypot(columns - x, rows - y) < 0.8 * radius
    numbers = view.numbers.astype(np.int16)
    border = np.zeros(numbers.shape, dtype=bool)
    border[:, 1:] |= numbers[:, 1:] != numbers[:, :-1]
    border[1:] |= numbers[1:] != numbers[:-1]
    return np.roll(border, shift, (0, 1)) & inside


@pytest.mark.parametrize("time_s", [0.0, 7.0, 31.0])
def test_masks_end_where_structures_end_in_the_picture(clean: Phantom, time_s: float) -> None:
    view = clean.at(time_s, 0)
    steep = _edges(view.rgb)
    here = steep[_borders(view)].mean()
    moved = [steep[_borders(view, shift)].mean() for shift in ((6, 0), (-6, 0), (0, 6), (0, -6))]
    assert here > 1.3 * max(moved)


def test_the_same_seed_and_time_give_the_same_view() -> None:
    views = [Phantom(SCENES["surgery"], 5, WIDTH, HEIGHT).at(4.0, 120) for _ in range(2)]
    assert np.array_equal(views[0].rgb, views[1].rgb)
    assert np.array_equal(views[0].numbers, views[1].numbers)
    other = Phantom(SCENES["surgery"], 6, WIDTH, HEIGHT).at(4.0, 120)
    assert not np.array_equal(views[0].numbers, other.numbers)


def test_a_still_scene_differs_from_frame_to_frame_by_noise_alone() -> None:
    phantom = Phantom(SCENES["still"], 1, WIDTH, HEIGHT)
    one, two = phantom.at(0.0, 0), phantom.at(1.0, 1)
    assert np.array_equal(one.numbers, two.numbers)
    change = two.rgb.astype(int) - one.rgb
    assert 1 < change.std() < 8
    assert abs(change.mean()) < 0.5


def test_outside_the_lens_circle_there_is_nothing(clean: Phantom) -> None:
    for time_s in (0.0, 9.0):
        view = clean.at(time_s, 0)
        x, y, radius = view.lens
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        outside = np.hypot(columns + 0.5 - x, rows + 0.5 - y) > radius + 1
        assert view.rgb[outside].max() < 25
        assert not view.numbers[outside].any()


def test_fluids_hide_no_structure_and_the_forceps_does() -> None:
    plain = Phantom(CLEAN, 2, WIDTH, HEIGHT)
    fluid = Phantom(replace(CLEAN, water=0.9, blood=0.9, smoke=0.9), 2, WIDTH, HEIGHT)
    worked = Phantom(replace(CLEAN, forceps=True), 2, WIDTH, HEIGHT)
    times_s = [2.5 * k for k in range(8)]
    hidden = changed = 0
    for time_s in times_s:
        numbers = plain.at(time_s, 0).numbers
        seen = fluid.at(time_s, 0)
        assert np.array_equal(seen.numbers, numbers)
        changed += np.abs(seen.rgb.astype(int) - plain.at(time_s, 0).rgb).mean() > 5
        hidden += np.count_nonzero(worked.at(time_s, 0).numbers != numbers)
    assert changed >= 4
    assert hidden > 500


def test_the_lens_moves_and_never_leaps(clean: Phantom) -> None:
    views = [clean.at(k / 30, 0).numbers for k in range(60)]
    same = [np.mean(one == two) for one, two in pairwise(views)]
    assert min(same) > 0.9
    assert np.mean(views[0] == views[-1]) < 0.97


def test_what_wanders_is_above_its_edge_for_its_share_of_the_time() -> None:
    drift = Drift(np.random.default_rng(0), 5.0)
    times_s = np.arange(0, 20_000, 0.7)
    for share in (0.1, 0.3, 0.7):
        above = np.mean([drift.above(float(time_s), share) > 0 for time_s in times_s])
        assert above == pytest.approx(share, abs=0.06)
    assert drift.above(1.0, 0.0) == 0


def test_a_made_set_says_so_down_to_the_card(tmp_path: Path) -> None:
    data, run = tmp_path / "made", tmp_path / "run"
    assert main(["data", "phantom", "--output", str(data), "--scenes", "5", "--frames", "2"]) == 0
    dataset = open_dataset(data)
    assert dataset.synthetic
    assert [entry.name for entry in dataset.classes][-1] == "nerve"
    scenes = {
        split: {name.split("/")[0] for name in names} for split, names in dataset.splits.items()
    }
    assert not scenes["train"] & (scenes["val"] | scenes["test"])
    assert sum(len(names) for names in dataset.splits.values()) == 10
    _, truth = dataset.annotated(dataset.samples[0])
    assert len(truth.classes) >= 3
    command = ["train", "--data", str(data), "--output", str(run), "--preset", "quick"]
    assert main([*command, "--size", "64", "--epochs", "1", "--batch", "4"]) == 0
    assert read_card(run / "weights.json").synthetic


def test_made_masks_are_written_as_they_are(tmp_path: Path) -> None:
    command = ["data", "phantom", "--output", str(tmp_path / "set"), "--scenes", "3"]
    assert main([*command, "--frames", "1", "--seed", "9"]) == 0
    dataset = open_dataset(tmp_path / "set")
    [sample] = [entry for entry in dataset.samples if entry.group == "scene-00010"]
    rgb, truth = dataset.annotated(sample)
    view = Phantom(SCENES["surgery"], 10, rgb.shape[1], rgb.shape[0]).at(0.0, 0)
    assert np.array_equal(rgb, view.rgb)
    shown = np.zeros(view.numbers.shape, dtype=bool)
    for number in range(1, len(truth.classes) + 1):
        shown |= truth.mask(number)
    assert np.array_equal(shown | truth.void, view.numbers > 0)


@pytest.mark.parametrize(
    ("option", "value"), [("--scenes", "2"), ("--frames", "0"), ("--seed", "-1")]
)
def test_what_cannot_be_made_is_refused_in_one_line(
    tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "phantom", "--output", str(tmp_path / "set"), option, value]) == 2
    said = capsys.readouterr().err
    assert f"{option} must be at least" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_dataset_json_of_others_is_not_synthetic(shapes_dataset: Path) -> None:
    assert "synthetic" not in json.loads((shapes_dataset / "dataset.json").read_text())
    assert not open_dataset(shapes_dataset).synthetic
