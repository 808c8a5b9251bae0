"""Pictures have the size that they are shown with."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from written_sets import shape, square, write_labelme

from lmsfa.data.annotated import DatasetError
from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import PICTURE_ENDINGS, picture_ending, picture_size, read_rgb


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_picture_has_the_size_that_it_is_read_with(
    tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path, exif=exif)
    assert picture_size(path) == read_rgb(path).shape[:2]
    assert picture_size(path) == ((20, 30) if orientation < 5 else (30, 20))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "I;16"])
def test_any_kind_of_pixel_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    Image.new(mode, (30, 20)).save(path)
    assert read_rgb(path).shape == (20, 30, 3)
    assert picture_size(path) == (20, 30)


@pytest.mark.parametrize("ending", PICTURE_ENDINGS)
def test_pictures_of_every_ending_are_found_and_read(tmp_path: Path, ending: str) -> None:
    path = write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    Image.new("RGB", (60, 40)).save(tmp_path / f"b{ending}")
    (tmp_path / "a.png").unlink()
    path.rename(tmp_path / "b.json")
    dataset = open_dataset(tmp_path)
    assert dataset.samples[0].name == f"b{ending}"
    assert dataset.annotated(dataset.samples[0])[0].shape == (40, 60, 3)


def test_endings_of_all_kinds_are_known() -> None:
    assert set(PICTURE_ENDINGS) >= {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".tif", ".webp"])
def test_the_ending_is_known_from_the_bytes(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    Image.new("RGB", (60, 40)).save(path)
    assert picture_ending(path.read_bytes()) == ending


def test_a_picture_that_claims_to_fill_the_memory_is_refused(tmp_path: Path) -> None:
    write_labelme(tmp_path / "a.json", [shape("x", square(0, 0))])
    png = bytearray((tmp_path / "a.png").read_bytes())
    png[16:24] = b"\0\1\0\0\0\1\0\0"
    (tmp_path / "a.png").write_bytes(png)
    with pytest.raises(DatasetError, match=r"a\.png: not a readable picture"):
        open_dataset(tmp_path)
