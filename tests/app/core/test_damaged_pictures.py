"""Pictures that a decoder had to make up are named, and so is what is predicted from them."""

import io
import random
import time

import av
import numpy as np
import pytest
from made_clips import now, until
from made_engines import SquareEngine, loader

from app.core.snapshot import Signal, SourceState
from app.core.sources.file import FileSource

PICTURES = 40
TS_BYTES = 188


def pictures(height=96, width=128):
    """Moving texture: nothing in it can be guessed from what stands beside it."""
    rng = np.random.default_rng(0)
    cloth = rng.integers(40, 220, (height + PICTURES, width + PICTURES, 3), dtype=np.uint8)
    cloth = np.repeat(np.repeat(cloth[::4, ::4], 4, axis=0), 4, axis=1)
    return [np.ascontiguousarray(cloth[k : k + height, k : k + width]) for k in range(PICTURES)]


CODECS = {
    "h264": ("libx264", "mpegts", "yuv420p", 2, {"preset": "veryfast"}),
    "h264 open": ("libx264", "mpegts", "yuv420p", 2, {"x264-params": "open-gop=1:scenecut=0"}),
    "h264 renewed": ("libx264", "mpegts", "yuv420p", 0, {"x264-params": "intra-refresh=1"}),
    "hevc": ("libx265", "mpegts", "yuv420p", 2, {"x265-params": "log-level=none"}),
    "mpeg2": ("mpeg2video", "mpegts", "yuv420p", 2, {}),
    "mpeg4": ("mpeg4", "matroska", "yuv420p", 0, {}),
    "mjpeg": ("mjpeg", "matroska", "yuvj420p", 0, {}),
    "vp9": ("libvpx-vp9", "webm", "yuv420p", 0, {"deadline": "realtime", "cpu-used": "8"}),
    "ffv1": ("ffv1", "matroska", "yuv420p", 0, {}),
}


def coded(name):
    codec, container, pixels, between, options = CODECS[name]
    written, shown = io.BytesIO(), pictures()
    with av.open(written, "w", format=container) as target:
        stream = target.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 10, between
        stream.codec_context.bit_rate = 2_000_000
        for rgb in shown:
            target.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        target.mux(stream.encode())
    return written.getvalue()


def without_packets(stream, first, count):
    """A transport stream that lost some of its packets on its way."""
    parts = [stream[at : at + TS_BYTES] for at in range(0, len(stream), TS_BYTES)]
    start = int(first * len(parts))
    return b"".join(parts[:start] + parts[start + count :])


def with_flips(data, count, seed=0):
    rng, flipped = random.Random(seed), bytearray(data)
    for _ in range(count):
        at = rng.randrange(len(data) // 3, 2 * len(data) // 3)
        flipped[at] ^= rng.randrange(1, 256)
    return bytes(flipped)


def shown_of(path, data):
    """All pictures of a file by their time, and which of them are marked."""
    path.write_bytes(data)
    source = FileSource(path)
    source.open()
    seen = []
    while (picture := source.read()) is not None:
        seen.append(picture)
    source.close()
    return seen


@pytest.mark.parametrize("name", CODECS)
def test_an_intact_recording_raises_no_alarm(tmp_path, name):
    seen = shown_of(tmp_path / "clip", coded(name))
    assert len(seen) == PICTURES
    assert not any(picture.is_damaged for picture in seen)


@pytest.mark.parametrize("name", ["h264", "h264 open", "hevc", "mpeg2"])
@pytest.mark.parametrize("lost", [2, 12])
def test_what_lost_packets_spoil_is_marked_up_to_the_next_key_picture(tmp_path, name, lost):
    stream = coded(name)
    intact = {picture.media_s: picture.rgb for picture in shown_of(tmp_path / "whole", stream)}
    seen = shown_of(tmp_path / "lossy", without_packets(stream, 0.4, lost))
    marks = [picture.is_damaged for picture in seen]
    assert any(marks)
    assert not marks[0]
    assert not marks[-1]
    wrong = [picture for picture in seen if _differs(picture.rgb, intact.get(picture.media_s))]
    assert all(picture.is_damaged for picture in wrong)


def _differs(rgb, intact):
    return intact is None or np.abs(rgb.astype(int) - intact).mean() > 1


@pytest.mark.parametrize("name", ["h264", "mpeg2", "mpeg4", "mjpeg"])
def test_flipped_bytes_are_noticed(tmp_path, name):
    seen = shown_of(tmp_path / "flipped", with_flips(coded(name), 60))
    marks = [picture.is_damaged for picture in seen]
    assert any(marks)
    assert not all(marks)


@pytest.mark.parametrize("name", ["h264", "hevc", "mpeg2"])
def test_a_stream_that_is_joined_in_its_middle_is_intact_from_its_key_picture_on(tmp_path, name):
    stream = coded(name)
    seen = shown_of(tmp_path / "joined", stream[len(stream) // 4 // TS_BYTES * TS_BYTES :])
    assert len(seen) > PICTURES // 3
    assert not any(picture.is_damaged for picture in seen[10:])


def test_on_a_damaged_picture_nothing_is_painted(tmp_path, pipelines):
    path = tmp_path / "lossy.ts"
    path.write_bytes(without_packets(coded("mpeg2"), 0.4, 12))
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.load("weights.safetensors")
    pipeline.max_age_ms = 1e6
    pipeline.open(str(path))
    damaged = []
    until(lambda: now(pipeline).frame is not None)
    give_up_s = time.monotonic() + 20
    while (snapshot := now(pipeline)).source.state is not SourceState.ENDED:
        assert time.monotonic() < give_up_s
        if snapshot.frame is not None and snapshot.frame.is_damaged:
            damaged.append(snapshot)
        time.sleep(0.001)
    assert damaged
    assert {snapshot.source.signal for snapshot in damaged} == {Signal.DAMAGED}
    assert all(snapshot.result is None for snapshot in damaged)
