"""Whose picture is whose: by folder, pattern, table or sequence, or one line says what fails."""

import pytest
from made_patients import made_set, patients

from lmsfa.data.splits.grouping import BY_PATIENT, BY_SEQUENCE, grouping_from
from lmsfa.errors import InputError

NAMES = ("site/p1/001.jpg", "site/p1/002.jpg", "site/p2/001.jpg")


@pytest.fixture
def dataset():
    return made_set(dict.fromkeys(NAMES, (0,)))


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "patients.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_patient_is_a_folder(dataset):
    grouping = grouping_from("folder:2", dataset)
    assert list(grouping.groups.values()) == ["p1", "p1", "p2"]
    assert (grouping.rule, grouping.grouped_by) == ("folder:2", BY_PATIENT)


def test_patient_is_what_the_pattern_finds(dataset):
    assert list(grouping_from(r"regex:p(\d)/", dataset).groups.values()) == ["1", "1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "sample,patient\nsite/p1/001.jpg,A\nsite/p1/002.jpg,A\nsite/p2/001.jpg,B\n",
        "Patient;Sex;File\nA;f;p1/001.json\nA;f;002\nB;m;somewhere/site/p2/001.jpg\n",
        "p1\\001.jpg,A\r\np1\\002.jpg,A\r\n\r\np2\\001.jpg,B\r\nother.jpg,C\r\n",
        "\ufefffile\tsubject\n./site/p1/001\tA\nsite/p1/002\tA\nsite/p2/001\tB",
    ],
    ids=["header", "semicolons, more columns", "no header, Windows", "tabs, byte order mark"],
)
def test_patient_stands_in_a_table(dataset, table, text):
    grouping = grouping_from(f"csv:{table(text)}", dataset)
    assert list(grouping.groups.values()) == ["A", "A", "B"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample,patient\np1/001,A\np1/002,A\n", "no patient for 1 of 3 .*site/p2/001.jpg"),
        ("p1/001,A\np1/001.jpg,B\n", "line 2: site/p1/001.jpg has 'B' here, 'A' further up"),
        ("001,A\n", "line 1: '001' fits 2 pictures .*write its folder"),
        ("sample,patient\np1/001\n", "line 2: expected a picture and a patient"),
        ("sample,patient\np1/001,\n", "line 2: expected a patient of p1/001"),
        ("sample,age\np1/001,3\n", "expected a column 'picture' or 'file' and a column 'patient'"),
        ("a,b,c\n", "expected a column"),
        ("", "holds no rows"),
        ('sample,patient\n"p1/001,A\n', "not a readable CSV"),
    ],
)
def test_table_that_does_not_tell_is_named_in_one_line(dataset, table, text, said):
    path = table(text)
    with pytest.raises(InputError, match=said) as error:
        grouping_from(f"csv:{path}", dataset)
    assert "\n" not in str(error.value)
    assert path.name in str(error.value)


def test_table_that_is_no_text_or_not_there_is_named(dataset, table, tmp_path):
    with pytest.raises(InputError, match=r"patients\.csv: not a readable CSV"):
        grouping_from(f"csv:{table('sample,patient', 'utf-16')}", dataset)
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        grouping_from(f"csv:{tmp_path / 'none.csv'}", dataset)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("folder:3", "no patient for 3 of 3 pictures"),
        ("folder:0", "cannot group by 'folder:0'"),
        ("folder", "expected folder:N"),
        ("eyes", "cannot group by 'eyes'"),
        ("regex:(", "not a regular expression"),
        ("regex:p1", "one group in brackets.*it has 0"),
        ("regex:(p)(1)", "it has 2"),
        ("regex:(p1)", "no patient for 1 of 3 pictures, such as site/p2/001.jpg"),
        ("regex:(x?)", "no patient for 3 of 3"),
    ],
)
def test_rule_that_fails_is_one_line(dataset, rule, said):
    with pytest.raises(InputError, match=said) as error:
        grouping_from(rule, dataset)
    assert "\n" not in str(error.value)


def test_sequence_is_the_folder_of_a_picture(dataset):
    grouping = grouping_from("sequence", dataset)
    assert list(grouping.groups.values()) == ["site/p1", "site/p1", "site/p2"]
    assert grouping.grouped_by == BY_SEQUENCE


def test_sequences_are_refused_where_patients_are_enough():
    many = made_set({f"p{p}/s{s}/1.jpg": (0,) for p in range(10) for s in range(2)})
    with pytest.raises(InputError, match="10 patients are enough"):
        grouping_from("sequence", many)
    with pytest.raises(InputError, match="61 patients are enough"):
        grouping_from("sequence", made_set(patients(61)))
    assert grouping_from("sequence", made_set(patients(9))).grouped_by == BY_SEQUENCE


def test_folders_named_as_sequences_are_not_taken_for_patients():
    videos = made_set({f"seq_{s}/1.jpg": (0,) for s in range(12)})
    assert grouping_from("sequence", videos).grouped_by == BY_SEQUENCE


def test_picture_in_no_folder_has_no_sequence():
    with pytest.raises(InputError, match=r"such as loose\.jpg"):
        grouping_from("sequence", made_set({"loose.jpg": (0,), "s/1.jpg": (0,)}))
