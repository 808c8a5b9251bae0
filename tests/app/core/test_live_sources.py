import re
import socket
import threading
import time
from contextlib import closing, suppress

import pytest
from made_clips import index_in, index_picture, now, until, write_clip

from app.core.pipeline import Pipeline
from app.core.snapshot import SourceState
from app.core.sources import SourceError, open_source
from app.core.sources.camera import CameraSource, find_camera
from app.core.sources.devices import Camera, list_cameras
from app.core.sources.network import NetworkSource


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sender:
    """Serves a made MJPEG stream in NUT over TCP to one viewer, 50 frames a second."""

    def __init__(self, folder, frames):
        coded = folder / "sent.nut"
        pictures = [index_picture(number % 256) for number in range(frames)]
        write_clip(coded, pictures, rate=50, codec="mjpeg", pix_fmt="yuvj420p")
        self._bytes = coded.read_bytes()
        self._piece = len(self._bytes) // frames + 1
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self):
        viewer, _ = self._socket.accept()
        # A viewer that has seen enough hangs up.
        with viewer, suppress(ConnectionError):
            for start in range(0, len(self._bytes), self._piece):
                if self._stopping.wait(0.02):
                    return
                viewer.sendall(self._bytes[start : start + self._piece])

    def stop(self):
        self._stopping.set()
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def sender(request, tmp_path):
    made = Sender(tmp_path, frames=getattr(request, "param", 500))
    yield made
    made.stop()


def test_a_stream_is_shown_as_it_comes(sender):
    source = open_source(sender.url)
    info = source.open()
    assert not info.is_recording
    assert (info.width, info.height) == (64, 64)
    seen = [source.read() for _ in range(10)]
    shown = [index_in(picture.rgb) for picture in seen]
    assert shown == sorted(set(shown))
    # What came while the stream was probed is old and left out; what nobody fetched is counted.
    assert len({found - picture.index for found, picture in zip(shown, seen, strict=True)}) == 1
    source.close()


def test_a_live_picture_is_never_paused_and_carries_its_capture_time(sender):
    with closing(Pipeline()) as pipeline:
        pipeline.open(sender.url)
        first = until(lambda: now(pipeline).frame)
        assert 0 <= time.monotonic() - first.captured_s < 60
        assert first.media_s is None
        pipeline.pause()
        until(lambda: now(pipeline).frame.index > first.index + 5)
        assert now(pipeline).source.state is SourceState.PLAYING


@pytest.mark.parametrize("sender", [80], indirect=True)
def test_the_end_of_a_stream_is_said_and_it_is_tried_again(sender):
    with closing(Pipeline()) as pipeline:
        pipeline.open(sender.url)
        until(lambda: now(pipeline).source.message == "the sender has ended the stream")
        assert now(pipeline).source.state is SourceState.LOST
        assert now(pipeline).frame is not None


def test_a_stream_that_nobody_serves_is_refused_at_once():
    source = open_source(f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(SourceError, match=r"nobody serves a video stream there.*start the sender"):
        source.open()
    source.close()


def refused(source):
    with pytest.raises(SourceError) as caught:
        source.open()
    source.close()
    return str(caught.value)


@pytest.mark.parametrize("scheme", ["rtsp", "http", "udp"])
def test_a_silent_sender_is_given_up_within_the_time_limit(scheme):
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1] if scheme != "udp" else free_port()
        if scheme != "udp":
            silent.listen()
        source = NetworkSource(f"{scheme}://127.0.0.1:{port}/x", limit_s=0.5)
        refusals = []
        waiting = threading.Thread(target=lambda: refusals.append(refused(source)))
        waiting.start()
        turns = 0
        while waiting.is_alive():
            turns += 1
            waiting.join(0.01)
    assert re.search(r"nobody serves .* waited at most 0\.5 s", refusals[0])
    # Other threads, such as the window's, went on meanwhile.
    assert turns > 5


def test_streams_and_cameras_cannot_be_sought():
    with pytest.raises(SourceError, match="cannot be sought"):
        NetworkSource("rtsp://nowhere").seek(1.0)
    with pytest.raises(SourceError, match="cannot be sought"):
        CameraSource("0").seek(1.0)


CAMERAS = (Camera(0, "USB capture HDMI", "/dev/video0"), Camera(2, "Webcam C920", "/dev/video2"))


@pytest.mark.parametrize(
    ("wanted", "number"), [("0", 0), ("2", 2), ("webcam", 2), ("HDMI", 0), ("/dev/video2", 2)]
)
def test_a_camera_is_found_by_number_name_or_device(wanted, number):
    assert find_camera(wanted, CAMERAS).number == number


def test_a_camera_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        SourceError, match=r"camera 7: is not there; .*0 \(USB capture HDMI\), 2 \(Web"
    ):
        find_camera("7", CAMERAS)
    with pytest.raises(SourceError, match="camera no such thing: is not there"):
        open_source("camera:no such thing").open()
    with pytest.raises(SourceError, match="camera 97: is not there"):
        open_source("97").open()


def test_a_device_that_is_no_camera_is_refused_in_both_ways(tmp_path, monkeypatch, capfd):
    fake = tmp_path / "video90"
    fake.write_bytes(b"")
    monkeypatch.setattr(
        "app.core.sources.camera.list_cameras", lambda: (Camera(90, "Fake", str(fake)),)
    )
    source = open_source("camera:90")
    with pytest.raises(SourceError, match=r"is there but gives no picture .*FFmpeg: .*OpenCV: "):
        source.open()
    source.close()


def test_cameras_are_listed_by_name_without_their_second_nodes(tmp_path):
    for node, name, index in (
        ("video2", "Webcam", "0"),
        ("video10", "Grabber", "0"),
        ("video3", "Webcam", "1"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(name + "\n")
        (tmp_path / node / "index").write_text(index + "\n")
    cameras = list_cameras(tmp_path)
    assert cameras == (Camera(2, "Webcam", "/dev/video2"), Camera(10, "Grabber", "/dev/video10"))
    assert cameras[1].spec == "camera:10"
    assert list_cameras(tmp_path / "missing") == ()


@pytest.mark.parametrize("spec", ["", "  "])
def test_no_source_is_said(spec):
    with pytest.raises(SourceError, match="no source was given"):
        open_source(spec)


@pytest.mark.parametrize("spec", ["7", "camera:7", "Camera:7", "/dev/video7"])
def test_every_way_to_write_a_camera_means_one(spec):
    assert isinstance(open_source(spec), CameraSource)


def test_a_scheme_may_be_written_in_capitals():
    assert isinstance(open_source("RTSP://127.0.0.1:9/x"), NetworkSource)


def test_an_unknown_scheme_is_named():
    with pytest.raises(SourceError, match="ftp://x: not a known kind of stream; expected one of"):
        open_source("ftp://x")
