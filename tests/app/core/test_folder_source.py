import cv2
import numpy as np
import pytest

from app.core.sources import SourceError, open_source


def read_all(folder):
    source = open_source(str(folder))
    info = source.open()
    pictures = []
    while (picture := source.read()) is not None:
        pictures.append(picture)
    return source, info, pictures


def test_pictures_come_in_the_order_people_count(tmp_path):
    for number in (1, 2, 10, 9):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), np.full((8, 9, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    source, info, pictures = read_all(tmp_path)
    assert [picture.rgb[0, 0, 0] for picture in pictures] == [1, 2, 9, 10]
    assert [picture.index for picture in pictures] == [0, 1, 2, 3]
    assert (info.width, info.height, info.is_recording) == (9, 8, True)
    for index, picture in enumerate(pictures):
        source.seek(picture.media_s)
        assert source.read().index == index
        source.seek(picture.media_s - 1e-6)
        assert source.read().index == max(0, index - 1)
    source.seek(99)
    assert source.read().index == 3


def test_every_picture_is_sought_by_its_own_time(tmp_path):
    for number in range(60):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((2, 2, 3), number, np.uint8))
    source, _, pictures = read_all(tmp_path)
    for picture in pictures:
        source.seek(picture.media_s)
        assert source.read().index == picture.index


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        (np.full((4, 4), 128, np.uint8), (128, 128, 128)),
        (np.full((4, 4), 128 * 257, np.uint16), (128, 128, 128)),
        (np.full((4, 4, 3), (10, 20, 30), np.uint8), (30, 20, 10)),
        (np.full((4, 4, 3), (0, 0, 65535), np.uint16), (255, 0, 0)),
        (np.full((4, 4, 4), (0, 0, 200, 128), np.uint8), (100, 0, 0)),
        (np.full((4, 4, 4), (0, 0, 65535, 65535), np.uint16), (255, 0, 0)),
        (np.full((1, 1, 3), (7, 8, 9), np.uint8), (9, 8, 7)),
    ],
    ids=["grey", "grey 16", "colour", "colour 16", "half transparent", "alpha 16", "one pixel"],
)
def test_every_kind_of_picture_becomes_rgb(tmp_path, stored, seen):
    cv2.imwrite(str(tmp_path / "a.png"), stored)
    _, _, pictures = read_all(tmp_path)
    rgb = pictures[0].rgb
    assert rgb.dtype == np.uint8
    assert rgb.shape == (*stored.shape[:2], 3)
    assert np.abs(rgb.astype(int) - seen).max() <= 1


def test_a_folder_without_pictures_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(SourceError, match="a folder without pictures; expected files ending in"):
        open_source(str(tmp_path)).open()


@pytest.mark.parametrize("content", [b"", b"this is no picture"])
def test_a_broken_picture_is_named(tmp_path, content):
    (tmp_path / "broken.png").write_bytes(content)
    with pytest.raises(SourceError, match=r"broken\.png: not a picture that can be read"):
        open_source(str(tmp_path)).open()


def test_a_picture_that_is_gone_is_named_and_a_folder_is_no_picture(tmp_path):
    (tmp_path / "album.png").mkdir()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SourceError, match=r"gone\.png: cannot be read \(No such file"):
        open_source(str(tmp_path)).open()
    (tmp_path / "gone.png").unlink()
    with pytest.raises(SourceError, match="a folder without pictures"):
        open_source(str(tmp_path)).open()


def test_a_picture_of_floats_is_named(tmp_path):
    cv2.imwrite(str(tmp_path / "depth.tiff"), np.ones((4, 4), np.float32))
    with pytest.raises(SourceError, match="8 or 16 bits expected, got float32"):
        open_source(str(tmp_path)).open()
