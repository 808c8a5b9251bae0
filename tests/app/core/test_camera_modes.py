"""Cameras are listed with their modes, and can be asked for one; OpenCV's are drained, too."""

import struct
import time
from contextlib import closing

import cv2
import pytest
from made_clips import index_in, index_picture, until, write_clip

import main
from app.core.sources import SourceError, device_of, open_source
from app.core.sources.camera import CameraSource, device_options
from app.core.sources.captured import CapturedStream
from app.core.sources.devices import Camera, modes_of
from app.core.sources.listing import ListedSource, listed_lines
from app.core.sources.modes import ANY_MODE, USUAL_MODES, Mode, read_mode
from app.core.sources.v4l2 import FORMAT_LIST, INTERVAL_LIST, MOST_ANSWERS, SIZE_LIST, modes

HD = Mode(1920, 1080, 60.0, "mjpeg")


@pytest.mark.parametrize(
    ("typed", "name", "mode"),
    [
        ("0", "0", ANY_MODE),
        ("0,size=1920x1080,fps=60,format=mjpeg", "0", HD),
        ("0,format=MJPEG, fps=60, size=1920x1080", "0", HD),
        ("/dev/video2,fps=29.97", "/dev/video2", Mode(rate_fps=29.97)),
        ("Grabber, USB 3,size=640x480", "Grabber, USB 3", Mode(640, 480)),
        ("Grabber, key=3", "Grabber, key=3", ANY_MODE),
    ],
)
def test_a_mode_is_read_behind_a_camera_whose_name_may_hold_commas(typed, name, mode):
    assert read_mode(typed) == (name, mode)


def test_what_a_mode_says_of_itself_is_understood():
    for mode in (HD, *USUAL_MODES, ANY_MODE):
        assert read_mode(f"0{mode.spec}") == ("0", mode)
    assert HD.words == "1920 × 1080 · 60 fps · mjpeg"


@pytest.mark.parametrize(
    "part", ["size=big", "size=1920", "size=0x0", "fps=0", "fps=1e9", "format=", "format=a b"]
)
def test_a_mode_that_is_not_understood_is_refused(part):
    with pytest.raises(SourceError, match="is not understood; expected size=1920x1080, fps=60 or"):
        open_source(f"camera:0,{part}")


@pytest.mark.parametrize("spec", ["7,fps=60", "camera:7,size=640x480", "/dev/video7,format=mjpeg"])
def test_a_camera_with_a_mode_is_a_camera(spec):
    assert isinstance(open_source(spec), CameraSource)
    assert device_of(spec) == "camera"


def test_a_file_of_a_camera_like_name_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not isinstance(open_source("0,1.mkv"), CameraSource)
    assert device_of("0,1.mkv") == ""


def test_every_system_is_asked_in_its_own_words():
    asked = {"video_size": "1920x1080", "framerate": "60"}
    assert device_options(HD, "linux") == asked | {"input_format": "mjpeg"}
    raw = Mode(1920, 1080, 60.0, "yuyv422")
    assert device_options(raw, "win32") == asked | {"pixel_format": "yuyv422"}
    assert device_options(raw, "darwin") == asked | {"pixel_format": "yuyv422"}
    assert device_options(ANY_MODE, "linux") == {}
    with pytest.raises(SourceError, match="cannot ask for mjpeg"):
        device_options(HD, "win32")


class Driver:
    """Answers as the kernel's header says: a webcam of two formats, one of which tells ranges."""

    CODES = tuple(struct.unpack("=I", code)[0] for code in (b"MJPG", b"XYZ0", b"YUYV"))
    SIZES = ((1920, 1080), (1280, 720))

    def __call__(self, request, words):
        told = list(struct.unpack(f"={len(words) // 4}I", words))
        answer = {
            FORMAT_LIST.request: self.formats,
            SIZE_LIST.request: self.sizes,
            INTERVAL_LIST.request: self.intervals,
        }[request]
        try:
            answer(told)
        except IndexError:
            raise OSError(22, "Invalid argument") from None
        words[:] = struct.pack(f"={len(told)}I", *told)

    def formats(self, told):
        assert told[1] == 1
        told[11] = self.CODES[told[0]]

    def sizes(self, told):
        if told[1] == self.CODES[0]:
            told[2:5] = 1, *self.SIZES[told[0]]
        else:
            # Once, for every index: a range has one answer.
            told[2:9] = 3, 160, 1280, 16, 120, 720, 8

    def intervals(self, told):
        if told[1] == self.CODES[0]:
            told[4:7] = 1, 1001, (60000, 30000)[told[0]]
        else:
            told[4:11] = 2, 1, 30, 1, 5, 0, 1


def test_a_driver_tells_its_modes():
    assert modes(Driver()) == (
        Mode(1920, 1080, 59.94, "mjpeg"),
        Mode(1920, 1080, 29.97, "mjpeg"),
        Mode(1280, 720, 59.94, "mjpeg"),
        Mode(1280, 720, 29.97, "mjpeg"),
        Mode(1280, 720, 30.0, "yuyv422"),
        Mode(640, 480, 30.0, "yuyv422"),
    )


def test_the_requests_are_the_kernels():
    lists = (FORMAT_LIST, SIZE_LIST, INTERVAL_LIST)
    assert [asked.request for asked in lists] == [0xC0405602, 0xC02C564A, 0xC034564B]


def test_a_card_that_tells_no_sizes_is_listed_with_its_formats():
    class Card(Driver):
        SIZES = ()
        CODES = Driver.CODES[:1]

    assert modes(Card()) == (Mode(pixel_format="mjpeg"),)


def test_a_driver_that_never_ends_its_list_is_not_asked_for_ever():
    asked = []

    class Endless(Driver):
        def formats(self, told):
            asked.append(told[0])
            told[11] = self.CODES[1]

    assert modes(Endless()) == ()
    assert len(asked) == MOST_ANSWERS


def test_a_camera_that_cannot_be_asked_has_the_usual_modes(tmp_path):
    assert modes_of(Camera(90, "Fake", str(tmp_path / "video90"))) == USUAL_MODES
    (tmp_path / "video91").touch()
    assert modes_of(Camera(91, "Fake", str(tmp_path / "video91"))) == USUAL_MODES


def test_the_list_says_what_to_type_and_what_was_never_tried(monkeypatch, capsys):
    camera = Camera(3, "Grabber", "/dev/video3")
    monkeypatch.setattr("app.core.sources.listing.list_cameras", lambda: (camera,))
    monkeypatch.delenv("DISPLAY", raising=False)
    assert main.main(["--list-sources"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "camera:3  Grabber (not run on hardware)"
    assert lines[1] == "  camera:3,size=1920x1080,fps=60"
    assert lines[-1] == "phantom:  Made scene, SYNTHETIC"
    assert listed_lines((ListedSource("camera:0", "X", (HD,)),)) == [
        "camera:0  X",
        "  camera:0,size=1920x1080,fps=60,format=mjpeg",
    ]


def test_opencv_gives_the_newest_picture_and_counts_those_before_it(tmp_path):
    clip = tmp_path / "clip.avi"
    write_clip(clip, [index_picture(k) for k in range(100)], codec="mjpeg", pix_fmt="yuvj420p")
    # A file is read as fast as it goes: a device that nobody keeps pace with.
    with closing(CapturedStream("card", cv2.VideoCapture(str(clip)))) as stream:
        assert (stream.info().width, stream.info().height) == (64, 64)
        begun_s = time.monotonic()
        until(lambda: not stream._drain._thread.is_alive())
        newest = stream.read()
        assert newest.index == 99
        assert index_in(newest.rgb) == 99
        assert begun_s - 1 < newest.captured_s <= time.monotonic()
        assert stream.read() is None
