"""A set's own splits are checked by what its folders say of patients."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest
from made_patients import made_set
from written_sets import write_yolo

from lmsfa.commands import train
from lmsfa.data.splits.own import own_splits
from lmsfa.data.splits.record import LeakError

UNKNOWN = "nothing says whose the pictures are: a patient on two sides would not be noticed"


def _own(train_folders, val_folders):
    """A set with pictures in these folders; "" is none."""
    sides = {"train": train_folders, "val": val_folders}
    splits = {
        split: tuple(f"{folder}/{split}{n}.jpg".lstrip("/") for folder in folders for n in range(2))
        for split, folders in sides.items()
    }
    shown = {name: (0, 1) for names in splits.values() for name in names}
    return replace(made_set(shown), splits=splits)


def test_training_refuses_a_patient_on_both_sides_of_a_sets_own_splits(tmp_path: Path) -> None:
    names = [f"images/{split}/P0{n}/{split}.png" for split in ("train", "val") for n in (1, 2)]
    text = "0 0.1 0.1 0.6 0.1 0.6 0.6\n"
    description = "names: [nerve]\ntrain: images/train\nval: images/val\n"
    root = write_yolo(tmp_path / "set", dict.fromkeys(names, text), description)
    parser = argparse.ArgumentParser()
    train.add(parser)
    given = ["--data", str(root), "--output", str(tmp_path / "run"), "--size", "64"]
    options = parser.parse_args([*given, "--epochs", "1", "--batch", "4", "--device", "cpu"])
    with pytest.raises(LeakError, match="patient P01 is in train and val"):
        options.run(options)


def test_a_forced_patient_on_both_sides_is_written_down() -> None:
    forced = own_splits(_own(["train/P01", "train/P02"], ["val/P01"]), force=True)
    assert forced.leaks == ("patient P01 is in train and val (pictures: 2 in train, 2 in val)",)


@pytest.mark.parametrize(
    ("train_folders", "val_folders", "said"),
    [
        (["images/P01"], ["images/P01"], "patient P01"),
        ([f"x{n}/a" for n in range(10)], ["x3/b"], "patient x3"),
        (["monday", "tuesday"], ["tuesday"], "sequence tuesday"),
        (["p1/a", "p1/b"], ["p1/b", "p2/a"], "sequence p1/b"),
    ],
)
def test_what_is_torn_is_a_leak(train_folders, val_folders, said) -> None:
    with pytest.raises(LeakError, match=f"{said} is in train and val"):
        own_splits(_own(train_folders, val_folders))


def test_sequences_of_two_patients_on_both_sides_are_within_patient() -> None:
    splits = own_splits(_own(["patient1/seq1", "patient2/seq7"], ["patient1/seq2"]))
    assert splits.grouped_by == "sequence, within patient"
    assert splits.leaks == ()
    assert "grouped by sequence: the figures are within patient" in splits.warnings
    assert set(splits.patients.values()) == {""}


@pytest.mark.parametrize(
    ("train_folders", "val_folders"),
    [(["P01", "P02"], ["P03"]), (["all/a/1", "all/b/1"], ["all/c/1"])],
)
def test_patients_that_are_each_on_one_side_are_known(train_folders, val_folders) -> None:
    splits = own_splits(_own(train_folders, val_folders))
    assert (splits.grouped_by, splits.unit) == ("given lists", "patient")
    assert len(set(splits.patients.values())) == 3
    assert UNKNOWN not in splits.warnings


@pytest.mark.parametrize(
    ("train_folders", "val_folders"),
    [([""], [""]), (["train"], ["val"]), (["frames"], ["frames"]), (["monday"], ["tuesday"])],
)
def test_where_nobody_is_known_it_is_said_and_written_down(train_folders, val_folders) -> None:
    splits = own_splits(_own(train_folders, val_folders))
    assert splits.patients is None
    assert UNKNOWN in splits.warnings
    assert splits.rule == "lists, patients unknown"
