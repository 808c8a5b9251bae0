"""What capture cards and senders of SDI and HDMI signals deliver: lines, ranges, sizes, rates."""

import socket
import threading
import time
from contextlib import closing, suppress
from fractions import Fraction

import av
import numpy as np
import pytest
from made_clips import index_in, index_picture, now, until

from app.core.pipeline import Pipeline
from app.core.snapshot import Signal
from app.core.sources import open_source
from app.core.sources.pixels import FrameConverter

WIDTH, HEIGHT = 192, 96


def write(path, pictures, *, codec="ffv1", pix_fmt="yuv422p10le", color_range=0, **options):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.color_range = color_range
        for number, rgb in enumerate(pictures):
            whole = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame = whole.reformat(format=pix_fmt, dst_color_range=color_range or None)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def first_picture(path):
    with closing(open_source(str(path))) as source:
        source.open()
        return source.read().rgb


@pytest.mark.parametrize("pix_fmt", ["yuv422p10le", "yuv422p", "yuv444p12le"])
@pytest.mark.parametrize(("range_name", "color_range"), [("limited", 1), ("full", 2)])
def test_full_and_limited_range_show_the_same_picture(tmp_path, pix_fmt, range_name, color_range):
    ramp = np.linspace(0, 255, WIDTH).astype(np.uint8)
    rgb = np.repeat(np.broadcast_to(ramp, (HEIGHT, WIDTH))[..., None], 3, axis=2)
    path = tmp_path / f"{range_name}.mkv"
    write(path, [rgb] * 3, pix_fmt=pix_fmt, color_range=color_range)
    shown = first_picture(path).astype(int)
    assert np.abs(shown - rgb).max() <= 4
    assert shown.min() <= 2
    assert shown.max() >= 253


def woven(shift):
    """A bar that is elsewhere in the lines between, as it is half a frame later."""
    rgb = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    rgb[::2, 40:80] = 220
    rgb[1::2, 40 + shift : 80 + shift] = 220
    return rgb


def comb(rgb):
    """How much neighbouring lines differ more than lines of one field do."""
    lines = rgb[..., 0].astype(int)
    return np.abs(lines[2:-2] - lines[3:-1]).mean() - np.abs(lines[2:-2] - lines[4:]).mean()


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("mpeg2video", {"flags": "+ildct+ilme", "b": "20M"}),
        ("libx264", {"flags": "+ildct+ilme", "x264-params": "tff=1:qp=4"}),
    ],
)
def test_interlaced_video_shows_no_combs(tmp_path, codec, options):
    path = tmp_path / "interlaced.mkv"
    write(path, [woven(24)] * 6, codec=codec, pix_fmt="yuv420p", **options)
    shown = first_picture(path)
    assert shown.shape == (HEIGHT, WIDTH, 3)
    assert comb(woven(24)) > 20
    assert abs(comb(shown)) < 2
    # The bar of the upper lines alone, upright, in its place and with its colours.
    middle = shown[HEIGHT // 2, :, 0]
    assert abs(int(middle[60]) - 220) < 12
    assert abs(int(middle[95]) - 40) < 12


def test_the_filter_for_interlaced_video_is_built_once_while_the_format_stays(
    tmp_path, monkeypatch
):
    built, made = [], av.filter.Graph

    def graph():
        built.append(1)
        return made()

    monkeypatch.setattr(av.filter, "Graph", graph)
    converter = FrameConverter()
    before = len(built)
    for number, (pix_fmt, lines) in enumerate(
        (("yuv420p", HEIGHT), ("yuv422p", HEIGHT), ("yuv422p", HEIGHT // 2)), start=1
    ):
        path = tmp_path / f"{number}.mkv"
        options = {"flags": "+ildct+ilme", "x264-params": "tff=1:qp=4"}
        write(path, [woven(24)[:lines]] * 6, codec="libx264", pix_fmt=pix_fmt, **options)
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                assert frame.interlaced_frame
                rgb = converter.rgb(frame)
                assert rgb.shape == (lines, WIDTH, 3)
                assert abs(comb(rgb)) < 2
        assert len(built) - before == number


def test_progressive_video_keeps_every_line(tmp_path):
    path = tmp_path / "progressive.mkv"
    write(path, [woven(24)] * 3, pix_fmt="yuv422p10le")
    assert comb(first_picture(path)) > 20


class NutSender:
    """Sends what it is given in NUT over TCP to one viewer, a piece a picture."""

    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._viewer = None

    def accept(self):
        self._viewer, _ = self._server.accept()

    def send(self, data):
        with suppress(ConnectionError):
            self._viewer.sendall(data)

    def close(self):
        self._viewer.close()
        self._server.close()


class _Pieces:
    """A file that hands on whatever a muxer writes."""

    def __init__(self, send):
        self.send = send

    def write(self, data):
        self.send(bytes(data))
        return len(data)


def serve(sender, pictures, *, period_s, stopping):
    """Codes and sends pictures, one each period, and says their size anew when it changes."""
    sender.accept()
    container = av.open(
        _Pieces(sender.send), "w", format="nut", options={"fflags": "+flush_packets"}
    )
    stream = container.add_stream("mjpeg", rate=50, options={"strict": "unofficial"})
    stream.pix_fmt = "yuvj420p"
    stream.height, stream.width = pictures[0].shape[:2]
    coder, size = stream.codec_context, pictures[0].shape[:2]
    container.start_encoding()
    time_s, start_s = 0.0, time.monotonic()
    for number, rgb in enumerate(pictures):
        if rgb.shape[:2] != size:
            size = rgb.shape[:2]
            coder = av.CodecContext.create("mjpeg", "w")
            coder.pix_fmt, coder.time_base = "yuvj420p", Fraction(1, 50)
            coder.height, coder.width = size
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuvj420p")
        frame.pts, frame.time_base = round(50 * time_s), Fraction(1, 50)
        time_s += period_s(number)
        for packet in coder.encode(frame):
            packet.stream = stream
            container.mux(packet)
        if stopping.wait(max(0.0, start_s + time_s - time.monotonic())):
            break


@pytest.fixture
def playing():
    """Plays pictures over the network into a pipeline: `playing(pictures, period_s)`."""
    stopping, ends = threading.Event(), []

    def play(pictures, period_s=lambda _number: 0.02):
        sender, pipeline = NutSender(), Pipeline()
        thread = threading.Thread(
            target=serve,
            args=(sender, pictures),
            kwargs={"period_s": period_s, "stopping": stopping},
        )
        thread.start()
        ends.append((sender, pipeline, thread))
        pipeline.open(sender.url)
        return pipeline

    yield play
    stopping.set()
    for sender, pipeline, thread in ends:
        pipeline.close()
        thread.join(10)
        sender.close()


def test_a_signal_that_changes_its_size_is_shown_in_its_new_size_and_said(playing):
    small = [index_picture(k % 256, 64, 96) for k in range(60)]
    large = [index_picture(k % 256, 120, 160) for k in range(200)]
    pipeline = playing(small + large)
    until(lambda: now(pipeline).frame)
    shown = until(lambda: (found := now(pipeline)).frame.rgb.shape == (120, 160, 3) and found)
    assert shown.frame.rgb.shape == (120, 160, 3)
    until(lambda: now(pipeline).source.signal is Signal.RESIZED)
    until(lambda: now(pipeline).source.signal is Signal.GOOD)


def test_a_signal_that_slows_down_is_not_said_to_stall(playing):
    # From 50 to 2 a second; declared stays 50.
    pictures = [index_picture(k) for k in range(80)]
    pipeline = playing(pictures, lambda number: 0.02 if number < 50 else 0.45)
    until(lambda: now(pipeline).source.period_s > 0.4)
    slow = now(pipeline).frame.index
    while (shown := now(pipeline)).frame.index < slow + 3:
        assert shown.source.signal is not Signal.STALLED
        time.sleep(0.005)


def test_whoever_is_slow_finds_the_newest_picture_and_what_was_dropped_is_counted(playing):
    pictures = [index_picture(k % 256) for k in range(400)]
    seen = []
    pipeline = playing(pictures)
    until(lambda: now(pipeline).frame)
    stage = pipeline._capture._reader.stage
    show, held = stage.show, threading.Event()

    def slow(frame, state, **more):
        held.wait(0.1)
        seen.append((frame.index, index_in(frame.rgb)))
        show(frame, state, **more)

    stage.show = slow
    until(lambda: len(seen) == 8)
    # What came while the stream was probed is left out: the two counts begin apart.
    assert len({(index - found) % 256 for index, found in seen}) == 1
    # One after the other would be as many as were waited for.
    assert seen[-1][0] - seen[0][0] >= 2 * len(seen)
    shown = now(pipeline)
    assert shown.source.frames_dropped >= len(seen)
    assert shown.frame.index + 1 == shown.source.frames_read + shown.source.frames_dropped
