"""From a hospital's LabelMe folder to weights and a report, by the paper's preset."""

import json
from pathlib import Path

import pytest
from made_peld import CLASSES, TABLE_I, write_made_peld

from lmsfa.card import read_card
from lmsfa.cli import main


@pytest.mark.slow
def test_a_made_peld_goes_from_labelme_to_weights_and_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = write_made_peld(tmp_path / "peld")
    data, splits, run = (str(tmp_path / name) for name in ("peld", "splits.json", "run"))
    assert main(["data", "split", data, "--lists", str(lists), "--output", splits]) == 0
    capsys.readouterr()

    assert main(["data", "check", data, "--splits", splits, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)["instances"]
    for split, part in TABLE_I.items():
        assert tuple(table[name][split] for name in CLASSES) == part.instances

    # One epoch as the paper says, on small pictures: at 640 px it takes minutes.
    command = ["train", "--data", data, "--splits", splits, "--output", run]
    assert main([*command, "--preset", "peld", "--epochs", "1", "--size", "64"]) == 0
    assert "recall" in capsys.readouterr().out
    card = read_card(tmp_path / "run" / "weights.json")
    assert tuple(spec.name for spec in card.classes) == CLASSES
    assert {spec.name: spec.role for spec in card.classes}["nerve"] == "protected"
    assert card.draw_priority[-1] == "nerve"
    assert card.leaks == ()
    report = (tmp_path / "run" / "report.html").read_text()
    assert "ligamentum flavum" in report
    assert "NaN" not in report
    assert "not apart" not in report
    assert "thresholds were chosen on these pictures" in report

    weights = str(tmp_path / "run" / "weights.safetensors")
    tabled = ["table", "--data", data, "--splits", splits, "--split", "test"]
    assert main([*tabled, "--weights", weights, "--runtime", "torch-cpu"]) == 0
    said = capsys.readouterr().out
    assert "Published" in said
    assert "Measured here" in said
    assert "only if this is PELD" in said

    judged = ["evaluate", "--data", data, "--splits", splits, "--split", "test"]
    assert main([*judged, "--weights", weights, "--runtime", "torch-cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 60
