"""Commands on weights of a system that tells a class a cell, and what is being done."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_semantic import TINY_ENDOARSS

from lmsfa.benchmark import growth
from lmsfa.benchmark.growth import STRUCTURES, usual_sizes
from lmsfa.benchmark.made_answer import made_tensors
from lmsfa.card import ClassSpec, ModelCard
from lmsfa.checkpoint import save_weights
from lmsfa.cli import main
from lmsfa.engine import decoded
from lmsfa.letterbox import Letterbox
from lmsfa.models import families
from lmsfa.models.endoarss import Endoarss
from lmsfa.semantic_answer import MOST_REGIONS, raw_answer

CLASSES = ("bright square", "dark disc")
DEMONSTRATION = "Untrained: it only shows how such a system works."
ACTIVITIES = ("cutting", "rinsing")


@pytest.fixture
def watching_card() -> ModelCard:
    """The card of an untrained network that tells two activities."""
    return ModelCard(
        system="endoarss",
        name="untrained",
        classes=tuple(ClassSpec(name, (255, 0, 0)) for name in CLASSES),
        draw_priority=CLASSES,
        input_size_px=84,
        input_multiple_px=28,
        score_threshold=0.4,
        nms_iou=1.0,
        training_domain="nothing",
        activities=ACTIVITIES,
        demonstration=DEMONSTRATION,
        architecture=asdict(TINY_ENDOARSS),
    )


@pytest.fixture
def watching(tmp_path: Path, watching_card: ModelCard) -> Path:
    """Its weights."""
    torch.manual_seed(0)
    save_weights(Endoarss(TINY_ENDOARSS), watching_card, tmp_path / "watching.safetensors")
    return tmp_path / "watching.safetensors"


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """A table that tells the activities of two judged pictures, and a foreign one of no judged."""
    path = tmp_path / "said.csv"
    rows = ["val/000.png,cutting", "val/001.png,rinsing", "train/000.png,sewing"]
    path.write_text("\n".join(["picture,activity", *rows]) + "\n")
    return path


def test_predict_says_what_is_being_done(
    watching: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.full((60, 80, 3), 90, np.uint8))
    command = ["predict", str(picture), "--weights", str(watching), "--engine", "torch-cpu"]
    assert main([*command, "--output", str(tmp_path / "a.png"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["activity"] in ACTIVITIES
    assert told["warnings"] == [DEMONSTRATION]
    assert 0.5 <= told["activity_score"] <= 1
    assert main([*command, "--output", str(tmp_path / "b.png")]) == 0
    lines = capsys.readouterr().out.splitlines()[-2:]
    score = f"{told['activity_score']:.2f}"
    assert lines == [f"activity: {told['activity']} {score}", f"note: {DEMONSTRATION}"]


def test_activities_of_judged_pictures_are_judged_and_reported(
    watching: Path,
    said: Path,
    shapes_dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--data", str(shapes_dataset), "--weights", str(watching), "--engine", "torch-cpu"]
    # Nobody sews in a judged picture: that the model cannot tell it is no matter.
    assert main(["evaluate", *given, "--activities", str(said), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["warnings"][0] == DEMONSTRATION
    figures = report["activity"]
    assert (figures["frames"], figures["unknown"]) == (2, 2)
    page = tmp_path / "report.html"
    assert main(["report", *given, "--activities", str(said), "--output", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert "What is being done" in html
    assert DEMONSTRATION in html
    assert f"Accuracy {figures['accuracy']:.3f}, macro F1 {figures['macro_f1']:.3f}" in html
    assert "2 of unknown activity left out" in html
    assert "<th><span>rinsing</span></th>" in html


def test_activities_of_no_judged_picture_are_warned_of(
    watching: Path, shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "said.csv"
    path.write_text("picture,activity\ntrain/000.png,cutting\n")
    given = ["--data", str(shapes_dataset), "--weights", str(watching), "--engine", "torch-cpu"]
    given += ["--activities", str(path)]
    assert main(["evaluate", *given]) == 0
    warning = "csv:said.csv tells the activity of no judged picture"
    assert f"note: {warning}" in capsys.readouterr().out
    page = tmp_path / "report.html"
    assert main(["report", *given, "--output", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert warning[1:] in html
    assert "What is being done" not in html


def test_activities_that_the_model_does_not_tell_are_refused(
    watching: Path, shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "said.csv"
    path.write_text("picture,activity\nval/000.png,sewing\n")
    given = ["--data", str(shapes_dataset), "--weights", str(watching), "--activities", str(path)]
    for command in (["evaluate"], ["report", "--output", str(tmp_path / "report.html")]):
        assert main([*command, *given]) == 2
        assert "the labels say 'sewing'" in capsys.readouterr().err


def test_thresholds_of_regions_are_not_calibrated(
    watching: Path, shapes_dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "--data", str(shapes_dataset), "--weights", str(watching)]) == 2
    told = capsys.readouterr().err.strip()
    assert "thresholds would hide structures" in told
    assert "\n" not in told


def test_info_refuses_weights_of_another_system_than_asked_for(
    watching: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", "--weights", str(watching), "--model", "hrmedseg"]) == 2
    assert "is of endoarss, not of hrmedseg" in capsys.readouterr().err


def test_parameters_are_those_that_were_learned(capsys: pytest.CaptureFixture[str]) -> None:
    family = families.FAMILIES["endoarss"]
    # Merged with what they adapt, the adapters would count as whole projections.
    learned = sum(tensor.numel() for tensor in family.make(family.config).parameters())
    assert main(["info", "--model", "endoarss", "--size", "56", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == learned
    assert main(["models", "--json"]) == 0
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["endoarss"]["parameters"] == learned


@pytest.mark.parametrize("structures", STRUCTURES)
@pytest.mark.parametrize("classes", [1, 2])
def test_a_made_semantic_answer_holds_as_many_regions_as_asked_and_shown(
    structures: int, classes: int, watching_card: ModelCard
) -> None:
    card = replace(
        watching_card, classes=watching_card.classes[:classes], draw_priority=CLASSES[:classes]
    )
    for side in (308, 644):
        place = Letterbox.fit(1080, 1920, side)
        answer = raw_answer(card, *made_tensors(place, card, structures), place)
        assert len(decoded(answer, card, place)) == min(structures, MOST_REGIONS)
        assert answer.activities.tolist() == [0.5, 0.5]


def test_growth_takes_sides_that_the_network_takes(
    watching: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert usual_sizes(32) == growth.SIZES_PX
    assert usual_sizes(28) == (308, 476, 644, 952, 1288)
    monkeypatch.setattr(growth, "SIZES_PX", (90,))
    command = ["bench", "--weights", str(watching), "--growth", "--engine", "torch-cpu"]
    assert main([*command, "--rounds", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["px"] for row in report["network"]] == [84]
    assert report["instances"][1]["instances"] == 8


def test_only_weights_that_are_there_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    there = tmp_path / "there.safetensors"
    there.touch()
    named = {"lmsfa": there, "lmsfa_small": tmp_path / "gone.safetensors"}
    monkeypatch.setattr(families, "FAMILIES", {name: families.FAMILIES[name] for name in named})
    monkeypatch.setattr("lmsfa.commands.models.WEIGHTS_BY_SYSTEM", named)
    assert main(["models", "--json"]) == 0
    found = {row["model"]: row["weights"] for row in json.loads(capsys.readouterr().out)}
    assert found == {"lmsfa": there.name, "lmsfa_small": None}
