"""Robustness: the same pictures clean and corrupted, and how much of the AP is kept."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.card import ModelCard
from lmsfa.commands import robustness as command
from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
from lmsfa.data.opening import open_dataset
from lmsfa.errors import InputError
from lmsfa.evaluation.robustness import contact_sheet, judge_robustness, seed_of
from lmsfa.prediction import Instance, MaskPlacement, Prediction


class LookingEngine:
    """Takes what is white for the square and what is black for the disc."""

    runtime = device = "by eye"

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        self.seen: list[np.ndarray] = []

    def predict(self, rgb: np.ndarray, frame_index: int = 0, captured_s: float = 0.0) -> Prediction:
        self.seen.append(rgb)
        height, width = rgb.shape[:2]
        whole = (0.0, 0.0, float(width), float(height))
        found = [
            Instance(number, 0.9, whole, mask.astype(np.uint8) * 255, MaskPlacement(0, 0, 1, 1))
            for number, mask in enumerate((rgb.min(axis=2) > 205, rgb.max(axis=2) < 40))
        ]
        return Prediction(frame_index, captured_s, tuple(found), None, "looking")

    def close(self) -> None:
        pass


@pytest.fixture
def engine(card: ModelCard) -> LookingEngine:
    return LookingEngine(card)


def test_every_corruption_and_level_has_a_row(shapes_dataset: Path, engine: LookingEngine) -> None:
    dataset = open_dataset(shapes_dataset)
    found = judge_robustness(engine, dataset, dataset.in_split("val"))
    assert [(row.corruption, row.level) for row in found.rows] == [
        (name, level) for name in CORRUPTIONS for level in LEVELS
    ]
    assert found.images == 4
    assert len(engine.seen) == 4 * 31


def test_an_eye_for_white_is_lost_in_the_dark_and_lives_with_little_noise(
    shapes_dataset: Path, engine: LookingEngine
) -> None:
    dataset = open_dataset(shapes_dataset)
    found = judge_robustness(engine, dataset, dataset.in_split("val"))
    assert found.clean_ap50 == pytest.approx(1)
    by_level = [row.mask_ap50 for row in found.of("low light")]
    # The square is never found again, the disc is part of one black picture.
    assert by_level[-1] == 0
    assert found.of("noise")[0].mask_ap50 == pytest.approx(1)
    assert found.retention("low light") < found.retention("noise") <= 1.05


def test_retention_is_the_mean_corrupted_ap_by_the_clean_one(
    shapes_dataset: Path, engine: LookingEngine
) -> None:
    dataset = open_dataset(shapes_dataset)
    found = judge_robustness(engine, dataset, dataset.in_split("val")[:2])
    by_hand = np.mean([row.mask_ap for row in found.of("smoke")]) / found.clean_ap
    assert found.retention("smoke") == pytest.approx(by_hand)
    everything = np.mean([row.mask_ap for row in found.rows]) / found.clean_ap
    assert found.retention() == pytest.approx(everything)


def test_nothing_to_keep_is_no_figure_not_a_division_by_zero(
    shapes_dataset: Path, engine: LookingEngine
) -> None:
    dataset = open_dataset(shapes_dataset)
    found = judge_robustness(engine, dataset, dataset.in_split("val")[:1])
    for clean in (0.0, None):
        assert replace(found, clean_ap=clean).retention() is None
    assert "NaN" not in json.dumps(replace(found, clean_ap=0.0).as_json())


def test_a_picture_is_corrupted_alike_in_every_run_and_unlike_another(
    shapes_dataset: Path, card: ModelCard
) -> None:
    dataset = open_dataset(shapes_dataset)
    samples = dataset.in_split("val")[:2]
    runs = [LookingEngine(card), LookingEngine(card)]
    for engine in runs:
        judge_robustness(engine, dataset, samples)
    assert all(np.array_equal(a, b) for a, b in zip(runs[0].seen, runs[1].seen, strict=True))
    seeds = {seed_of(dataset.annotated(sample)[0]) for sample in samples}
    assert len(seeds) == 2


def test_contact_sheet_has_a_row_a_corruption_and_the_clean_picture_first() -> None:
    rgb = np.random.default_rng(0).integers(60, 200, (110, 220, 3)).astype(np.uint8)
    sheet = contact_sheet(rgb)
    assert sheet.shape == (6 * 220, 6 * 440, 3)
    first_of_each = [sheet[220 * row : 220 * (row + 1), :440] for row in range(6)]
    assert all(np.array_equal(picture, first_of_each[0]) for picture in first_of_each)


def run(*arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.run(options)


def test_the_command_prints_figures_and_draws_the_sheet(
    shapes_dataset: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    given = ["--data", str(shapes_dataset), "--weights", str(weights), "--runtime", "torch-cpu"]
    run(*given, "--every", "4", "--sheet", str(sheet), "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["images"] == 1
    assert len(report["rows"]) == 30
    assert cv2.imread(str(sheet)) is not None


def test_the_table_has_a_line_a_corruption_and_a_dash_for_what_is_not_known(
    shapes_dataset: Path, engine: LookingEngine
) -> None:
    dataset = open_dataset(shapes_dataset)
    found = judge_robustness(engine, dataset, dataset.in_split("val")[:1])
    table = command._table("shapes", replace(found, clean_ap=None))
    assert [line.split("  ")[0] for line in table.splitlines()[2:-1]] == list(CORRUPTIONS)
    assert table.endswith("mean over all: -")
    assert "nan" not in table.lower()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--every", "0"], "--every must be at least 1"),
        (["--split", "night"], "no split 'night'"),
        (["--sheet", "no/such/folder/sheet.png"], "cannot be written"),
    ],
)
def test_bad_arguments_are_one_line(
    shapes_dataset: Path, weights: Path, more: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        run("--data", str(shapes_dataset), "--weights", str(weights), *more)
