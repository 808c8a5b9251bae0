"""YOLO segmentation sets in all layouts that programs write."""

from pathlib import Path

import numpy as np
import pytest
from written_sets import write_yolo

from lmsfa.data.annotated import DatasetError
from lmsfa.data.opening import open_dataset

SQUARE = "0.25 0.25 0.5 0.25 0.5 0.5 0.25 0.5"
TRAIN, VAL = "images/train/p1/0.png", "images/val/p2/0.png"


def _made(root: Path, text: str, description: str = "train: images/train\nnames: [a, b]\n") -> Path:
    return write_yolo(root, {TRAIN: text, VAL: f"1 {SQUARE}\n"}, description)


@pytest.mark.parametrize("names", ["[a, b]", "{0: a, 1: b}", "{1: b, 0: a}", "{'0': a, '1': b}"])
def test_shares_of_the_picture_become_pixels(tmp_path: Path, names: str) -> None:
    _made(tmp_path, f"1 {SQUARE}\n", f"train: images/train\nval: images/val\nnames: {names}\n")
    dataset = open_dataset(tmp_path)
    _, truth = dataset.annotated(dataset.in_split("train")[0])
    assert dataset.format == "yolo"
    assert [entry.name for entry in dataset.classes] == ["a", "b"]
    assert truth.classes == (1,)
    rows, columns = np.nonzero(truth.mask(1))
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (10, 20, 15, 30)


@pytest.mark.parametrize(
    "places",
    [
        "train: images/train\nval: images/val\n",
        "path: .\ntrain: [images/train]\nval: [images/val]\n",
        "path: /nowhere/at/all\ntrain: ../images/train\nval: images/val/\n",
        "train: lists/train.txt\nval: lists/val.txt\n",
        "train: images/train/*/*.png\nval: ../images/val/**/*.png\n",
        "train: images/train\nvalid: images/val\n",
        "train: images/train\nvalidation: [images/val]\n",
        "train: images/train\nval: images/val\nvalid: images/val\n",
    ],
)
def test_splits_are_folders_or_lists(tmp_path: Path, places: str) -> None:
    _made(tmp_path, f"0 {SQUARE}\n", places + "names: [a, b]\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text(f"../{TRAIN}\n\n")
    (tmp_path / "lists" / "val.txt").write_text(f"./{VAL}\n")
    dataset = open_dataset(tmp_path)
    assert [s.frame_path.name for s in dataset.in_split("train")] == ["0.png"]
    assert [dataset.truth(s).classes for s in dataset.in_split("val")] == [(1,)]
    assert dataset.in_split("train")[0].name != dataset.in_split("val")[0].name
    assert dataset.in_split("train")[0].group.endswith("p1")


def test_a_picture_of_a_pattern_is_named_from_the_patterns_folder(tmp_path: Path) -> None:
    _made(tmp_path, f"0 {SQUARE}\n", "train: images/train/p*/?.png\nnames: [a, b]\n")
    dataset = open_dataset(tmp_path)
    assert [(s.name, s.group) for s in dataset.samples] == [("p1/0.png", "p1")]
    assert dataset.truth(dataset.samples[0]).classes == (0,)


@pytest.mark.parametrize("value", ["images/val", "[images/val, more.txt]", "gone/away"])
def test_a_split_of_another_name_is_not_dropped_in_silence(tmp_path: Path, value: str) -> None:
    description = f"train: images/train\nminival: {value}\nnames: [a, b]\n"
    _made(tmp_path, "", description + "task: segment\nurl: https://a.org/b\nlicense: CC BY 4.0\n")
    problems = open_dataset(tmp_path).problems
    assert len(problems) == 1
    assert "data.yaml: minival: looks like a split" in problems[0]


def test_a_file_is_named_once(tmp_path: Path) -> None:
    _made(tmp_path, "0 1 2\n")
    labels = tmp_path / "labels/train/p1/0.txt"
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert str(caught.value).startswith(f"{labels}: line 1: ")
    labels.write_bytes(b"\xff")
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert str(caught.value).count("0.txt") == 1
    assert "0.png" not in str(caught.value)


def test_a_picture_without_a_file_holds_nothing(tmp_path: Path) -> None:
    _made(tmp_path, f"0 {SQUARE}\n")
    (tmp_path / "labels/train/p1/0.txt").unlink()
    dataset = open_dataset(tmp_path)
    assert dataset.truth(dataset.samples[0]).classes == ()


def test_equal_names_in_two_splits_stay_apart(tmp_path: Path) -> None:
    lines = {"images/train/0.png": f"0 {SQUARE}\n", "images/val/0.png": f"1 {SQUARE}\n"}
    write_yolo(tmp_path, lines, "train: images/train\nval: images/val\nnames: [a, b]\n")
    dataset = open_dataset(tmp_path)
    assert [s.name for s in dataset.samples] == ["images/train/0.png", "images/val/0.png"]
    assert [s.group for s in dataset.samples] == ["", ""]
    assert [dataset.truth(s).classes for s in dataset.samples] == [(0,), (1,)]


def test_spinal_names_of_any_spelling_come_in_the_papers_order(tmp_path: Path) -> None:
    _made(tmp_path, f"0 {SQUARE}\n1 {SQUARE}\n", "train: images/train\nnames: [Nerve, 骨]\n")
    dataset = open_dataset(tmp_path)
    assert [entry.name for entry in dataset.classes] == ["bone", "nerve"]
    assert dataset.truth(dataset.samples[0]).classes == (1, 0)


def test_spinal_names_are_understood_beside_others(tmp_path: Path) -> None:
    names = "names: [tool, Nerve, LF, 神经]\n"
    _made(tmp_path, f"0 {SQUARE}\n3 {SQUARE}\n2 {SQUARE}\n", f"train: images/train\n{names}")
    dataset = open_dataset(tmp_path)
    assert [entry.name for entry in dataset.classes] == ["ligamentum flavum", "nerve", "tool"]
    assert dataset.truth(dataset.samples[0]).classes == (2, 1, 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 0.5 0.5 0.2 0.2", "box"),
        ("0 0.1 0.1 0.2 0.2", "box"),
        ("0 0.1 0.1 0.2", "3 points"),
        (f"0 {SQUARE} 0.5", "3 points"),
        (f"7 {SQUARE}", "unknown class 7"),
        (f"0.5 {SQUARE}", "unknown class"),
        (f"nan {SQUARE}", "unknown class"),
        ("0 10 10 20 10 20 20", "shares"),
        ("0 nan 0 0 0 0 0", "nan"),
        ("0 inf 0 0 0 0 0", "inf"),
        ("0 a b c d e f", "numbers only"),
    ],
)
def test_a_malformed_line_is_named_with_file_and_number(
    tmp_path: Path, line: str, said: str
) -> None:
    _made(tmp_path, f"0 {SQUARE}\n{line}\n")
    with pytest.raises(DatasetError, match=rf"0\.txt: line 2: .*{said}"):
        open_dataset(tmp_path)
    dataset = open_dataset(tmp_path, skip_bad=True)
    assert dataset.truth(dataset.samples[0]).classes == (0,)
    assert len(dataset.problems) == 1


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("train: [", "YAML"),
        ("names: [a]", "train, val or test"),
        ("train: images/none\nnames: [a]", "images/none"),
        ("train: images/train\nnames: 3", "names"),
        ("train: images/train\nnames: {x: a}", "class number"),
        ("train: images/train\nnames: [3]", "cannot be a name"),
        ("train: images/train\nnames: {0: a, '0': b}", "class 0 comes twice"),
        ("train: images/train/*.gif\nnames: [a]", "no folder or list"),
        ("train: 7\nnames: [a]", "folders or lists"),
        ("train: 'a\\0b'\nnames: [a]", "no folder"),
    ],
)
def test_a_broken_description_is_one_line(tmp_path: Path, description: str, said: str) -> None:
    _made(tmp_path, f"0 {SQUARE}\n", description)
    with pytest.raises(DatasetError, match=said) as caught:
        open_dataset(tmp_path)
    assert "data.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    _made(tmp_path, "")
    (tmp_path / "labels/train/p1/0.txt").write_bytes(b"0 \xff\xff")
    with pytest.raises(DatasetError, match=r"0\.txt: not readable text"):
        open_dataset(tmp_path)


def test_a_list_that_names_a_missing_picture_is_named(tmp_path: Path) -> None:
    _made(tmp_path, f"0 {SQUARE}\n", "train: train.txt\nnames: [a, b]\n")
    (tmp_path / "train.txt").write_text(f"{TRAIN}\nimages/gone.png\n")
    with pytest.raises(DatasetError, match=r"train\.txt: line 2: no picture 'images/gone\.png'"):
        open_dataset(tmp_path)
    assert len(open_dataset(tmp_path, skip_bad=True).samples) == 1
