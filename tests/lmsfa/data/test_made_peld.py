"""The made PELD has the paper's numbers, and is split by patient into the paper's sizes."""

import argparse
import json

import cv2
import numpy as np
import pytest
from made_peld import CLASSES, FEW, TABLE_I, write_made_peld

from lmsfa.commands.split import add
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.contents import instance_counts
from lmsfa.data.splits.dealing import make_splits
from lmsfa.data.splits.grouping import by_folder
from lmsfa.data.splits.lists import read_lists, splits_from_lists
from lmsfa.data.splits.record import LeakError, apply, read_splits
from lmsfa.errors import InputError


@pytest.fixture(scope="module")
def peld(tmp_path_factory):
    root = tmp_path_factory.mktemp("peld")
    write_made_peld(root)
    return root


@pytest.fixture(scope="module")
def dataset(peld) -> AnnotatedSet:
    return open_dataset(peld)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    root = tmp_path_factory.mktemp("few")
    write_made_peld(root, parts=FEW)
    return root


def split(*arguments):
    parser = argparse.ArgumentParser()
    add(parser)
    options = parser.parse_args([str(argument) for argument in arguments])
    options.run(options)


def test_table_one_is_the_papers(peld, dataset):
    assert tuple(entry.name for entry in dataset.classes) == CLASSES
    given = splits_from_lists(dataset, read_lists(peld / "lists"), by_folder(dataset, 1))
    used = apply(dataset, given)
    for name, part in TABLE_I.items():
        samples = used.in_split(name)
        assert len(samples) == part.patients * 10
        assert len({given.groups[sample.name] for sample in samples}) == part.patients
        counts = np.zeros(len(CLASSES), dtype=int)
        for sample in samples:
            np.add.at(counts, list(used.truth(sample).classes), 1)
        assert tuple(counts.tolist()) == part.instances
    assert given.leaks == given.warnings == ()


@pytest.mark.parametrize("seed", [0, 1])
def test_papers_sizes_are_hit_by_whole_patients(dataset, seed):
    splits = make_splits(dataset, by_folder(dataset, 1), seed=seed)
    assert [len(names) for names in splits.samples.values()] == [490, 60, 60]
    patients = [{splits.groups[name] for name in names} for names in splits.samples.values()]
    assert [len(some) for some in patients] == [49, 6, 6]
    shown = dict(zip((s.name for s in dataset.samples), instance_counts(dataset) > 0, strict=True))
    overall = np.mean(list(shown.values()), axis=0)
    for names in splits.samples.values():
        share = np.mean([shown[name] for name in names], axis=0)
        assert np.abs(share - overall).max() < 0.06


def test_every_file_says_that_it_is_made(few):
    files = [path for path in few.rglob("*") if path.suffix in (".jpg", ".json")]
    assert len(files) == 100
    for path in files:
        assert path.name.startswith("synthetic-")
        assert path.parent.name.startswith("synthetic-")
    for path in few.rglob("*.json"):
        said = json.loads(path.read_text())
        assert said["flags"] == {"synthetic": True}
        assert all("synthetic" in shape["description"] for shape in said["shapes"])


def test_structures_look_different_from_each_other_and_from_tissue(few):
    dataset = open_dataset(few)
    colours = {number: [] for number in range(-1, len(CLASSES))}
    for sample in dataset.samples:
        rgb, truth = dataset.annotated(sample)
        colours[-1].append(rgb[~truth.instances.any(0)].mean(0))
        for number, class_id in enumerate(truth.classes, 1):
            mask = cv2.erode(truth.mask(number).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            colours[class_id].append(rgb[mask].mean(0))
    means = [np.mean(found, axis=0) for found in colours.values()]
    apart = [np.linalg.norm(a - b) for n, a in enumerate(means) for b in means[:n]]
    assert min(apart) > 25


def test_pictures_have_the_size_asked_for(tmp_path):
    write_made_peld(tmp_path, parts={"train": FEW["val"]}, width=240, height=160)
    dataset = open_dataset(tmp_path)
    rgb, truth = dataset.annotated(dataset.samples[0])
    assert rgb.shape == (160, 240, 3)
    assert truth.instances.shape == (1, 160, 240)


def test_command_prints_the_table_and_writes_the_file(peld, dataset, tmp_path, capsys):
    split(peld, "--output", tmp_path / "splits.json", "--lists", peld / "lists")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-3:] for line in lines[1:]] == [
        ["train", "val", "test"],
        ["490", "60", "60"],
        ["49", "6", "6"],
        ["353", "40", "42"],
        ["224", "28", "25"],
        ["433", "45", "32"],
        ["365", "47", "43"],
    ]
    assert len(apply(dataset, read_splits(tmp_path / "splits.json")).in_split("test")) == 60


def test_command_writes_the_papers_sizes_unless_told_otherwise(peld, tmp_path, capsys):
    split(peld, "--output", tmp_path / "splits.json")
    splits = read_splits(tmp_path / "splits.json")
    assert [len(names) for names in splits.samples.values()] == [490, 60, 60]
    assert splits.grouped_by == "patient"


@pytest.mark.parametrize("folds", [(), ("--folds", 5)])
def test_command_replaces_a_file_only_if_asked(few, tmp_path, capsys, folds):
    output = tmp_path / "fold-3.json"
    output.write_text("precious")
    given = (few, "--output", output.parent if folds else output, *folds)
    with pytest.raises(InputError, match=r"fold-3\.json: exists.*--overwrite"):
        split(*given)
    assert [path.name for path in tmp_path.iterdir()] == ["fold-3.json"]
    split(*given, "--overwrite")
    assert read_splits(output).dataset == "few0"


def test_command_writes_a_file_a_fold(few, tmp_path, capsys):
    split(few, "--output", tmp_path / "folds", "--folds", 5, "--group-by", r"regex:(\d\d)/")
    folds = [read_splits(tmp_path / "folds" / f"fold-{number}.json") for number in range(1, 6)]
    judged = [name for fold in folds for name in fold.samples["val"]]
    assert len(set(judged)) == len(judged) == 50


def test_command_forces_a_leak_only_if_asked_and_says_so(few, tmp_path, capsys):
    lists = tmp_path / "lists"
    lists.mkdir()
    for name, number in (("train", 1), ("val", 2)):
        (lists / f"{name}.txt").write_text(f"synthetic-01-{number:02d}\n")
    with pytest.raises(LeakError, match="patient synthetic-patient-01 is in train and val"):
        split(few, "--output", tmp_path / "s.json", "--lists", lists)
    assert not (tmp_path / "s.json").exists()
    split(few, "--output", tmp_path / "s.json", "--lists", lists, "--force-leak")
    assert "leak, forced: patient synthetic-patient-01" in capsys.readouterr().out
    assert len(read_splits(tmp_path / "s.json").leaks) == 1


def test_command_takes_lists_of_pictures_in_one_folder(tmp_path, capsys):
    write_made_peld(tmp_path / "few", parts=FEW)
    flat = tmp_path / "flat" / "all"
    flat.mkdir(parents=True)
    for path in (tmp_path / "few").glob("*/*.*"):
        path.rename(flat / path.name)
    lists = flat.parent / "lists"
    for path in lists.parent.glob("all/*.txt"):
        lists.mkdir(exist_ok=True)
        lines = [line.rpartition("/")[2] for line in path.read_text().splitlines()]
        (lists / path.name).write_text("\n".join(lines))
        path.unlink()
    split(flat.parent, "--output", tmp_path / "s.json", "--lists", lists)
    splits = read_splits(tmp_path / "s.json")
    # One folder around everything is no patient.
    assert (splits.rule, dict(splits.groups)) == ("lists, patients unknown", {})
    assert [len(names) for names in splits.samples.values()] == [30, 10, 10]


def test_command_passes_over_bad_pictures_only_if_asked(tmp_path, capsys):
    write_made_peld(tmp_path / "few", parts=FEW)
    bad = tmp_path / "few" / "synthetic-patient-01" / "synthetic-01-04.jpg"
    bad.write_bytes(b"")
    with pytest.raises(InputError, match=bad.name):
        split(tmp_path / "few", "--output", tmp_path / "s.json")
    split(tmp_path / "few", "--output", tmp_path / "s.json", "--skip-bad")
    splits = read_splits(tmp_path / "s.json")
    assert sum(map(len, splits.samples.values())) == 49
