"""Leaks are errors, or written down; lists are taken as they are."""

from dataclasses import replace

import pytest
from made_patients import made_set, patients

from lmsfa.data.splits.dealing import make_splits
from lmsfa.data.splits.grouping import by_folder, by_sequence
from lmsfa.data.splits.lists import read_lists, splits_from_lists
from lmsfa.data.splits.record import LeakError, apply, read_splits, write_splits
from lmsfa.errors import InputError

TORN = {"train": ["p00/0", "p00/1", "p01/0"], "val": ["p00/2", "p02/0"]}


def test_lists_are_taken_as_they_are():
    dataset = made_set(patients(4))
    lists = {"test": ["p03/1.jpg", "p02\\0.json"], "training": ["else/where/p00/3.jpg", "p01/2"]}
    splits = splits_from_lists(dataset, lists, by_folder(dataset, 1))
    assert splits.samples == {
        "test": ("p03/1.jpg", "p02/0.jpg"),
        "training": ("p00/3.jpg", "p01/2.jpg"),
    }
    assert (splits.grouped_by, splits.seed, splits.asked) == ("given lists", None, ())
    assert "12 of 16 pictures are in no split" in splits.warnings
    assert apply(dataset, splits).in_split("test")[0].name == "p03/1.jpg"


def test_patients_that_are_known_are_resampled_whatever_dealt_the_pictures():
    dataset = made_set(patients(4))
    lists = {"train": ["p00/0"], "val": ["p01/0"]}
    known = splits_from_lists(dataset, lists, by_folder(dataset, 1))
    assert known.patients is not None
    assert known.patients["p01/0.jpg"] == "p01"
    assert splits_from_lists(dataset, lists).patients is None


def test_lists_within_patients_say_so():
    dataset = made_set({f"p/s{s}/{n}.jpg": (0, 1) for s in range(2) for n in range(2)})
    lists = {"train": ["s0/0", "s0/1"], "val": ["s1/0", "s1/1"]}
    splits = splits_from_lists(dataset, lists, by_sequence(dataset))
    assert splits.grouped_by == "sequence, within patient"
    with pytest.raises(LeakError, match="patient p is in train and val"):
        splits_from_lists(dataset, lists, by_folder(dataset, 1))


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"train": ["p00/9"]}, "'train': no picture fits 'p00/9'"),
        ({"train": ["p09/0.jpg"]}, "no picture fits"),
        ({"train": ["3.jpg"]}, "fits 4 pictures of made, such as p00/3.jpg and p01/3.jpg"),
        ({"val": ["p00/0", "p00/0.jpg"]}, "'val' names p00/0.jpg twice"),
    ],
)
def test_line_that_means_no_picture_is_named(lists, said):
    with pytest.raises(InputError, match=said):
        splits_from_lists(made_set(patients(4)), lists)


def test_patient_in_two_splits_is_an_error_that_names_both():
    dataset = made_set(patients(4))
    with pytest.raises(LeakError, match=r"patient p00 is in train and val \(pictures: 2 in train"):
        splits_from_lists(dataset, TORN, by_folder(dataset, 1))


def test_picture_in_two_splits_is_an_error_though_nobody_knows_the_patients():
    lists = {"train": ["p00/0"], "test": ["p00/0.jpg"]}
    with pytest.raises(LeakError, match=r"picture p00/0\.jpg is in train and test"):
        splits_from_lists(made_set(patients(2)), lists)


@pytest.fixture
def copied(tmp_path):
    """A set with the same file under two patients, and an equally long one under a third."""
    content = {"p00/0.jpg": b"same", "p01/3.jpg": b"same", "p02/0.jpg": b"else"}
    files = {}
    for number, (name, data) in enumerate(content.items()):
        files[name] = tmp_path / f"{number}.jpg"
        files[name].write_bytes(data)
    return made_set(patients(12), files=files)


def test_same_file_in_two_splits_is_an_error(copied):
    lists = {"train": ["p00/0", "p02/0"], "val": ["p01/3"], "test": ["p03/0"]}
    with pytest.raises(LeakError) as error:
        splits_from_lists(copied, lists, by_folder(copied, 1))
    assert "pictures p00/0.jpg in train and p01/3.jpg in val are the same file" in str(error.value)
    assert "more" not in str(error.value)


def test_same_file_twice_in_one_split_is_no_leak(copied):
    lists = {"train": ["p00/0", "p01/3"], "val": ["p02/0"]}
    assert splits_from_lists(copied, lists, by_folder(copied, 1)).leaks == ()


def test_made_splits_are_checked_too(copied):
    grouping = by_folder(copied, 1)
    leaky = [seed for seed in range(5) if _leaks(copied, grouping, seed)]
    assert leaky
    forced = make_splits(copied, grouping, (0.5, 0.5), leaky[0], force=True)
    assert len(forced.leaks) == 1
    assert "the same file" in forced.leaks[0]


def _leaks(dataset, grouping, seed):
    try:
        make_splits(dataset, grouping, (0.5, 0.5), seed)
    except LeakError:
        return True
    return False


def test_picture_inside_its_json_file_is_compared_as_well(tmp_path, copied):
    inline = tmp_path / "inline.json"
    inline.write_text('{"version": "5", "imageData": "c2FtZQ==", "shapes": []}')
    files = {"p00/0.jpg": inline, "p01/3.jpg": copied.samples[0].frame_path}
    dataset = made_set(patients(2), files=files)
    with pytest.raises(LeakError, match="the same file"):
        splits_from_lists(dataset, {"train": ["p00/0"], "val": ["p01/3"]})


def test_picture_that_is_gone_is_named(tmp_path):
    dataset = made_set(patients(2), files={"p00/0.jpg": tmp_path / "gone.jpg"})
    with pytest.raises(InputError, match=r"gone\.jpg: cannot be read"):
        splits_from_lists(dataset, {"train": ["p00/0"], "val": ["p01/0"]})


def test_forced_leak_is_written_down_and_stays_known(tmp_path):
    dataset = made_set(patients(4))
    forced = splits_from_lists(dataset, TORN, by_folder(dataset, 1), force=True)
    assert forced.leaks == ("patient p00 is in train and val (pictures: 2 in train, 1 in val)",)
    write_splits(forced, tmp_path / "s.json")
    known = read_splits(tmp_path / "s.json")
    assert known.leaks == forced.leaks
    assert apply(dataset, known).in_split("val")


def test_file_edited_by_hand_cannot_leak_in_silence():
    dataset = made_set(patients(4))
    clean = splits_from_lists(
        dataset, {"train": ["p00/0"], "val": ["p01/0"]}, by_folder(dataset, 1)
    )
    edited = replace(clean, samples={**clean.samples, "val": ("p01/0.jpg", "p00/1.jpg")})
    with pytest.raises(LeakError, match="patient p00"):
        apply(dataset, edited)
    assert apply(dataset, edited, force=True).splits["val"] == ("p01/0.jpg", "p00/1.jpg")


def test_lists_are_read_from_a_folder(tmp_path):
    for name, text in {
        "test": "c\n",
        "extra": "d\n",
        "val": "\ufeffb\r\n\r\n",
        "train": "a\n",
    }.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    assert list(read_lists(tmp_path).items()) == [
        ("train", ("a",)),
        ("val", ("b",)),
        ("test", ("c",)),
        ("extra", ("d",)),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "expected a folder of text files"),
        (b"\n", "names no pictures"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_lists_that_cannot_be_read_are_named(tmp_path, content, said):
    if content is not None:
        (tmp_path / "train.txt").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_lists(tmp_path)
