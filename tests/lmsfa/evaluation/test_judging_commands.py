"""The commands that judge weights, from files to figures."""

import argparse
import io
import json
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_answers import random_answers

from lmsfa.card import ModelCard, card_path, read_card, write_card
from lmsfa.checkpoint import save_weights
from lmsfa.commands import calibrate, compare, evaluate
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.grouping import grouping_from
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.data.splits.record import write_splits
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import EVALUATION_SCORE_THRESHOLD, load_whole_curve
from lmsfa.evaluation.coco import judge
from lmsfa.evaluation.tables import evaluation_table
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.postprocess import calibrated


def _run(command, *arguments: object) -> None:
    parser = argparse.ArgumentParser()
    command.add(parser)
    options = parser.parse_args([*map(str, arguments), "--runtime", "torch-cpu"])
    options.run(options)


@pytest.fixture(scope="module")
def report(
    shapes_dataset: Path, card: ModelCard, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What `evaluate --json` prints of two sequences without a single dark disc."""
    folder = tmp_path_factory.mktemp("judged")
    root = Path(shutil.copytree(shapes_dataset, folder / "squares"))
    said = json.loads((root / "dataset.json").read_text())
    said["instances"]["min_area_px"] = 1000
    said["splits"]["val"] = ["train", "val"]
    (root / "dataset.json").write_text(json.dumps(said))
    weights = folder / "untrained.safetensors"
    save_weights(Lmsfa(LmsfaConfig(classes=2)), card, weights)
    given = ("--data", root, "--weights", weights, "--without", "bright square", "--json")
    printed = io.StringIO()
    with redirect_stdout(printed):
        _run(evaluate, *given)
    return json.loads(printed.getvalue())


def test_a_class_that_is_not_there_is_a_dash_a_null_and_a_note(report: dict[str, Any]) -> None:
    assert report["per_class"]["dark disc"]["ap50"] is None
    assert report["without"]["mask_ap50"] is None
    assert report["shown"]["per_class"]["dark disc"]["recall"] is None
    assert report["semantic"]["per_class"]["dark disc"] is None
    table = evaluation_table(report)
    row = next(line for line in table.splitlines() if line.startswith("dark disc"))
    assert row.split()[2:] == ["-", "0", "of", "0", "-", "0", "0.30"]
    assert "no dark disc in this split" in table
    assert "nan" not in table.lower()


def test_recall_stands_first_and_the_unit_of_resampling_is_named(report: dict[str, Any]) -> None:
    table = evaluation_table(report)
    header = next(line for line in table.splitlines() if line.startswith("class"))
    assert header.split()[:2] == ["class", "recall"]
    assert "3 blocks of 5 consecutive frames, drawn within each of 2 sequences" in table
    assert report["intervals"]["resamples"] >= 1000


def test_each_sequence_has_the_same_figures_as_the_whole(report: dict[str, Any]) -> None:
    assert report["per_group"].keys() == {"train", "val"}
    assert report["per_group"]["val"]["images"] == 4
    asked = {"mask_ap50", "mask_ap", "average_recall", "precision", "recall", "per_class"}
    assert asked <= report["per_group"]["val"].keys()
    assert asked | {"images", "instances", "score_threshold", "without"} <= report.keys()


def test_the_whole_curve_is_cut_at_the_same_raw_score_at_every_temperature(weights: Path) -> None:
    path = card_path(weights)
    write_card(replace(read_card(path), temperature=2.5), path)
    engine = load_whole_curve(weights, "torch-cpu")
    raw = calibrated(np.array(engine.card.score_threshold), 1 / 2.5)
    assert float(raw) == pytest.approx(EVALUATION_SCORE_THRESHOLD)


def test_a_temperature_moves_scores_but_no_curve() -> None:
    made = random_answers(3)
    softened = made.with_temperature(2.5)
    scores = [entry.score for entry in made.frames[0].answers]
    assert scores != [entry.score for entry in softened.frames[0].answers]
    assert judge(made).mask_ap == judge(softened).mask_ap


def test_calibrate_changes_the_card_only_when_asked(
    shapes_dataset: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--data", shapes_dataset, "--weights", weights)
    before = card_path(weights).read_text()
    _run(calibrate, *given)
    assert "not written" in capsys.readouterr().out
    assert card_path(weights).read_text() == before
    _run(calibrate, *given, "--write", "--json")
    report = json.loads(capsys.readouterr().out)
    card = read_card(card_path(weights))
    assert report["written"]
    assert card.temperature == report["temperature"]["chosen"]
    assert card.score_thresholds.keys() == {"bright square", "dark disc"}


def test_weights_are_not_better_than_themselves(
    shapes_dataset: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--data", shapes_dataset, "--first", weights, "--second", weights)
    _run(compare, *given, "--without", "dark disc")
    table = capsys.readouterr().out
    assert table.count("the first is not called better") == 4
    assert "not better on every count" in table
    drawn = table.split("What is drawn")[1]
    assert drawn.splitlines()[1].split() == ["first", "1", "second", "1", "truth"]
    assert "line, bright square" in drawn


def _opened(*arguments: object) -> evaluate.Frames:
    parser = argparse.ArgumentParser()
    evaluate.add(parser)
    return evaluate.open_frames(parser.parse_args([*map(str, arguments), "--weights", "none"]))


def test_splits_bring_their_leaks_along_and_sequences_are_no_patients(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(shapes_dataset)
    names = [sample.name for sample in dataset.samples]
    lists = {"train": names[1:], "val": names[:1]}
    grouping = grouping_from("sequence", dataset)
    path = tmp_path / "splits.json"
    write_splits(splits_from_lists(dataset, lists, grouping, force=True), path)
    found = _opened("--data", shapes_dataset, "--splits", path)
    assert [sample.name for sample in found.dataset.in_split("val")] == names[:1]
    assert found.leaks[0].startswith("these splits leak: ")
    assert set(found.patients.values()) == {""}


def test_patients_that_lists_know_are_the_patients_of_the_judged(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(shapes_dataset)
    names = [sample.name for sample in dataset.samples]
    grouping = grouping_from(r"regex:(.*)\.png", dataset)
    path = tmp_path / "splits.json"
    splits = splits_from_lists(dataset, {"train": names[1:], "val": names[:1]}, grouping)
    write_splits(splits, path)
    found = _opened("--data", shapes_dataset, "--splits", path)
    assert found.patients == {name: name.removesuffix(".png") for name in names}


def test_patients_on_two_sides_are_named_where_a_rule_or_a_folder_tells(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    given = ("--data", shapes_dataset, "--group-by", r"regex:(.)\.png")
    assert "patient 0 is in train and val" in _opened(*given).leaks[0]
    root = Path(shutil.copytree(shapes_dataset, tmp_path / "two"))
    for kind in ("images", "labels"):
        for number, split in enumerate(("train", "val")):
            (root / kind / split).rename(root / kind / f"P{number}")
    said = json.loads((root / "dataset.json").read_text())
    said["splits"] = {"train": ["P0"], "val": ["P1/000.png"]}
    (root / "dataset.json").write_text(json.dumps(said))
    found = _opened("--data", root)
    assert set(found.patients.values()) == {"P0", "P1"}
    assert found.leaks == ()
    said["splits"]["train"].append("P1/001.png")
    (root / "dataset.json").write_text(json.dumps(said))
    assert "patient P1 is in train and val" in _opened("--data", root).leaks[0]


def test_a_rule_says_whose_each_picture_is(shapes_dataset: Path) -> None:
    found = _opened("--data", shapes_dataset, "--group-by", r"regex:(.)\.png")
    assert set(found.patients.values()) == set("01234567")
    assert _opened("--data", shapes_dataset).patients is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--without", "hat"), "no class 'hat'"),
        (("--splits", "nowhere.json"), "no such file"),
        (("--group-by", "moon"), "cannot group"),
        (("--split", "test"), "no split 'test'"),
    ],
)
def test_what_does_not_fit_the_set_is_said_before_anything_is_loaded(
    shapes_dataset: Path, arguments: tuple[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        _run(evaluate, "--data", shapes_dataset, "--weights", "none", *arguments)
