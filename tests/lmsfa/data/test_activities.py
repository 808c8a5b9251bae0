"""Activities of pictures: who says them, who does not, and what a mosaic leaves of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lmsfa.data.activities import UNKNOWN, activities_from
from lmsfa.data.annotated import AnnotatedSet, Annotation, DatasetError
from lmsfa.data.dataset import TrainingSet, collate
from lmsfa.data.opening import open_dataset


@pytest.fixture
def dataset(shapes_dataset: Path) -> AnnotatedSet:
    return open_dataset(shapes_dataset)


def _squares(annotation: Annotation, name: str) -> Annotation:
    kept = tuple(shape for shape in annotation.shapes if shape.class_id == 0)
    return replace(annotation, shapes=kept) if name[-5] in "13579" else annotation


def _table(folder: Path, *lines: str) -> str:
    path = folder / "activities.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_table_tells_activities_and_pictures_without_a_row_stay_unknown(
    dataset: AnnotatedSet, tmp_path: Path
) -> None:
    # Of a whole video, of which not every frame is annotated.
    lines = ("frame,task", "train/000.png,cut", "train/001,burn", "train/900.png,rinse")
    rule = _table(tmp_path, *lines)
    found = activities_from(rule, dataset)
    assert found.names == ("burn", "cut")
    assert not found.derived
    assert found.name_of("train/000.png", ()) == "cut"
    assert found.name_of("train/001.png", ()) == "burn"
    assert found.name_of("train/002.png", ()) is None


def test_a_row_may_leave_open_what_is_being_done(dataset: AnnotatedSet, tmp_path: Path) -> None:
    lines = ("picture,activity", "train/000.png,cut", "train/001.png,burn", "train/002.png,")
    found = activities_from(_table(tmp_path, *lines), dataset)
    assert found.names == ("burn", "cut")
    assert found.name_of("train/002.png", ()) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("picture,activity", "train/900.png,cut"), "no row is of a picture of"),
        (("picture,activity", ",cut"), "line 2: expected a picture and an activity"),
        (("picture,activity", "train/000.png,"), "no row is of a picture of"),
        (("picture,activity",), "no row is of a picture of"),
        (("",), "no rows"),
        (("picture,mood", "train/000.png,cut"), "a column 'activity'"),
        (("train/000.png,cut", "train/000.png,burn"), "'burn' here, 'cut' further up"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(
    dataset: AnnotatedSet, tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(DatasetError, match=said) as caught:
        activities_from(_table(tmp_path, *lines), dataset)
    assert "\n" not in str(caught.value)


def test_folders_tell_activities(dataset: AnnotatedSet) -> None:
    found = activities_from("folders", dataset)
    assert found.names == ("train", "val")
    assert found.name_of("val/000.png", ()) == "val"


def test_pictures_in_no_folder_tell_no_activity(dataset: AnnotatedSet) -> None:
    bare = tuple(replace(sample, name=sample.name.split("/")[1]) for sample in dataset.samples)
    with pytest.raises(DatasetError, match="no picture lies in a folder"):
        activities_from("folders", replace(dataset, samples=bare))


@pytest.mark.parametrize("rule", ["present:nerve", "present:", "weekdays"])
def test_a_rule_that_says_nothing_is_refused(dataset: AnnotatedSet, rule: str) -> None:
    with pytest.raises(DatasetError, match=r"no such class, only|expected a CSV file"):
        activities_from(rule, dataset)


def test_whether_a_class_is_in_view_follows_what_is_left_of_the_picture(
    dataset: AnnotatedSet,
) -> None:
    load = dataset.load
    # Every other picture shows no disc; a mosaic may show another picture's.
    dataset = replace(dataset, load=lambda sample: _squares(load(sample), sample.name))
    found = activities_from("present:dark disc", dataset)
    assert found.derived
    assert found.names == ("dark disc in view", "no dark disc in view")
    pictures = TrainingSet(dataset, dataset.in_split("train"), 64, 0, activities=found)
    pictures.start_epoch(0, 0.0)
    told = []
    for epoch in range(6):
        pictures.start_epoch(epoch, 0.5)
        for index in range(len(pictures)):
            example = pictures[index]
            told.append(example.activity)
            assert (example.activity == 0) == (1 in example.classes)
    assert set(told) == {0, 1}


def test_what_was_told_of_a_picture_is_unknown_in_a_mosaic(dataset: AnnotatedSet) -> None:
    found = activities_from("folders", dataset)
    pictures = TrainingSet(dataset, dataset.in_split("train"), 64, 0, activities=found)
    pictures.start_epoch(0, 0.0)
    assert collate([pictures[0], pictures[1]]).activities.tolist() == [0, 0]
    pictures.start_epoch(0, 1.0)
    assert collate([pictures[0], pictures[1]]).activities.tolist() == [UNKNOWN, UNKNOWN]


def test_activities_change_nothing_else_of_a_picture(dataset: AnnotatedSet) -> None:
    found = activities_from("folders", dataset)
    plain, told = (
        TrainingSet(dataset, dataset.in_split("train"), 64, 0, activities=activities)
        for activities in (None, found)
    )
    for pictures in (plain, told):
        pictures.start_epoch(2, 0.5)
    assert plain[3].activity == UNKNOWN
    assert np.array_equal(plain[3].rgb, told[3].rgb)
    assert np.array_equal(plain[3].masks, told[3].masks)
