"""Splits are made of whole patients, balanced, repeatable, and kept in a file."""

import itertools
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_patients import made_set, patients

from lmsfa.data.splits.balancing import Groups, deal
from lmsfa.data.splits.dealing import k_folds, make_splits
from lmsfa.data.splits.grouping import by_folder, by_sequence
from lmsfa.data.splits.record import apply, read_splits, write_splits
from lmsfa.errors import InputError

FOLDER = 1


def split(dataset, sizes, seed=0):
    return make_splits(dataset, by_folder(dataset, FOLDER), sizes, seed)


def sizes_of(splits):
    return {name: len(names) for name, names in splits.samples.items()}


@st.composite
def any_set(draw):
    """A set of 4 to 12 patients with 1 to 9 pictures each, three classes."""
    shown = {}
    for patient in range(draw(st.integers(4, 12))):
        for number in range(draw(st.integers(1, 9))):
            shown[f"p{patient}/{number}.jpg"] = tuple(draw(st.sets(st.integers(0, 2))))
    return made_set(shown, classes=3)


few_examples = settings(max_examples=12, deadline=None)


@few_examples
@given(any_set(), st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.4, 0.3, 0.3)]))
def test_no_patient_is_in_two_splits_and_every_picture_in_one(dataset, ratios):
    splits = split(dataset, ratios)
    counts = Counter(itertools.chain(*splits.samples.values()))
    assert set(counts) == {sample.name for sample in dataset.samples}
    assert set(counts.values()) == {1}
    owners = [{splits.groups[name] for name in names} for names in splits.samples.values()]
    assert all(owners)
    assert sum(map(len, owners)) == len(set().union(*owners))


@few_examples
@given(st.lists(st.integers(1, 20), min_size=6, max_size=20), st.integers(0, 5))
def test_sizes_are_within_one_patient_of_what_was_asked(pictures, seed):
    shown = {f"p{p}/{n}.jpg": (0,) for p, count in enumerate(pictures) for n in range(count)}
    ratios = (0.5, 0.25, 0.25)
    splits = split(made_set(shown), ratios, seed)
    for ratio, names in zip(ratios, splits.samples.values(), strict=True):
        assert abs(len(names) - ratio * len(shown)) <= max(pictures)


@few_examples
@given(st.lists(st.integers(1, 25), min_size=3, max_size=7), st.integers(0, 3))
def test_sizes_are_as_near_as_whole_groups_allow(sizes, seed):
    sizes = np.array(sizes)
    targets = np.array([0.8, 0.1, 0.1]) * sizes.sum()

    def missed(part_of):
        return np.abs(np.bincount(part_of, sizes, minlength=3) - targets).sum()

    every = (np.array(deal) for deal in itertools.product(range(3), repeat=len(sizes)))
    nearest = min(missed(part_of) for part_of in every if len(set(part_of.tolist())) == 3)
    found = deal(Groups(sizes, np.zeros((len(sizes), 0), dtype=np.int64)), targets, seed)
    assert missed(found) == pytest.approx(nearest)


def test_rare_class_is_shown_in_every_split():
    shown = patients(30, shows=(0,))
    for patient in (3, 14, 15):
        shown[f"p{patient:02d}/0.jpg"] = (0, 1)
    splits = split(made_set(shown), (0.8, 0.1, 0.1))
    where = [name for name, names in splits.samples.items() for n in names if shown[n] == (0, 1)]
    assert sorted(where) == ["test", "train", "val"]
    assert splits.warnings == ()


def test_class_of_one_patient_is_in_training_and_named_where_it_is_missing():
    shown = patients(12, pictures=5, shows=(0,)) | {f"rare/{n}.jpg": (0, 1) for n in range(9)}
    splits = split(made_set(shown), (0.6, 0.2, 0.2))
    assert {"rare/0.jpg", "rare/8.jpg"} <= set(splits.samples["train"])
    assert splits.warnings == (
        "val shows no class 1: it has no figures there",
        "test shows no class 1: it has no figures there",
    )


def test_same_seed_gives_the_same_splits_and_another_seed_others():
    rng = np.random.default_rng(0)
    shown = {name: tuple(np.flatnonzero(rng.random(2) < 0.4)) for name in patients(30)}
    dataset = made_set(shown)
    assert split(dataset, (0.8, 0.1, 0.1), seed=4) == split(dataset, (0.8, 0.1, 0.1), seed=4)
    first, second = (split(dataset, (0.8, 0.1, 0.1), seed=seed).samples for seed in (4, 5))
    assert first != second


@pytest.mark.parametrize("k", [2, 3, 11])
def test_folds_hold_every_picture_once(k):
    dataset = made_set(patients(11, pictures=3))
    folds = k_folds(dataset, by_folder(dataset, FOLDER), k)
    assert len(folds) == k
    judged = Counter(name for fold in folds for name in fold.samples["val"])
    assert judged == Counter(sample.name for sample in dataset.samples)
    for fold in folds:
        assert len(fold.samples["train"]) + len(fold.samples["val"]) == len(dataset.samples)
        train, val = ({fold.groups[n] for n in fold.samples[s]} for s in ("train", "val"))
        assert not train & val
        assert abs(len(val) - 11 / k) < 1


def test_file_gives_back_what_was_written(tmp_path):
    dataset = made_set(patients(9, shows=(0,)) | {"Wörter/名.jpg": (0,), "b\udcff/1.jpg": (0,)})
    splits = split(dataset, (0.7, 0.3), seed=3)
    write_splits(splits, tmp_path / "new" / "splits.json")
    assert read_splits(tmp_path / "new" / "splits.json") == splits
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["splits.json"]


def test_file_is_replaced_only_if_asked(tmp_path):
    dataset = made_set(patients(12))
    first, second = (split(dataset, (0.5, 0.5), seed=seed) for seed in (0, 1))
    write_splits(first, tmp_path / "s.json")
    with pytest.raises(InputError, match=r"s\.json: exists"):
        write_splits(second, tmp_path / "s.json")
    write_splits(second, tmp_path / "s.json", replace_file=True)
    assert read_splits(tmp_path / "s.json") == second


def test_applied_splits_are_the_sets_own():
    dataset = made_set(patients(12))
    splits = split(dataset, (0.5, 0.25, 0.25))
    used = apply(dataset, splits)
    assert {s: tuple(x.name for x in used.in_split(s)) for s in used.splits} == splits.samples
    assert dataset.splits == {}


def test_splits_of_another_set_are_refused():
    splits = split(made_set(patients(12), name="first"), (0.5, 0.5))
    with pytest.raises(InputError, match=r"second: .*other pictures, of 'first'"):
        apply(made_set(patients(13), name="second"), splits)
    # The same pictures in another order or under another name are the same set.
    turned = dict(reversed(patients(12).items()))
    assert apply(made_set(turned, name="moved"), splits).splits


def test_file_that_names_a_strange_picture_is_refused():
    dataset = made_set(patients(12))
    splits = split(dataset, (0.5, 0.5))
    edited = replace(splits, samples={**splits.samples, "test": ("p99/0.jpg",)})
    with pytest.raises(InputError, match=r"no picture 'p99/0\.jpg'"):
        apply(dataset, edited)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not a readable splits file"),
        ("[]", "not a splits file of schema 1"),
        ('{"schema_version": 2}', "not a splits file of schema 1"),
        ('{"schema_version": 1}', "not a splits file of schema 1 \\('dataset'\\)"),
    ],
)
def test_broken_file_is_named_in_one_line(tmp_path, content, said):
    path = tmp_path / "splits.json"
    path.write_text(content)
    with pytest.raises(InputError, match=said) as error:
        read_splits(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("samples", {}),
        ("samples", {"train": "p00/0.jpg"}),
        ("samples", []),
        ("groups", {"p00/0.jpg": 3}),
        ("grouped_by", "eye colour"),
        ("asked", ["half"]),
        ("leaks", "none"),
        ("seed", "x"),
    ],
)
def test_field_of_the_wrong_kind_is_named_in_one_line(tmp_path, field, value):
    path = tmp_path / "splits.json"
    write_splits(split(made_set(patients(12)), (0.5, 0.5)), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(InputError, match=r"splits\.json: not a splits file") as error:
        read_splits(path)
    assert "\n" not in str(error.value)


def test_missing_file_says_what_writes_one(tmp_path):
    with pytest.raises(InputError, match="data split"):
        read_splits(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((490, 60, 60), "has 48 pictures, the sizes sum to 610"),
        ((48,), "two or three"),
        ((50, -2), "above 0"),
        ((0.9, 0.3), "the sizes sum to 1.2"),
        ((float("nan"), 1), "above 0"),
        ((12, 12, 12, 12), "two or three"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, said):
    with pytest.raises(InputError, match=said):
        split(made_set(patients(12)), sizes)


@pytest.mark.parametrize("k", [-1, 1, 13])
def test_folds_that_cannot_be_are_refused(k):
    dataset = made_set(patients(12))
    with pytest.raises(InputError, match=r"12 patients|at least 2"):
        k_folds(dataset, by_folder(dataset, FOLDER), k)


def test_too_few_patients_for_the_splits_are_pointed_to_sequences():
    dataset = made_set({f"p{p}/s{s}/{n}.jpg": (0,) for p in "ab" for s in "xyz" for n in range(3)})
    with pytest.raises(InputError, match=r"2 patients .*\(pa, pb\).*--group-by sequence"):
        split(dataset, (0.6, 0.2, 0.2))
    splits = make_splits(dataset, by_sequence(dataset), (0.6, 0.2, 0.2))
    assert splits.grouped_by == "sequence, within patient"
    assert sizes_of(splits) == {"train": 12, "val": 3, "test": 3}
    assert "grouped by sequence: the figures are within patient" in splits.warnings


def test_few_patients_can_be_split_but_are_called_few():
    splits = split(made_set(patients(5)), (0.6, 0.2, 0.2))
    assert sizes_of(splits) == {"train": 12, "val": 4, "test": 4}
    assert any("5 patients are few" in warning for warning in splits.warnings)
