"""Reading annotated pictures, and moving them without parting picture and truth."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from lmsfa.data.annotated import AnnotatedSet, DatasetError, Truth
from lmsfa.data.augmentation import Geometry, mosaic, random_transform, relight, warp
from lmsfa.data.opening import open_dataset

LARYNX = os.environ.get("LARYNX_DATA", "")


def _one_label(root: Path, values: np.ndarray) -> tuple[AnnotatedSet, Truth]:
    for sample in open_dataset(root).in_split("val"):
        cv2.imwrite(str(root / "labels" / sample.name), values)
    dataset = open_dataset(root)
    return dataset, dataset.truth(dataset.in_split("val")[0])


_CLASS = {"id": 1, "name": "square", "colour": [1, 2, 3]}


def _describe(root: Path, **changes: object) -> None:
    path = root / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _undescribe(root: Path, part: str) -> None:
    path = root / "dataset.json"
    said = json.loads(path.read_text())
    del said[part]
    path.write_text(json.dumps(said))


def _empty_folder(root: Path) -> None:
    (root / "images" / "none").mkdir()
    _describe(root, splits={"train": ["none"], "val": ["val"]})


def _first_truth(root: Path) -> Truth:
    dataset = open_dataset(root)
    return dataset.truth(dataset.in_split("val")[0])


@pytest.fixture
def own_shapes(shapes_dataset: Path, tmp_path: Path) -> Path:
    """A copy of the shapes that a test may spoil."""
    return Path(shutil.copytree(shapes_dataset, tmp_path / "own"))


def test_touching_corners_join_and_small_components_are_void(own_shapes: Path) -> None:
    values = np.zeros((96, 96), np.uint8)
    values[10:20, 10:20] = 1
    values[20:30, 20:30] = 1
    values[60:63, 60:63] = 1
    _, truth = _one_label(own_shapes, values)
    assert truth.classes == (0,)
    assert np.count_nonzero(truth.mask(1)) == 200
    assert truth.void[61, 61]
    assert not truth.void[0, 0]


def test_holes_stay_holes_and_void_is_no_class(own_shapes: Path) -> None:
    values = np.full((96, 96), 9, np.uint8)
    values[10:40, 10:40] = 2
    values[20:30, 20:30] = 0
    _, truth = _one_label(own_shapes, values)
    assert truth.classes == (1,)
    assert truth.instances[0, 25, 25] == 0
    assert truth.void[90, 90]
    assert not truth.void[25, 25]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: (root / "dataset.json").unlink(), "no data set found"),
        (lambda root: (root / "dataset.json").write_text("{"), "not readable JSON"),
        (lambda root: (root / "dataset.json").write_text('{"format": "x"}'), "label-map, labelme"),
        (lambda root: (root / "dataset.json").write_text("[]"), "no data set found"),
        (lambda root: (root / "labels" / "val" / "000.png").unlink(), "no label map"),
        (lambda root: (root / "labels" / "val" / "000.png").write_bytes(b"no"), "8-bit"),
        (lambda root: shutil.rmtree(root / "images" / "val"), "folder"),
        (lambda root: _describe(root, splits={"val": [".."]}), "outside"),
        (lambda root: _describe(root, splits={"val": ["/"]}), "outside"),
        (_empty_folder, "none: listed in a split, but"),
        (lambda root: _describe(root, classes=[_CLASS, _CLASS]), "of the same name"),
        (lambda root: _describe(root, instances={"connectivity": 7}), "connectivity"),
        (lambda root: _describe(root, void=None), "label-map"),
        (lambda root: (root / "dataset.json").write_text("[" * 100_000), "not readable JSON"),
    ],
)
def test_a_broken_set_is_named_in_one_line(own_shapes: Path, spoil: object, said: str) -> None:
    spoil(own_shapes)
    with pytest.raises(DatasetError, match=said) as caught:
        _first_truth(own_shapes)
    assert "\n" not in str(caught.value)


def test_without_splits_all_pictures_wait_to_be_split(own_shapes: Path) -> None:
    _undescribe(own_shapes, "splits")
    dataset = open_dataset(own_shapes)
    assert len(dataset.samples) == 12
    assert dict(dataset.splits) == {}
    assert {sample.group for sample in dataset.samples} == {"train", "val"}


def test_without_a_rule_every_component_is_an_instance(own_shapes: Path) -> None:
    _undescribe(own_shapes, "instances")
    values = np.zeros((96, 96), np.uint8)
    values[10:20, 10:20] = 1
    values[20:22, 20:22] = 1
    values[60:62, 60:62] = 1
    _, truth = _one_label(own_shapes, values)
    assert [np.count_nonzero(truth.mask(number)) for number in (1, 2)] == [104, 4]


@pytest.mark.parametrize("entry", [".", "p1", "./p1/", "p1/seq1/000.png", "../images/p1/seq1"])
def test_folders_of_a_split_are_searched_to_the_bottom(own_shapes: Path, entry: str) -> None:
    for part in ("images", "labels"):
        (own_shapes / part / "p1").mkdir()
        (own_shapes / part / "train").rename(own_shapes / part / "p1" / "seq1")
    _describe(own_shapes, splits={"train": [entry]})
    samples = open_dataset(own_shapes).in_split("train")
    counts = {".": 12, "p1/seq1/000.png": 1}
    assert len(samples) == counts.get(entry, 8)
    assert (samples[0].name, samples[0].group) == ("p1/seq1/000.png", "p1/seq1")


def test_a_picture_that_two_splits_take_is_named(own_shapes: Path) -> None:
    _describe(own_shapes, splits={"train": [".", "train"], "val": ["val"]})
    dataset = open_dataset(own_shapes)
    assert len(dataset.in_split("train")) == 12
    assert len(dataset.problems) == 1
    said = "4 pictures of split 'val' are also in split 'train', val/000.png for one"
    assert said in dataset.problems[0]
    _describe(own_shapes, splits={"train": ["val/000.png"], "val": ["val/000.png"]})
    assert open_dataset(own_shapes).problems == ()


@pytest.mark.parametrize("bits", [2, 8])
def test_a_map_with_a_palette_holds_its_indices(own_shapes: Path, bits: int) -> None:
    values = np.zeros((96, 96), np.uint8)
    values[10:40, 10:40] = 2
    picture = Image.fromarray(values).convert("P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.putdata(values.ravel().tolist())
    picture.save(own_shapes / "labels" / "val" / "000.png", bits=bits)
    with Image.open(own_shapes / "labels" / "val" / "000.png") as saved:
        assert saved.mode == "P"
    truth = _first_truth(own_shapes)
    assert truth.classes == (1,)
    assert np.count_nonzero(truth.mask(1)) == 900


def test_a_label_map_of_another_size_than_its_picture_is_refused(own_shapes: Path) -> None:
    dataset, _ = _one_label(own_shapes, np.full((48, 96), 1, np.uint8))
    with pytest.raises(DatasetError, match="96 x 48"):
        dataset.annotated(dataset.in_split("val")[0])


def test_values_that_nobody_declared_are_named(own_shapes: Path) -> None:
    with pytest.raises(DatasetError, match=r"\[77\]"):
        _one_label(own_shapes, np.full((96, 96), 77, np.uint8))


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_moves_with_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = np.full((120, 160, 3), 40, np.uint8)
    instances = np.zeros((120, 160), np.uint16)
    rgb[30:80, 50:120] = 220
    instances[30:80, 50:120] = 1
    truth = Truth(instances[None], (0,), np.zeros((120, 160), bool))
    transform = random_transform(120, 160, (96, 96), rng, Geometry())
    moved, moved_truth = warp(rgb, truth, transform, (96, 96))
    bright = moved[..., 0] > 167
    mask = moved_truth.mask(1)
    assert np.count_nonzero(bright & mask) / np.count_nonzero(bright | mask) > 0.95


def test_a_mosaic_keeps_every_instance_its_class() -> None:
    rng = np.random.default_rng(0)
    parts = []
    for class_id, brightness in enumerate((90, 140, 190, 240)):
        rgb = np.full((64, 64, 3), brightness, np.uint8)
        instances = np.ones((64, 64), np.uint16)
        parts.append((rgb, Truth(instances[None], (class_id,), np.zeros((64, 64), bool))))
    canvas, truth = mosaic(
        parts, 128, rng, Geometry(turn_deg=0, scale_low=1, scale_high=1, shift=0)
    )
    assert truth.classes == (0, 1, 2, 3)
    for number, brightness in enumerate((90, 140, 190, 240), 1):
        inside = canvas[truth.mask(number)]
        assert np.median(inside) == brightness


def test_relighting_keeps_shape_and_type() -> None:
    rgb = np.full((32, 48, 3), 128, np.uint8)
    for seed in range(20):
        lit = relight(rgb, np.random.default_rng(seed))
        assert lit.shape == rgb.shape
        assert lit.dtype == np.uint8


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_the_larynx_set_is_read_as_its_authors_count_it() -> None:
    dataset = open_dataset(Path(LARYNX))
    samples = dataset.in_split("val")
    counts = Counter(c for sample in samples for c in dataset.truth(sample).classes)
    assert len(samples) == 60
    assert len(dataset.in_split("train")) == 406
    assert [counts[i] for i in range(6)] == [90, 80, 59, 28, 48, 57]
    described = json.loads((Path(LARYNX) / "dataset.json").read_text())
    assert [entry.name for entry in dataset.classes] == [c["name"] for c in described["classes"]]


def test_a_set_without_pictures_is_named(own_shapes: Path) -> None:
    _describe(own_shapes, images="elsewhere", splits={})
    with pytest.raises(DatasetError, match="no annotated picture"):
        open_dataset(own_shapes)
    with pytest.raises(DatasetError, match="no annotated picture"):
        open_dataset(own_shapes, skip_bad=True)
