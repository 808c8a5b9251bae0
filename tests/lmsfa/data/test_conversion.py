"""Every format gives back what was written: classes, names, groups, splits and pixels."""

import json
import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_sets import shape, square, write_labelme, write_picture

from lmsfa.data.annotated import (
    AnnotatedSet,
    Annotation,
    DatasetClass,
    DatasetError,
    Sample,
    Shape,
    Truth,
    rasterise,
)
from lmsfa.data.conversion import WRITERS, convert
from lmsfa.data.formats.rings import rings_of, seamed
from lmsfa.data.opening import open_dataset
from lmsfa.data.polygon import polygon_region
from lmsfa.prediction import Region

LARYNX = os.environ.get("LARYNX_DATA", "")
HEIGHT, WIDTH = 24, 32
NAMES = ("a.png", "p1/a.png", "p1/b.png", "p 2/ä.png")
CLASSES = (
    DatasetClass("tumour", (1, 2, 3), "instrument"),
    DatasetClass("a_b", (4, 5, 6)),
    DatasetClass("a b", (7, 8, 9), "protected"),
)
SPINAL = (DatasetClass("Nerve", (9, 9, 9)), DatasetClass("骨", (0, 0, 1), "protected"))
quickly = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Uneven steps: no edge runs exactly through a pixel's centre, where rounding would decide.
_COORDINATE = st.integers(-15, 110).map(lambda step: step * 0.3719 - 1.0131)
_POLYGON = st.lists(st.tuples(_COORDINATE, _COORDINATE), min_size=3, max_size=7).map(np.array)
_REGION = st.builds(
    lambda seed, top, left, size: Region(top, left, np.random.default_rng(seed).random(size) < 0.6),
    st.integers(0, 99),
    st.integers(0, 12),
    st.integers(0, 16),
    st.tuples(st.integers(1, 12), st.integers(1, 16)),
)


def _shapes(classes: int) -> st.SearchStrategy[tuple[Shape, ...]]:
    drawn = st.builds(
        lambda class_id, polygons, masks: Shape(class_id, tuple(polygons), tuple(masks)),
        st.integers(0, classes - 1),
        st.lists(_POLYGON, max_size=2),
        st.lists(_REGION, max_size=2),
    ).filter(lambda shape: shape.polygons or shape.masks)
    return st.lists(drawn, max_size=4).map(tuple)


@st.composite
def _sets(draw: st.DrawFn, folder: Path) -> AnnotatedSet:
    classes = draw(st.sampled_from([CLASSES, SPINAL]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    samples, annotations = [], {}
    for name in names:
        path = folder / name
        if not path.exists():
            write_picture(path, HEIGHT, WIDTH, NAMES.index(name))
        samples.append(Sample(name, name.rpartition("/")[0], path))
        seed = draw(st.integers(0, 3))
        void = np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.1 * seed
        annotations[name] = Annotation(HEIGHT, WIDTH, draw(_shapes(len(classes))), void)
    split = st.lists(st.sampled_from(names), unique=True).map(tuple)
    splits = draw(st.dictionaries(st.sampled_from(["train", "val", "test", "fold 1"]), split))
    load = lambda sample: annotations[sample.name]  # noqa: E731
    return AnnotatedSet(folder, "made", "made", classes, "CC0", "we", tuple(samples), splits, load)


def _back(dataset: AnnotatedSet, format_name: str) -> tuple[AnnotatedSet, dict[str, Truth], dict]:
    """The set, its truths, and the losses, after writing and reading."""
    with tempfile.TemporaryDirectory() as folder:
        losses = convert(dataset, format_name, Path(folder) / "written")
        found = open_dataset(Path(folder) / "written")
        assert found.format == format_name
        truths = {sample.name: found.annotated(sample)[1] for sample in found.samples}
    return found, truths, dict(losses)


def _same_but_pixels(dataset: AnnotatedSet, found: AnnotatedSet) -> None:
    assert found.classes == dataset.classes
    assert (found.name, found.licence, found.attribution) == ("made", "CC0", "we")
    assert {(s.name, s.group) for s in found.samples} == {
        (s.name, s.group) for s in dataset.samples
    }
    assert dict(found.splits) == dict(dataset.splits)
    assert found.problems == ()


def _instances(truth: Truth) -> list[tuple[int, bytes]]:
    return [(c, truth.mask(n).tobytes()) for n, c in enumerate(truth.classes, 1)]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.mark.parametrize("format_name", ["labelme", "coco", "yolo"])
@quickly
@given(data=st.data())
def test_instances_come_back_with_exactly_their_pixels(
    format_name: str, pictures: Path, data: st.DataObject
) -> None:
    dataset = data.draw(_sets(pictures))
    found, truths, losses = _back(dataset, format_name)
    _same_but_pixels(dataset, found)
    for sample in dataset.samples:
        before = dataset.truth(sample)
        assert _instances(truths[sample.name]) == _instances(before)
        if format_name != "yolo":
            assert np.array_equal(truths[sample.name].void, before.void)
    with_void = sum(dataset.load(sample).void.any() for sample in dataset.samples)
    said = losses.get("pictures with void, which becomes background", 0)
    assert said == (with_void if format_name == "yolo" else 0)


@quickly
@given(data=st.data())
def test_what_a_label_map_changes_is_counted(pictures: Path, data: st.DataObject) -> None:
    dataset = data.draw(_sets(pictures))
    found, truths, losses = _back(dataset, "label-map")
    _same_but_pixels(dataset, found)
    changed = 0
    for sample in dataset.samples:
        before, after = dataset.truth(sample), truths[sample.name]
        assert np.array_equal(before.void, after.void)
        assert np.array_equal(before.instances.any(axis=0), after.instances.any(axis=0))
        changed += (Counter(_instances(before)) - Counter(_instances(after))).total()
    assert changed == sum(n for what, n in losses.items() if what.startswith("instances changed"))


@quickly
@given(st.integers(0, 999), st.integers(1, 6), st.integers(0, 99))
def test_the_line_around_pixels_gives_the_pixels(seed: int, block: int, top: int) -> None:
    cells = np.random.default_rng(seed).random((6, 7)) < 0.5
    mask = np.kron(cells, np.ones((block, block), bool)) > 0
    region = Region(top, 3, mask)
    if mask.any():
        again = polygon_region(seamed(rings_of(region)), 300, 300)
        whole = np.zeros((2, 300, 300), bool)
        whole[0][region.window], whole[1][again.window] = region.mask, again.mask
        assert np.array_equal(*whole)


def test_a_label_map_shows_the_small_and_the_protected_on_top(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "set" / "a.png", HEIGHT, WIDTH)
    big = Shape(0, (np.array(square(0, 0, 20)),))
    small, nerve = Shape(1, (np.array(square(2, 2, 3)),)), Shape(2, (np.array(square(6, 6, 14)),))
    void = np.zeros((HEIGHT, WIDTH), bool)
    annotation = Annotation(HEIGHT, WIDTH, (nerve, small, big), void)
    dataset = AnnotatedSet(
        tmp_path / "set",
        "made",
        "x",
        CLASSES,
        "",
        "",
        (Sample("a.png", "", path),),
        {},
        lambda _: annotation,
    )
    _, truths, losses = _back(dataset, "label-map")
    areas = {
        c: np.count_nonzero(truths["a.png"].mask(n))
        for n, c in enumerate(truths["a.png"].classes, 1)
    }
    assert areas == {0: 400 - 9 - 14 * 14, 1: 9, 2: 14 * 14}
    assert losses["pixels painted over"] == 9 + 14 * 14


def _small_set(root: Path) -> AnnotatedSet:
    write_labelme(root / "p1" / "a.json", [shape("nerve", square(0, 0))])
    write_labelme(root / "p2" / "b.json", [shape("bone", square(5, 5))])
    return open_dataset(root)


@pytest.mark.parametrize("format_name", sorted(WRITERS))
def test_pictures_are_copied_bit_by_bit(tmp_path: Path, format_name: str) -> None:
    dataset = _small_set(tmp_path / "set")
    convert(dataset, format_name, tmp_path / "out")
    for sample in open_dataset(tmp_path / "out").samples:
        before = tmp_path / "set" / sample.name
        assert sample.frame_path.read_bytes() == before.read_bytes()


def test_a_converted_set_is_only_replaced_when_asked(tmp_path: Path) -> None:
    dataset = _small_set(tmp_path / "set")
    convert(dataset, "labelme", tmp_path / "out")
    with pytest.raises(DatasetError, match="overwrite"):
        convert(dataset, "yolo", tmp_path / "out")
    convert(dataset, "yolo", tmp_path / "out", overwrite=True)
    assert open_dataset(tmp_path / "out").format == "yolo"
    assert not list((tmp_path / "out").rglob("p1/*.json"))


def test_a_folder_that_no_conversion_wrote_is_never_removed(tmp_path: Path) -> None:
    dataset = _small_set(tmp_path / "set")
    kept = tmp_path / "thesis" / "text.tex"
    kept.parent.mkdir()
    kept.write_text("years of work")
    with pytest.raises(DatasetError, match="another folder"):
        convert(dataset, "yolo", kept.parent, overwrite=True)
    assert kept.exists()


@pytest.mark.parametrize("place", [".", "out", ".."])
def test_a_set_is_never_written_into_itself(tmp_path: Path, place: str) -> None:
    dataset = _small_set(tmp_path / "set")
    with pytest.raises(DatasetError, match="apart"):
        convert(dataset, "yolo", tmp_path / "set" / place, overwrite=True)


def test_a_failed_conversion_leaves_nothing_behind(tmp_path: Path) -> None:
    dataset = _small_set(tmp_path / "set")
    (tmp_path / "set" / "p2" / "b.png").unlink()
    with pytest.raises(DatasetError, match=r"b\.png"):
        convert(dataset, "coco", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("format_name", ["yolo", "label-map"])
def test_names_that_differ_by_their_ending_only_are_refused_or_kept_apart(
    tmp_path: Path, format_name: str
) -> None:
    write_labelme(tmp_path / "set" / "a.json", [shape("x", square(0, 0))])
    write_labelme(tmp_path / "set" / "b.json", [shape("x", square(0, 0))], imagePath="a.jpg")
    write_picture(tmp_path / "set" / "a.jpg")
    dataset = open_dataset(tmp_path / "set")
    with pytest.raises(DatasetError, match=r"a\.jpg.*differ only"):
        convert(dataset, format_name, tmp_path / "out")
    convert(dataset, "labelme", tmp_path / "labelme")
    assert {s.name for s in open_dataset(tmp_path / "labelme").samples} == {"a.png", "a.jpg"}


def test_a_description_that_names_missing_pictures_is_named(tmp_path: Path) -> None:
    convert(_small_set(tmp_path / "set"), "labelme", tmp_path / "out")
    path = tmp_path / "out" / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"splits": {"train": ["gone"]}}))
    with pytest.raises(DatasetError, match=r"dataset\.json: split 'train': picture 'gone'"):
        open_dataset(tmp_path / "out")


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
@pytest.mark.parametrize("format_name", sorted(WRITERS))
def test_larynx_pictures_come_back_with_exactly_their_pixels(format_name: str) -> None:
    whole = open_dataset(Path(LARYNX))
    samples = (*whole.in_split("train")[::150], *whole.in_split("val")[::40])
    kept = {sample.name for sample in samples}
    splits = {s: tuple(n for n in names if n in kept) for s, names in whole.splits.items()}
    dataset = replace(whole, samples=samples, splits=splits)
    found, truths, losses = _back(dataset, format_name)
    assert (found.classes, dict(found.splits)) == (dataset.classes, splits)
    assert found.attribution == dataset.attribution
    for sample in samples:
        before = rasterise(dataset.load(sample))
        assert _instances(truths[sample.name]) == _instances(before)
        assert format_name == "yolo" or np.array_equal(truths[sample.name].void, before.void)
    assert ("pictures with void, which becomes background" in losses) == (format_name == "yolo")
