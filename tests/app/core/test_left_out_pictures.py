"""Pictures of live streams that cannot be shown are left out and counted; the stream goes on."""

import socket
import threading
from contextlib import closing, suppress
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from made_clips import index_in, index_picture, now, until

from app.core.pipeline import Pipeline
from app.core.snapshot import Signal, SourceState
from app.core.sources.drain import Drain
from app.core.sources.network import NetworkSource
from app.core.sources.stream import LiveStream

ODD = (5, 6, 30)
"""Positions of pictures that nobody can show."""


FLUSHED = {"fflags": "+flush_packets"}
"""Every picture is a piece."""


class _Pieces(list):
    """What a muxer writes."""

    def write(self, data):
        self.append(bytes(data))
        return len(data)


def muxed(form, codec, pix_fmt, coded, *, rate=50, options=None):
    """The pieces of a stream of coded pictures, in the order of their sending."""
    pieces = _Pieces()
    with av.open(pieces, "w", format=form, options=options or FLUSHED) as container:
        stream = container.add_stream(codec, rate=rate, options={"strict": "unofficial"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pix_fmt
        container.start_encoding()
        for number, data in enumerate(coded):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, rate)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return pieces


class Sender:
    """Serves pieces over TCP to one viewer after the other, from the beginning for each."""

    def __init__(self, pieces, period_s=0.02):
        self._pieces, self._period_s = pieces, period_s
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        self.viewers = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        with suppress(OSError):
            while not self._stopping.is_set():
                viewer, _ = self._socket.accept()
                self.viewers += 1
                with viewer, suppress(ConnectionError):
                    self._send(viewer)

    def _send(self, viewer):
        for piece in self._pieces:
            if self._stopping.wait(self._period_s):
                return
            viewer.sendall(piece)
        # A sender whose camera stands keeps its connection.
        self._stopping.wait()

    def stop(self):
        self._stopping.set()
        # Whoever waits for a viewer is woken by one.
        with suppress(OSError):
            socket.create_connection(self._socket.getsockname(), timeout=1).close()
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def serve():
    """Serves pieces until the test ends: `serve(pieces, period_s)`."""
    made = []

    def start(*arguments, **options):
        made.append(Sender(*arguments, **options))
        return made[-1]

    yield start
    for sender in made:
        sender.stop()


def jpeg(index):
    bgr = index_picture(index % 256)[..., ::-1]
    return cv2.imencode(".jpg", bgr)[1].tobytes()


def tiff(index):
    """A picture of 8 bits; at the odd places one of four 32-bit floats a pixel."""
    bgr = index_picture(index % 256)[..., ::-1]
    if index in ODD:
        bgr = np.full((*bgr.shape[:2], 4), 0.5, np.float32)
    return cv2.imencode(".tiff", bgr, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes()


def test_a_broken_picture_is_left_out_and_counted(serve):
    coded = [b"\0" * 400 if number % 10 == 7 else jpeg(number) for number in range(200)]
    sender = serve(muxed("nut", "mjpeg", "yuvj420p", coded))
    with closing(Pipeline()) as pipeline:
        pipeline.open(sender.url)
        # A busy machine drops good ones besides.
        shown = until(
            lambda: (found := now(pipeline)).frame is not None and found.frame.index > 60 and found
        )
    assert shown.source.state is SourceState.PLAYING
    assert shown.source.frames_dropped >= 4
    assert shown.frame.index + 1 == shown.source.frames_read + shown.source.frames_dropped
    assert sender.viewers == 1


class TiffStream(NetworkSource):
    """In a container whose sender declares a length: every picture tells its own format."""

    def open(self):
        self._stream = LiveStream("tiffs", av.open(self._url, timeout=5), is_device=False)
        return self._stream.info()


def test_a_picture_of_an_odd_format_is_left_out_and_counted(serve):
    fragments = {"movflags": "frag_every_frame+empty_moov+default_base_moof"}
    coded = [tiff(number) for number in range(80)]
    sender = serve(muxed("mov", "tiff", "rgb24", coded, options=fragments), 0.005)
    seen, source = [], TiffStream(sender.url)
    with closing(source):
        source.open()
        while not seen or seen[-1][1] < 50:
            picture = source.read()
            seen.append((picture.index, index_in(picture.rgb)))
    shown = [found for _, found in seen]
    assert not set(ODD) & set(shown)
    # The left-out ones are counted: index and place stay together.
    assert len({index - found for index, found in seen}) == 1


def test_a_stream_of_which_no_picture_can_be_shown_says_why_and_is_tried_again(serve):
    coded = [b"\x12" * 32 * 64] * 400
    sender = serve(muxed("nut", "rawvideo", "bgr4", coded))
    with closing(Pipeline()) as pipeline:
        pipeline.open(sender.url)
        lost = until(lambda: (found := now(pipeline).source).message and found)
        assert lost.state is SourceState.LOST
        assert "pixel format bgr4 cannot be shown; convert" in lost.message
        until(lambda: sender.viewers == 2)


def test_a_stream_that_declares_too_low_a_rate_is_said_to_stall_as_soon_as_any(serve):
    pieces = muxed("nut", "mjpeg", "yuvj420p", [jpeg(number) for number in range(40)], rate=1)
    sender = serve(pieces)
    with closing(Pipeline()) as pipeline:
        pipeline.open(sender.url)
        until(lambda: now(pipeline).source.period_s > 0)
        assert now(pipeline).source.info.rate_fps == 1
        until(lambda: index_in(now(pipeline).frame.rgb) == 39)
        arrived_s = pipeline._capture.view.arrived_s
        # The way here may take 300 ms; five declared periods would be 5 s.
        assert pipeline.snapshot(arrived_s + 0.29).source.signal is not Signal.STALLED
        stalled = pipeline.snapshot(arrived_s + 4.9)
        assert stalled.source.signal is Signal.STALLED
        assert stalled.result is None


def test_closing_waits_until_the_device_is_let_go():
    picture_comes, let_go = threading.Event(), threading.Event()

    def pictures():
        yield "first"
        picture_comes.wait(20)
        yield "late"

    drain = Drain("camera 0", pictures(), let_go.set)
    assert drain.take() == "first"
    threading.Timer(0.2, picture_comes.set).start()
    drain.close()
    assert let_go.is_set()


def test_a_device_that_is_not_let_go_in_time_is_said(caplog, monkeypatch):
    monkeypatch.setattr("app.core.sources.drain.LET_GO_S", 0.05)
    picture_comes, let_go = threading.Event(), threading.Event()

    def pictures():
        picture_comes.wait(20)
        yield "late"

    drain = Drain("camera 0", pictures(), let_go.set)
    drain.close()
    assert not let_go.is_set()
    assert "still held after 0.05 s" in caplog.text
    picture_comes.set()
    assert let_go.wait(5)
