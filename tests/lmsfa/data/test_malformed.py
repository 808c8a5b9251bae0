"""Whatever stands in a data set's files: it loads right, or one line names the file."""

import copy
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from written_sets import (
    flat,
    marked,
    png_text,
    shape,
    square,
    write_coco,
    write_labelme,
    write_yolo,
)

from lmsfa.data.annotated import DatasetError
from lmsfa.data.conversion import convert
from lmsfa.data.opening import open_dataset

quickly = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

_LEAVES: list[Any] = [
    None,
    True,
    0,
    1,
    -1,
    2.5,
    1e-320,
    1e300,
    -1e300,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\ud800",
    "a\0b",
    "../../../../etc/passwd",
    "/",
    "x" * 5000,
    "脂肪",
    [],
    {},
    [[]],
    [None],
    [1, 2, 3],
    [[0, 0], [5, 5]],
    {"size": [40, 60], "counts": [0, 2400]},
    {"size": [10**9, 10**9], "counts": [10**18]},
]
_ANY = st.recursive(
    st.sampled_from(_LEAVES) | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def _places(said: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where something stands in a JSON document."""
    entries = said.items() if isinstance(said, dict) else enumerate(said)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*path, key))


@st.composite
def _spoiled(draw: st.DrawFn, said: Any) -> Any:
    """A document with up to three places changed, removed or doubled."""
    spoiled = copy.deepcopy(said)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(spoiled))
        if not places:
            break
        *above, key = draw(st.sampled_from(places))
        holder = spoiled
        for step in above:
            holder = holder[step]
        what = draw(st.sampled_from(["change", "change", "remove", "double"]))
        if what == "remove":
            del holder[key]
        elif what == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(draw(_ANY))
    return spoiled


def _loads_or_names(root: Path) -> None:
    for skip_bad in (False, True):
        said = _opened(root, skip_bad=skip_bad)
        assert all("\n" not in line and line.encode("utf-8") for line in said)


def _opened(root: Path, *, skip_bad: bool) -> tuple[str, ...]:
    """What a set says of itself: its problems, or why it cannot be read."""
    try:
        dataset = open_dataset(root, skip_bad=skip_bad)
        for sample in dataset.samples:
            _, truth = dataset.annotated(sample)
            assert len(truth.classes) == len(np.unique(truth.instances)) - 1
            assert all(0 <= class_id < len(dataset.classes) for class_id in truth.classes)
    except DatasetError as error:
        return (str(error) if str(root) in str(error) else f"names no file:\n{error}",)
    return dataset.problems


def _labelme(root: Path) -> Path:
    mask = png_text(np.ones((5, 5)))
    drawn = [
        shape("nerve", square(0, 0), group_id=1),
        shape("骨", [[10, 10], [20, 20]], "rectangle"),
        shape("fat", [[30, 20], [30, 25]], "circle"),
        shape("LF", [[40, 20], [44, 24]], "mask", mask=mask),
    ]
    return write_labelme(root / "p" / "a.json", drawn)


def _coco(root: Path) -> Path:
    entries = [
        marked([flat(square(0, 0))]),
        marked({"size": [40, 60], "counts": [100, 50, 2250]}, 20, 2),
        marked({"size": [40, 60], "counts": "T3b1\\2"}, 20, 3, iscrowd=1),
    ]
    return write_coco(root / "instances_train.json", entries[:2])


def _description(root: Path) -> Path:
    """A converted set, spoiled in its dataset.json."""
    _labelme(root / "before")
    convert(open_dataset(root / "before"), "label-map", root / "set")
    shutil.rmtree(root / "before")
    shutil.copytree(root / "set", root, dirs_exist_ok=True)
    shutil.rmtree(root / "set")
    return root / "dataset.json"


def _described_labelme(root: Path) -> Path:
    path = _description(root)
    shutil.rmtree(root / "labels")
    write_labelme(root / "images" / "p" / "b.json", [shape("nerve", square(0, 0))])
    said = json.loads(path.read_text()) | {"format": "labelme", "splits": {"train": ["x"]}}
    path.write_text(json.dumps(said | {"void_label": "void"}))
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    "labelme": _labelme,
    "coco": _coco,
    "label-map": _description,
    "described": _described_labelme,
}


@pytest.mark.parametrize("format_name", WRITERS)
@quickly
@given(data=st.data())
def test_spoiled_json_loads_or_is_named(format_name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[format_name](Path(folder))
        said = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(data.draw(_spoiled(said))), encoding="utf-8")
        _loads_or_names(Path(folder))


@pytest.mark.parametrize("format_name", WRITERS)
@quickly
@given(place=st.integers(0, 10_000), junk=st.binary(min_size=1, max_size=6), cut=st.booleans())
def test_broken_bytes_load_or_are_named(
    format_name: str, place: int, junk: bytes, cut: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = WRITERS[format_name](Path(folder))
        content = path.read_bytes()
        place %= len(content)
        path.write_bytes(content[:place] + junk + (b"" if cut else content[place + len(junk) :]))
        _loads_or_names(Path(folder))


_NUMBERS = st.one_of(
    st.floats(-3, 3).map(str),
    st.sampled_from(["nan", "inf", "1e999", "0", "1", "0.5", "-1", "x", "1_0", "٣", "9" * 400]),
)
_LINES = st.lists(st.lists(_NUMBERS, max_size=9).map(" ".join), max_size=4).map("\n".join)
_YAML = {"path": ".", "train": "images/train", "val": ["images/val"], "names": {0: "a", 1: "b"}}
_SQUARE = "0 0.25 0.25 0.5 0.25 0.5 0.5"


@quickly
@given(text=_LINES | st.text(max_size=30))
@example("0 " + "0.1 " * 20_000)
@example("0 1e308 -1e308 0.5 0.5 0 0")
def test_any_label_text_loads_or_is_named(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = {"images/train/0.png": "", "images/val/1.png": _SQUARE}
        write_yolo(Path(folder), lines, yaml.safe_dump(_YAML))
        path = Path(folder) / "labels" / "train" / "0.txt"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        _loads_or_names(Path(folder))


@quickly
@given(data=st.data())
def test_a_spoiled_data_yaml_loads_or_is_named(data: st.DataObject) -> None:
    said = data.draw(_spoiled(_YAML))
    try:
        text = yaml.safe_dump(said)
    except yaml.YAMLError:
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = {"images/train/0.png": _SQUARE, "images/val/1.png": _SQUARE}
        write_yolo(Path(folder), lines, "")
        (Path(folder) / "data.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        _loads_or_names(Path(folder))


@quickly
@given(text=st.text(max_size=40) | st.sampled_from(["&a [*a]", "a: &a [*a, *a]", "!!python/x y"]))
def test_any_data_yaml_loads_or_is_named(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_yolo(Path(folder), {"images/train/0.png": _SQUARE}, "")
        (Path(folder) / "data.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        _loads_or_names(Path(folder))


@quickly
@given(data=st.binary(max_size=60), start=st.sampled_from(["png", "jpg", "bmp", "tif", "none"]))
def test_any_bytes_for_a_picture_load_or_are_named(data: bytes, start: str) -> None:
    signatures = {"png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "jpg": b"\xff\xd8\xff\xe0"}
    signatures |= {"bmp": b"BM", "tif": b"II*\0\x08\0\0\0", "none": b""}
    with tempfile.TemporaryDirectory() as folder:
        path = _labelme(Path(folder))
        path.with_suffix(".png").write_bytes(signatures[start] + data)
        _loads_or_names(Path(folder))


@pytest.mark.parametrize("depth", [50, 900, 20_000])
def test_deep_nesting_loads_or_is_named(tmp_path: Path, depth: int) -> None:
    path = _labelme(tmp_path)
    nested = "[" * depth + "]" * depth
    said = path.read_text().replace('"points": [[', f'"points": [{nested}, [', 1)
    path.write_text(said)
    with pytest.raises(DatasetError, match=r"a\.json"):
        open_dataset(tmp_path)
    _loads_or_names(tmp_path)


def test_a_picture_that_links_to_itself_is_named(tmp_path: Path) -> None:
    path = _labelme(tmp_path).with_suffix(".png")
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(DatasetError, match=r"a\.json: no picture 'a\.png'"):
        open_dataset(tmp_path)


def test_a_name_that_is_no_text_can_still_be_told(tmp_path: Path) -> None:
    path = _labelme(tmp_path)
    odd = Path(str(path.with_name("b")) + "\udcff.json")
    odd.write_bytes(b"{")
    found = open_dataset(tmp_path, skip_bad=True)
    found.problems[0].encode("utf-8")
    assert "udcff.json" in found.problems[0]
