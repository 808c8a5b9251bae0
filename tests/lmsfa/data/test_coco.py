"""COCO instance files: polygons, run lengths, crowds, one file or one for each split."""

import json
from pathlib import Path

import numpy as np
import pytest
from faster_coco_eval.core import mask as library
from written_sets import flat, marked, square, write_coco, write_picture

from lmsfa.data.annotated import DatasetError, Truth
from lmsfa.data.formats.coco import split_of
from lmsfa.data.opening import open_dataset


def _truth(root: Path, **options) -> Truth:
    dataset = open_dataset(root, **options)
    assert dataset.format == "coco"
    return dataset.annotated(dataset.samples[0])[1]


def _mask() -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[5:20, 7:31] = True
    mask[9:12, 10:15] = False
    return mask


def _runs(mask: np.ndarray) -> list[int]:
    column = np.concatenate([[False], mask.T.ravel(), [not mask.T.ravel()[-1]]])
    edges = np.flatnonzero(np.diff(column))
    return np.diff([0, *edges.tolist()]).tolist()


def test_polygons_of_an_annotation_are_one_instance(tmp_path: Path) -> None:
    write_coco(tmp_path / "a.json", [marked([flat(square(0, 0)), flat(square(20, 20))], 20)])
    truth = _truth(tmp_path)
    assert truth.classes == (1,)
    assert np.count_nonzero(truth.mask(1)) == 200


@pytest.mark.parametrize("compressed", [False, True])
def test_run_lengths_are_exact(tmp_path: Path, compressed: bool) -> None:
    coded = library.encode(np.asfortranarray(_mask().astype(np.uint8)))["counts"]
    text = coded.decode() if isinstance(coded, bytes) else coded
    said = {"size": [40, 60], "counts": text if compressed else _runs(_mask())}
    write_coco(tmp_path / "a.json", [marked(said)])
    assert np.array_equal(_truth(tmp_path).mask(1), _mask())


def test_a_crowd_is_void(tmp_path: Path) -> None:
    said = {"size": [40, 60], "counts": _runs(_mask())}
    write_coco(tmp_path / "a.json", [marked(said, iscrowd=1), marked([flat(square(0, 0))])])
    truth = _truth(tmp_path)
    assert truth.classes == (0,)
    assert np.array_equal(truth.void, _mask() & ~truth.mask(1))


def test_a_picture_without_annotations_holds_nothing(tmp_path: Path) -> None:
    write_coco(tmp_path / "a.json", [])
    assert _truth(tmp_path).classes == ()


def test_every_split_may_have_its_file(tmp_path: Path) -> None:
    for split in ("train", "val"):
        frames = [{"id": 1, "file_name": f"{split}.png", "height": 40, "width": 60}]
        path = tmp_path / "annotations" / f"instances_{split}2017.json"
        write_coco(path, [marked([flat(square(0, 0))])], frames=frames)
        folder = tmp_path / f"{split}2017"
        folder.mkdir()
        (tmp_path / "annotations" / "images" / f"{split}.png").rename(folder / f"{split}.png")
    dataset = open_dataset(tmp_path)
    assert dict(dataset.splits) == {"train": ("train.png",), "val": ("val.png",)}


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("instances_train2017.json", "train"),
        ("valid/_annotations.coco.json", "val"),
        ("a/test.json", "test"),
        ("a/contrast.json", ""),
    ],
)
def test_a_split_is_a_word_of_the_files_or_folders_name(path: str, split: str) -> None:
    assert split_of(Path(path)) == split


def test_of_two_pictures_of_one_name_the_one_of_the_split_is_meant(tmp_path: Path) -> None:
    frames = [{"id": 1, "file_name": "0.png", "height": 20, "width": 20}]
    path = tmp_path / "annotations" / "instances_val.json"
    write_coco(path, [], frames=frames)
    (tmp_path / "annotations/images/0.png").unlink()
    write_picture(tmp_path / "train" / "0.png", 40, 60)
    write_picture(tmp_path / "val" / "0.png", 20, 20)
    assert open_dataset(tmp_path).samples[0].frame_path == tmp_path / "val" / "0.png"


def test_equal_names_in_two_splits_stay_apart(tmp_path: Path) -> None:
    frames = [{"id": 1, "file_name": "0001.png", "height": 40, "width": 60}]
    for category, split in ((10, "train"), (20, "valid")):
        path = tmp_path / split / "_annotations.coco.json"
        write_coco(path, [marked([flat(square(0, 0))], category)], frames=frames)
        (path.parent / "images/0001.png").rename(path.parent / "0001.png")
    dataset = open_dataset(tmp_path)
    assert dict(dataset.splits) == {"train": ("train/0001.png",), "val": ("valid/0001.png",)}
    assert [dataset.truth(sample).classes for sample in dataset.samples] == [(0,), (1,)]
    assert [sample.group for sample in dataset.samples] == ["", ""]


def test_one_picture_in_two_files_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    frames = [{"id": 1, "file_name": "1.png"}]
    write_coco(tmp_path / "a.json", [], frames=frames)
    (tmp_path / "labels").mkdir()
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "b.json").write_text(text.replace("1.png", "labels/../images/1.png"))
    with pytest.raises(DatasetError, match=r"b\.json: picture .* comes twice"):
        open_dataset(tmp_path)


def test_folders_of_names_are_groups(tmp_path: Path) -> None:
    frames = [{"id": 1, "file_name": "p1\\seq 2\\1.png"}]
    write_coco(tmp_path / "a.json", [], frames=frames)
    (tmp_path / "images/p1\\seq 2\\1.png").unlink()
    write_picture(tmp_path / "images/p1/seq 2/1.png")
    sample = open_dataset(tmp_path).samples[0]
    assert (sample.name, sample.group) == ("p1/seq 2/1.png", "p1/seq 2")


def _category(number: int, name: str, above: str) -> dict:
    return {"id": number, "name": name, "supercategory": above}


def test_a_heading_of_categories_is_no_class_unless_it_is_drawn(tmp_path: Path) -> None:
    categories = [_category(0, "spine", "none"), _category(1, "Fat", "spine")]
    categories += [_category(2, "tool", "spine"), _category(3, "脂肪组织", "spine")]
    drawn = [marked([flat(square(0, 0))], 2), marked([flat(square(20, 20))], 3)]
    write_coco(tmp_path / "a.json", drawn, categories=categories)
    assert [entry.name for entry in open_dataset(tmp_path).classes] == ["adipose", "tool"]
    assert _truth(tmp_path).classes == (1, 0)
    write_coco(tmp_path / "a.json", [marked([flat(square(0, 0))], 0)], categories=categories)
    assert [entry.name for entry in open_dataset(tmp_path).classes] == ["adipose", "spine", "tool"]


@pytest.mark.parametrize("own", ["7", "frame 1", 7])
@pytest.mark.parametrize("category", ["10", 10])
def test_ids_may_be_text(tmp_path: Path, own: object, category: object) -> None:
    frames = [{"id": own, "file_name": "1.png"}]
    categories = [{"id": "10", "name": "b"}, {"id": "9", "name": "a"}]
    drawn = [marked([flat(square(0, 0))], category, image_id=own)]
    write_coco(tmp_path / "a.json", drawn, frames=frames, categories=categories)
    assert [entry.name for entry in open_dataset(tmp_path).classes] == ["a", "b"]
    assert _truth(tmp_path).classes == (1,)


def test_a_size_that_is_not_said_is_the_pictures_own(tmp_path: Path) -> None:
    frames = [{"id": 1, "file_name": "1.png", "height": None, "width": None}]
    write_coco(tmp_path / "a.json", [marked([flat(square(0, 0))])], frames=frames)
    assert _truth(tmp_path).void.shape == (40, 60)


def test_licence_and_attribution_are_read(tmp_path: Path) -> None:
    more = {"info": {"contributor": "somebody"}, "licenses": [{"id": 1, "name": "CC BY 4.0"}]}
    write_coco(tmp_path / "a.json", [], **more)
    dataset = open_dataset(tmp_path)
    assert (dataset.licence, dataset.attribution) == ("CC BY 4.0", "somebody")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (marked([]), "no segmentation"),
        (marked([[1, 2, 3]]), "x and y"),
        (marked([[1, 2, 3, 4]]), "3 points"),
        (marked([flat(square(0, float("inf")))]), "inf"),
        (marked([["a"] * 6]), "numbers"),
        (marked({"size": [60, 40], "counts": [2400]}), "size"),
        (marked({"size": [40, 60], "counts": [2399]}), "fill"),
        (marked({"size": [40, 60], "counts": [2401, -1]}), "fill"),
        (marked({"size": [40, 60], "counts": ["2400"]}), "fill"),
        (marked({"size": [40, 60], "counts": "zz~~"}), "broken|early|fill"),
        (marked({"size": [40, 60]}), "list or a string"),
        (marked([flat(square(0, 0))], 99), "unknown class"),
        (marked([flat(square(0, 0))], None), "unknown class"),
        (marked([flat(square(0, 0))], [1]), "unknown class"),
        (marked([flat(square(0, 0))], image_id=5), "no picture"),
        (marked([flat(square(0, 0))], image_id=[1]), "no picture"),
        ("no", "object"),
    ],
)
def test_a_malformed_annotation_is_named_with_file_and_number(
    tmp_path: Path, entry: object, said: str
) -> None:
    write_coco(tmp_path / "a.json", [marked([flat(square(0, 0))]), entry])
    with pytest.raises(DatasetError, match=rf"a\.json: annotation.*1.*({said})") as caught:
        open_dataset(tmp_path)
    assert "\n" not in str(caught.value)
    assert _truth(tmp_path, skip_bad=True).classes == (0,)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}], "twice"),
        ([{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "a.png"}], "twice"),
        ([{"id": 1, "file_name": "a.png", "height": 7, "width": 7}], "7 x 7"),
        ([{"id": 1.5, "file_name": "a.png"}], "whole number"),
        ([{"id": True, "file_name": "a.png"}], "whole number"),
        ([{"id": "1", "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}], "twice"),
    ],
)
def test_a_malformed_picture_is_named(tmp_path: Path, frames: list, said: str) -> None:
    write_coco(tmp_path / "a.json", [], frames=frames)
    with pytest.raises(DatasetError, match=rf"a\.json: .*{said}"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("part", ["images", "annotations", "categories"])
def test_a_part_that_is_no_list_is_named(tmp_path: Path, part: str) -> None:
    path = write_coco(tmp_path / "a.json", [])
    path.write_text(json.dumps(json.loads(path.read_text()) | {part: {}}))
    with pytest.raises(DatasetError, match=rf"a\.json: {part}: expected a list"):
        open_dataset(tmp_path)
