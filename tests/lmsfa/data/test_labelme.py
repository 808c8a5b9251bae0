"""LabelMe folders: every shape that covers an area, joined by groups, with its picture."""

import base64
import json
import textwrap
from pathlib import Path

import numpy as np
import pytest
from written_sets import png_text, shape, square, write_labelme, write_picture

from lmsfa.data.annotated import AnnotatedSet, DatasetError, Truth
from lmsfa.data.opening import open_dataset


def _only(root: Path, **options) -> tuple[AnnotatedSet, Truth]:
    dataset = open_dataset(root, **options)
    assert dataset.format == "labelme"
    return dataset, dataset.annotated(dataset.samples[0])[1]


def _area(truth: Truth, number: int = 1) -> int:
    return int(np.count_nonzero(truth.mask(number)))


def test_points_count_pixel_edges(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", [[10, 10], [20, 20]], "rectangle")])
    _, truth = _only(tmp_path)
    rows, columns = np.nonzero(truth.mask(1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 19, 10, 19)
    assert _area(truth) == 100


def test_a_rectangle_may_be_drawn_from_any_corner(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", [[20, 10], [10, 20]], "rectangle")])
    assert _area(_only(tmp_path)[1]) == 100


@pytest.mark.parametrize(
    ("corners", "area"),
    [
        ([[10, 10], [20, 10], [20, 20], [10, 20]], 100),
        ([[10, 10], [20, 20], [20, 10], [10, 20.001]], 100),
        ([[20, 10], [30, 20], [20, 30], [10, 20]], 200),
    ],
)
def test_a_rectangle_may_have_four_corners(tmp_path: Path, corners: list, area: int) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", corners, "rectangle")])
    assert _area(_only(tmp_path)[1]) == pytest.approx(area, rel=0.06)


def test_base64_may_be_broken_into_lines(tmp_path: Path) -> None:
    drawn = shape("x", [[20, 10], [28, 15]], "mask")
    drawn["mask"] = "\r\n".join(textwrap.wrap(png_text(np.ones((6, 9))), 20)) + "\n"
    inside = base64.encodebytes(write_picture(tmp_path / "b.png").read_bytes()).decode()
    write_labelme(tmp_path / "a.json", [drawn], imageData=inside)
    (tmp_path / "a.png").unlink()
    (tmp_path / "b.png").unlink()
    assert _area(_only(tmp_path)[1]) == 54


def test_a_circle_is_its_centre_and_a_point_on_it(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", [[30, 20], [30, 35]], "circle")])
    _, truth = _only(tmp_path)
    assert _area(truth) == pytest.approx(np.pi * 15**2, rel=0.01)
    assert truth.mask(1)[20, 16]
    assert not truth.mask(1)[20, 14]


@pytest.mark.parametrize("past", [0, 1])
def test_a_mask_lies_in_its_box_whether_the_corner_counts_or_not(tmp_path: Path, past: int) -> None:
    mask = np.zeros((6, 9), bool)
    mask[2:4, 1:8] = True
    corners = [[20, 10], [28 + past, 15 + past]]
    write_labelme(tmp_path / "a.json", [shape("x", corners, "mask", mask=png_text(mask))])
    _, truth = _only(tmp_path)
    assert np.array_equal(truth.mask(1)[10:16, 20:29], mask)
    assert _area(truth) == 14


def test_shapes_of_one_label_and_group_are_one_instance(tmp_path: Path) -> None:
    shapes = [
        shape("x", square(0, 0), group_id=3),
        shape("y", square(15, 0), group_id=3),
        shape("x", square(30, 0), group_id=3),
        shape("x", square(45, 0)),
    ]
    write_labelme(tmp_path / "a.json", shapes)
    _, truth = _only(tmp_path)
    assert truth.classes == (0, 1, 0)
    assert [_area(truth, n) for n in (1, 2, 3)] == [200, 100, 100]


def test_overlapping_instances_keep_all_their_pixels(tmp_path: Path) -> None:
    shapes = [shape("bone", square(0, 0, 20)), shape("nerve", square(10, 10, 20))]
    write_labelme(tmp_path / "a.json", shapes)
    _, truth = _only(tmp_path)
    assert len(truth.instances) == 2
    assert [_area(truth, n) for n in (1, 2)] == [400, 400]


def test_a_polygon_is_cut_at_the_pictures_edge(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(-5, -5)), shape("x", square(200, 0))])
    _, truth = _only(tmp_path)
    assert truth.classes == (0,)
    assert _area(truth) == 25


def test_a_shape_without_a_type_is_a_polygon(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [{"label": "x", "points": square(0, 0)}])
    assert _area(_only(tmp_path)[1]) == 100


@pytest.mark.parametrize("kind", ["line", "linestrip", "point"])
def test_what_covers_no_area_is_left_out_and_named(tmp_path: Path, kind: str) -> None:
    shapes = [shape("x", [[1, 1], [5, 5]], kind), shape("x", square(0, 0))]
    write_labelme(tmp_path / "a.json", shapes)
    dataset, truth = _only(tmp_path)
    assert truth.classes == (0,)
    assert len(dataset.problems) == 1
    assert f"shape 0 (x): a {kind} covers no area" in dataset.problems[0]


def test_folders_are_groups_and_names_are_unique(tmp_path: Path) -> None:
    for folder in ("patient 1", "patient 2"):
        write_labelme(tmp_path / folder / "a.json", [shape("x", square(0, 0))])
    dataset = open_dataset(tmp_path)
    assert [sample.name for sample in dataset.samples] == ["patient 1/a.png", "patient 2/a.png"]
    assert [sample.group for sample in dataset.samples] == ["patient 1", "patient 2"]
    assert dataset.splits == {}


def test_a_flat_folder_has_no_group(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    assert _only(tmp_path)[0].samples[0].group == ""


@pytest.mark.parametrize(
    "named", ["..\\a.png", "../a.png", "C:\\scans\\a.png", "gone.png"], ids=str
)
def test_the_picture_is_found_from_a_folder_of_annotations(tmp_path: Path, named: str) -> None:
    beside = named[0] != "."
    place = tmp_path / "p" / ("a.json" if beside else "labels/a.json")
    write_labelme(place, [shape("x", square(0, 0))], imagePath=named)
    if not beside:
        place.with_suffix(".png").rename(tmp_path / "p" / "a.png")
    dataset, _ = _only(tmp_path)
    assert dataset.samples[0].name == "p/a.png"
    assert dataset.samples[0].group == "p"


def test_a_picture_inside_the_file_is_read(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "b.png")
    inside = base64.b64encode(picture.read_bytes()).decode()
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))], imageData=inside)
    (tmp_path / "a.png").unlink()
    picture.unlink()
    dataset, _ = _only(tmp_path)
    rgb, _ = dataset.annotated(dataset.samples[0])
    assert rgb.shape == (40, 60, 3)
    assert dataset.samples[0].name == "a.png"


def test_spinal_structures_come_in_the_papers_order_and_colours(tmp_path: Path) -> None:
    labels = ["Nerve_Root", "骨头", "yellow-ligament", "FAT", "神经"]
    shapes = [shape(label, square(11 * i, 0)) for i, label in enumerate(labels)]
    write_labelme(tmp_path / "a.json", shapes)
    dataset, truth = _only(tmp_path)
    names = ["adipose", "bone", "ligamentum flavum", "nerve"]
    assert [entry.name for entry in dataset.classes] == names
    assert dataset.classes[0].colour == (115, 0, 253)
    assert [entry.role for entry in dataset.classes] == ["structure"] * 3 + ["protected"]
    assert truth.classes == (3, 1, 2, 0, 3)


def test_other_labels_are_classes_by_name_in_colours_of_their_own(tmp_path: Path) -> None:
    shapes = [shape(label, square(0, 0)) for label in ("tumour", "skin", "Tumour", "vessel")]
    write_labelme(tmp_path / "a.json", shapes)
    dataset, truth = _only(tmp_path)
    assert [entry.name for entry in dataset.classes] == ["Tumour", "skin", "vessel"]
    assert len({entry.colour for entry in dataset.classes}) == 3
    assert truth.classes == (0, 1, 0, 2)


def test_an_instrument_beside_them_leaves_the_spinal_structures_what_they_are(
    tmp_path: Path,
) -> None:
    labels = ["instrument", "Adiposity", "ADIPOSE", "脂肪", "nerve", "Nerve ", "骨"]
    write_labelme(tmp_path / "a.json", [shape(label, square(0, 0)) for label in labels])
    dataset, truth = _only(tmp_path)
    names = ["adipose", "bone", "nerve", "instrument"]
    assert [entry.name for entry in dataset.classes] == names
    assert truth.classes == (3, 0, 0, 0, 2, 2, 1)
    assert dataset.classes[2].role == "protected"


def test_what_is_to_be_ignored_is_void_and_no_class(tmp_path: Path) -> None:
    shapes = [shape("x", square(0, 0)), shape("__ignore__", square(20, 20))]
    write_labelme(tmp_path / "a.json", shapes)
    dataset, truth = _only(tmp_path)
    assert [entry.name for entry in dataset.classes] == ["x"]
    assert truth.classes == (0,)
    assert truth.void[20:30, 20:30].all()
    assert np.count_nonzero(truth.void) == 100


def test_a_file_of_classes_says_order_and_looks(tmp_path: Path) -> None:
    write_labelme(tmp_path / "set" / "a.json", [shape("x", square(0, 0)), shape("y", square(9, 9))])
    classes = tmp_path / "classes.json"
    classes.write_text(json.dumps(["y", {"name": "X", "colour": [1, 2, 3], "role": "instrument"}]))
    dataset, truth = _only(tmp_path / "set", classes=classes)
    assert [entry.name for entry in dataset.classes] == ["y", "X"]
    assert dataset.classes[1].colour == (1, 2, 3)
    assert dataset.classes[1].role == "instrument"
    assert truth.classes == (1, 0)


def test_a_label_that_the_file_of_classes_lacks_is_an_error_with_its_place(tmp_path: Path) -> None:
    write_labelme(tmp_path / "set" / "a.json", [shape("x", square(0, 0)), shape("y", square(9, 9))])
    classes = tmp_path / "classes.json"
    classes.write_text('["x"]')
    with pytest.raises(DatasetError, match=r"a\.json: shape 1 \(y\): unknown class"):
        open_dataset(tmp_path / "set", classes=classes)
    dataset, truth = _only(tmp_path / "set", classes=classes, skip_bad=True)
    assert truth.classes == (0,)
    assert len(dataset.problems) == 1


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([shape("x", [[0, 0], [1, 1]])], "3 points"),
        ([shape("x", [[0, 0], [1, 1], [2, float("nan")]])], "nan"),
        ([shape("x", [[0, 0], [1, 1], [2, 1e99]])], "1e[+]99"),
        ([shape("x", [[0, 0], [1, 1], [2, "3"]])], "pairs of numbers"),
        ([shape("x", [[0, 0], [1, 1], [2, 10**400]])], "pairs of numbers"),
        ([shape("x", [[0, 0], [1, 1], [2]])], "pairs of numbers"),
        ([shape("x", [[0, 0], [1, 1], [2, 2]], "rectangle")], "2 points or 4 corners"),
        ([shape("x", square(0, 0), "circle")], "2 points"),
        ([shape("x", [[5, 5], [5, 5]], "circle")], "radius"),
        ([shape("x", square(0, 0), "star")], "star"),
        ([shape("x", square(0, 0), group_id="one")], "group_id"),
        ([shape("", square(0, 0))], "label"),
        ([shape("\ud800", square(0, 0))], "label"),
        ([shape(7, square(0, 0))], "label"),
        ([shape("x", [[0, 0], [3, 3]], "mask")], "mask"),
        ([shape("x", [[0, 0], [3, 3]], "mask", mask="?")], "base64"),
        ([shape("x", [[0, 0], [3, 3]], "mask", mask="AAAA")], "PNG"),
        ([shape("x", [[0, 0], [3, 3]], "mask", mask=png_text(np.ones((9, 9))))], "box"),
        ([shape("x", [[0, 0], [99, 3]], "mask", mask=png_text(np.ones((4, 100))))], "larger"),
        (["no"], "object"),
    ],
)
def test_a_malformed_shape_is_named_with_file_and_number(
    tmp_path: Path, shapes: list, said: str
) -> None:
    write_labelme(tmp_path / "p" / "a.json", [shape("x", square(0, 0)), *shapes])
    with pytest.raises(DatasetError, match=rf"a\.json: shape 1.*{said}") as caught:
        open_dataset(tmp_path)
    assert "\n" not in str(caught.value)
    dataset, truth = _only(tmp_path, skip_bad=True)
    assert truth.classes == (0,)
    assert len(dataset.problems) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shapes": {}}, "shapes"),
        ({"imagePath": 3}, "imagePath"),
        ({"imageHeight": 41}, "60 x 41"),
        ({"imageWidth": -1}, "imageWidth"),
        ({"imageData": 5}, "imageData"),
    ],
)
def test_a_malformed_file_is_named_and_can_be_left_out(
    tmp_path: Path, change: dict, said: str
) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))], **change)
    write_labelme(tmp_path / "b.json", [shape("x", square(0, 0))])
    with pytest.raises(DatasetError, match=rf"a\.json: .*{said}"):
        open_dataset(tmp_path)
    dataset, _ = _only(tmp_path, skip_bad=True)
    assert [sample.name for sample in dataset.samples] == ["b.png"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe{}", b"{'shapes'}", b"[" * 100_000], ids=repr
)
def test_a_file_that_is_no_json_is_named(tmp_path: Path, content: bytes) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    (tmp_path / "z.json").write_bytes(content)
    with pytest.raises(DatasetError, match=r"z\.json: not readable JSON"):
        open_dataset(tmp_path)
    assert len(open_dataset(tmp_path, skip_bad=True).problems) == 1


@pytest.mark.parametrize("inside", ["no base64", "bm8gcGljdHVyZQ=="])
def test_a_file_with_a_broken_picture_inside_is_named_once(tmp_path: Path, inside: str) -> None:
    write_labelme(tmp_path / "bad.json", [shape("x", square(0, 0))], imageData=inside)
    (tmp_path / "bad.png").unlink()
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert str(caught.value).count("bad.json") == 1


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40], ids=repr)
def test_an_unreadable_picture_is_named(tmp_path: Path, data: bytes) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    write_labelme(tmp_path / "b.json", [shape("x", square(0, 0))])
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(DatasetError, match=r"a\.png: not a readable picture"):
        open_dataset(tmp_path)
    assert [s.name for s in _only(tmp_path, skip_bad=True)[0].samples] == ["b.png"]


def test_a_picture_that_is_cut_short_is_found_when_bad_ones_are_left_out(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    write_labelme(tmp_path / "b.json", [shape("x", square(0, 0))])
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:60])
    dataset, _ = _only(tmp_path, skip_bad=True)
    assert [sample.name for sample in dataset.samples] == ["b.png"]
    assert "a.png" in dataset.problems[0]


def test_two_files_for_one_picture_are_refused(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    write_labelme(tmp_path / "b.json", [shape("x", square(0, 0))], imagePath="a.png")
    with pytest.raises(DatasetError, match="same picture"):
        open_dataset(tmp_path)


def test_json_of_other_programs_is_left_alone_and_named(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    (tmp_path / "settings.json").write_text('{"theme": "dark"}')
    dataset, _ = _only(tmp_path)
    assert "settings.json: not a LabelMe file" in dataset.problems[0]


def test_pictures_that_nobody_annotated_are_counted(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    write_picture(tmp_path / "b.png")
    write_picture(tmp_path / "c.png")
    dataset, _ = _only(tmp_path)
    assert "2 pictures have no LabelMe file, b.png" in dataset.problems[0]


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    write_labelme(tmp_path / "set" / "p" / "a.json", [shape("x", square(0, 0))])
    (tmp_path / "set" / "p" / "again").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "self.json").symlink_to(tmp_path / "set" / "self.json")
    assert len(open_dataset(tmp_path / "set").samples) == 1
