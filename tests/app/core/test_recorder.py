from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from made_clips import index_in, index_picture, pictures_of

from app.core.recorder import OutputError, Recorder
from lmsfa.notice import RESEARCH_NOTICE


def test_a_recording_reads_back_frame_by_frame_with_its_times(tmp_path):
    path = tmp_path / "out.mkv"
    times_s = [0.0, 0.04, 0.08, 0.5, 0.52, 2.0]
    with Recorder(path, 25) as recorder:
        for number, time_s in enumerate(times_s):
            recorder.write(index_picture(number), time_s)
    pictures = pictures_of(path)
    assert [index_in(picture.rgb) for picture in pictures] == list(range(6))
    assert [picture.media_s for picture in pictures] == pytest.approx(times_s, abs=1e-3)


def test_a_recording_says_that_it_is_for_research_only(tmp_path):
    path = tmp_path / "out.mkv"
    with Recorder(path, 25) as recorder:
        recorder.write(index_picture(0), 0.0)
    with av.open(str(path)) as container:
        tags = {key.lower(): value for key, value in container.metadata.items()}
    assert tags["comment"] == RESEARCH_NOTICE


@pytest.mark.parametrize(("height", "width"), [(1, 1), (33, 47), (48, 64), (720, 1280)])
def test_any_size_and_its_colours_survive(tmp_path, height, width):
    path = tmp_path / "out.mkv"
    rgb = np.full((height, width, 3), (180, 60, 40), np.uint8)
    with Recorder(path, 25) as recorder:
        recorder.write(rgb, 0.0)
    (picture,) = pictures_of(path)
    assert picture.rgb.shape[:2] == (height + height % 2, width + width % 2)
    assert np.abs(picture.rgb[:height, :width].astype(int) - rgb).max() <= 5


def test_frames_of_another_size_are_fitted_without_being_stretched(tmp_path):
    path = tmp_path / "out.mkv"
    with Recorder(path, 25) as recorder:
        recorder.write(np.zeros((64, 128, 3), np.uint8), 0.0)
        recorder.write(index_picture(3, 128, 128), 0.04)
    pictures = pictures_of(path)
    assert pictures[1].rgb.shape == (64, 128, 3)
    assert index_in(pictures[1].rgb[:, :64]) == 3


def test_times_that_do_not_rise_lose_no_frame(tmp_path):
    path = tmp_path / "out.mkv"
    with Recorder(path, 25) as recorder:
        for number in range(5):
            recorder.write(index_picture(number), 0.0)
    assert len(pictures_of(path)) == 5


def test_a_recording_that_is_cut_reads_back_but_for_its_last_half_second(tmp_path):
    path = tmp_path / "cut.mkv"
    recorder = Recorder(tmp_path / "out.mkv", 25)
    for number in range(100):
        recorder.write(index_picture(number), number / 25)
    # As after kill -9: what is on the disk now is all there will be.
    path.write_bytes((tmp_path / "out.mkv").read_bytes())
    recorder.close()
    assert len(pictures_of(path)) >= 87


def test_an_existing_file_is_not_replaced_unless_told(tmp_path):
    path = tmp_path / "out.mkv"
    path.write_text("a recording that matters")
    with pytest.raises(OutputError, match=r"out\.mkv: exists already; .* --overwrite"):
        Recorder(path, 25)
    assert path.read_text() == "a recording that matters"
    with Recorder(path, 25, overwrite=True) as recorder:
        recorder.write(index_picture(1), 0.0)
    assert len(pictures_of(path)) == 1


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="its folder does not exist"):
        Recorder(tmp_path / "missing" / "out.mkv", 25)
    with pytest.raises(OutputError, match=r"name ending in \.mkv"):
        Recorder(tmp_path / "out.mp4", 25)
    with pytest.raises(OutputError, match="is a folder"):
        Recorder(tmp_path, 25)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_named(tmp_path):
    path = tmp_path / "out.mkv"
    path.symlink_to("/dev/full")
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    recorder = Recorder(path, 25, overwrite=True)

    def write_on():
        for number in range(100):
            recorder.write(noise, number / 25)

    with pytest.raises(OutputError, match=r"out\.mkv: could not be written .*check disk"):
        write_on()
    with suppress(OutputError):
        recorder.close()
