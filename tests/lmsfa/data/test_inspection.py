"""`data check` counts exactly and names what looks wrong; `data convert` says what was lost."""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from written_sets import shape, square, write_labelme, write_picture

from lmsfa.commands import data
from lmsfa.data.annotated import DatasetClass
from lmsfa.data.formats.class_names import classes_of, palette_colour, peld_class
from lmsfa.data.inspection import Finding, inspect
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.grouping import grouping_from
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.data.splits.record import write_splits
from lmsfa.errors import InputError


def _run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    data.add(parser)
    options = parser.parse_args([str(argument) for argument in arguments])
    options.run(options)


def _describe(root: Path, **said: object) -> None:
    (root / "dataset.json").write_text(json.dumps({"format": "labelme", "name": "made"} | said))


def _findings(root: Path, kind: str, min_area_px: int = 16) -> list[Finding]:
    found = inspect(open_dataset(root), min_area_px)
    return [finding for finding in found.findings if finding.kind == kind]


@pytest.fixture
def peld(tmp_path: Path) -> Path:
    """Three patients with spinal structures, two in train and one in val."""
    root = tmp_path / "peld"
    drawn = {"p0/a": ["nerve", "bone", "bone"], "p1/b": ["fat", "nerve"], "p2/c": ["LF"]}
    for seed, (name, labels) in enumerate(drawn.items()):
        shapes = [shape(label, square(12 * place, 5)) for place, label in enumerate(labels)]
        write_labelme(root / f"{name}.json", shapes)
        write_picture(root / f"{name}.png", seed=seed)
    _describe(root, splits={"train": ["p0/a.png", "p1/b.png"], "val": ["p2/c.png"]})
    return root


def test_instances_are_counted_by_class_and_split(
    peld: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run("check", peld)
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:18].strip(): line[18:].split() for line in lines[2:9]}
    assert rows == {
        "": ["train", "val"],
        "adipose": ["1", "0"],
        "bone": ["2", "0"],
        "ligamentum flavum": ["0", "1"],
        "nerve": ["2", "0"],
        "pictures": ["2", "1"],
        "groups": ["2", "1"],
    }
    assert lines[-1] == "nothing suspicious"


def test_a_report_for_programs_holds_the_same(
    peld: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run("check", peld, "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["instances"]["bone"] == {"train": 2, "val": 0}
    assert (said["format"], said["problems"], said["suspicious"]) == ("labelme", [], [])


def test_a_file_of_splits_goes_before_the_sets_own(
    peld: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = open_dataset(peld)
    names = {"train": ("p2/c.png",), "test": ("p0/a.png", "p1/b.png")}
    write_splits(splits_from_lists(dataset, names, force=True), tmp_path / "splits.json")
    _run("check", peld, "--json", "--splits", tmp_path / "splits.json")
    said = json.loads(capsys.readouterr().out)
    assert said["instances"]["bone"] == {"train": 0, "test": 2}


def _forced(peld: Path, path: Path, names: dict[str, tuple[str, ...]], rule: str) -> Path:
    dataset = open_dataset(peld)
    grouping = grouping_from(rule, dataset)
    write_splits(splits_from_lists(dataset, names, grouping, force=True), path)
    return path


def test_a_check_names_leaks_and_counts_the_groups_of_the_splits(
    peld: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"train": ("p0/a.png", "p2/c.png"), "val": ("p1/b.png",)}
    path = _forced(peld, tmp_path / "splits.json", names, r"regex:(p)\d")
    leak = "patient p is in train and val (pictures: 2 in train, 1 in val)"
    _run("check", peld, "--json", "--splits", path)
    said = json.loads(capsys.readouterr().out)
    assert said["groups"] == {"train": 1, "val": 1}
    assert said["suspicious"] == [{"kind": "leak", "picture": "made", "what": leak}]
    _run("check", peld, "--splits", path)
    assert f"leak: 1\n  {leak}\n" in capsys.readouterr().out


def test_a_check_names_a_patient_on_both_sides_of_the_sets_own_splits(
    peld: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_labelme(peld / "p2" / "dd.json", [shape("bone", square(0, 0))])
    _describe(peld, splits={"train": ["p2/c.png"], "val": ["p2/dd.png"]})
    _run("check", peld)
    assert "patient p2 is in train and val" in capsys.readouterr().out


def test_a_conversion_takes_the_splits_along(peld: Path, tmp_path: Path) -> None:
    names = {"train": ("p2/c.png", "p1/b.png"), "test": ("p0/a.png",)}
    path = _forced(peld, tmp_path / "splits.json", names, "folder:1")
    _run("convert", peld, "--to", "yolo", "--output", tmp_path / "yolo", "--splits", path)
    found = open_dataset(tmp_path / "yolo")
    sizes = {split: len(found.in_split(split)) for split in found.splits}
    assert sizes == {"train": 2, "test": 1}
    assert found.in_split("test")[0].name.endswith("p0/a.png")


def test_without_splits_all_pictures_stand_in_one_column(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    found = inspect(open_dataset(tmp_path), 1)
    assert found.splits == ("all",)
    assert found.instances["x"]["all"] == 1


def test_pictures_in_no_split_have_a_column(peld: Path) -> None:
    _describe(peld, splits={"train": ["p1/b.png"]})
    found = inspect(open_dataset(peld), 1)
    assert found.splits == ("train", "in no split")
    assert (found.pictures["train"], found.pictures["in no split"]) == (1, 2)


@pytest.mark.parametrize(
    ("drawn", "kind", "said"),
    [
        ([], "no instance", "nothing"),
        ([shape("x", square(0, 0, 3))], "tiny", "9 pixels"),
        ([shape("x", square(100, 0))], "tiny", "0 pixels"),
        ([shape("x", square(55, 0))], "outside", "5 pixels out"),
        ([shape("x", square(0, 0)), shape("x", square(0, 0))], "same instance", "1 and 2"),
    ],
)
def test_what_looks_wrong_is_named(tmp_path: Path, drawn: list, kind: str, said: str) -> None:
    write_labelme(tmp_path / "a.json", drawn)
    write_labelme(tmp_path / "bb.json", [shape("x", square(0, 0)), shape("y", square(0, 0))])
    found = _findings(tmp_path, kind)
    assert [finding.picture for finding in found] == ["a.png"]
    assert said in found[0].what


def _smooth(path: Path, seed: int, *, lighter: int = 0) -> None:
    coarse = np.random.default_rng(seed).integers(20, 200, (6, 8, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (60, 40), interpolation=cv2.INTER_CUBIC)
    path.write_bytes(cv2.imencode(path.suffix, cv2.add(smooth, lighter))[1].tobytes())


def test_near_duplicates_are_named_across_splits_only(tmp_path: Path) -> None:
    for name, seed, lighter in (("a", 1, 0), ("bb", 1, 9), ("ccc", 1, 4), ("dddd", 2, 0)):
        write_labelme(tmp_path / f"{name}.json", [shape("x", square(0, 0))])
        _smooth(tmp_path / f"{name}.png", seed, lighter=lighter)
    _describe(tmp_path, splits={"train": ["a.png", "bb.png"], "val": ["ccc.png", "dddd.png"]})
    found = _findings(tmp_path, "near-duplicate")
    assert sorted(finding.picture for finding in found) == ["a.png", "bb.png"]
    assert all("ccc.png (train and val" in finding.what for finding in found)


def test_the_same_file_twice_is_named_wherever_it_is(tmp_path: Path) -> None:
    for name in ("a", "bb"):
        write_labelme(tmp_path / f"{name}.json", [shape("x", square(0, 0))])
    (tmp_path / "bb.png").write_bytes((tmp_path / "a.png").read_bytes())
    assert [f.picture for f in _findings(tmp_path, "same picture")] == ["bb.png"]


def test_bad_entries_stop_a_check_unless_they_are_left_out(
    peld: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_labelme(peld / "p3" / "bad.json", [shape("nerve", [[0, 0]])])
    with pytest.raises(InputError, match=r"bad\.json: shape 0 \(nerve\): expected 3 points"):
        _run("check", peld)
    _run("check", peld, "--skip-bad")
    shown = capsys.readouterr().out
    assert "problem: 1" in shown
    assert "bad.json: shape 0 (nerve): expected 3 points" in shown


def test_a_contact_sheet_shows_pictures_in_their_classes_colours(
    peld: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheets" / "all.png"
    _run("check", peld, "--sheet", sheet)
    rgb = cv2.cvtColor(cv2.imread(str(sheet)), cv2.COLOR_BGR2RGB)
    for entry in open_dataset(peld).classes:
        assert (np.abs(rgb.astype(int) - entry.colour).max(axis=2) < 40).any(), entry.name
    with pytest.raises(InputError, match="overwrite"):
        _run("check", peld, "--sheet", sheet)
    _run("check", peld, "--sheet", sheet, "--overwrite")


def test_a_conversion_says_what_was_lost(
    peld: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_labelme(
        peld / "p0" / "over.json", [shape("bone", square(0, 0)), shape("bone", square(5, 5))]
    )
    _run("convert", peld, "--to", "label-map", "--output", tmp_path / "maps")
    shown = capsys.readouterr().out
    assert "4 pictures as label-map" in shown
    assert "25 pixels painted over" in shown
    assert "2 instances changed" in shown


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Adiposity", "adipose"),
        ("adipose_tissue", "adipose"),
        ("FAT", "adipose"),
        ("脂肪", "adipose"),
        ("骨质", "bone"),
        ("Ligamentum-Flavum", "ligamentum flavum"),
        ("ligamentum  flavum ", "ligamentum flavum"),
        ("ligament", "ligamentum flavum"),
        ("黄韧带", "ligamentum flavum"),
        ("lf", "ligamentum flavum"),
        ("神经根", "nerve"),
        ("Ｎｅｒｖｅ", "nerve"),
    ],
)
def test_spellings_of_the_spinal_structures_are_known(label: str, name: str) -> None:
    found = peld_class(label)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("label", ["tumour", "", "nerves of steel", "backbone"])
def test_other_words_are_no_spinal_structures(label: str) -> None:
    assert peld_class(label) is None


def test_colours_stay_different_for_many_classes() -> None:
    names = [f"class {number}" for number in range(21)]
    found = classes_of(names, None, keep_order=True)
    assert [entry.name for entry in found.classes] == names
    assert len({entry.colour for entry in found.classes}) == 21
    assert palette_colour(7) != palette_colour(0)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["Fat", "vessel"], ["adipose", "vessel"]),
        (["ligament", "bone", "meniscus"], ["bone", "ligament", "meniscus"]),
        (["ligament", "bone"], ["bone", "ligamentum flavum"]),
        (["ligament", "nerve root", "tool"], ["ligamentum flavum", "nerve", "tool"]),
        (["韧带", "黄韧带", "tool"], ["ligamentum flavum", "tool"]),
        (["lf", "rf"], ["lf", "rf"]),
    ],
)
def test_a_ligament_is_the_spines_only_in_a_set_of_the_spine(labels: list, names: list) -> None:
    found = classes_of(labels, None, keep_order=True)
    assert [entry.name for entry in found.classes] == names
    assert set(found.ids) == set(labels)


def test_no_other_class_has_the_colour_of_a_spinal_structure() -> None:
    found = classes_of(["bone", *(f"class {number}" for number in range(9))], None, keep_order=True)
    assert len({entry.colour for entry in found.classes}) == 10


def test_given_classes_keep_their_names_and_are_found_by_any_spelling() -> None:
    given = (DatasetClass("tool", (1, 2, 3)), DatasetClass("Adiposity", (4, 5, 6)))
    found = classes_of(["脂肪", "FAT", "tool", "nerve"], given, keep_order=True)
    assert found.classes == given
    assert found.ids == {"脂肪": 1, "FAT": 1, "tool": 0}
