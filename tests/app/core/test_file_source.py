import av
import numpy as np
import pytest
from made_clips import index_in, index_picture, square_picture, write_clip

from app.core.sources import SourceError, open_source
from app.core.sources.file import FileSource
from app.core.sources.pixels import FrameConverter


@pytest.fixture
def opened():
    """Opens a path as a source and closes it at the end."""
    sources = []

    def open_path(path):
        source = open_source(str(path))
        sources.append(source)
        return source, source.open()

    yield open_path
    for source in sources:
        source.close()


def everything(source):
    pictures = []
    while (picture := source.read()) is not None:
        pictures.append(picture)
    return pictures


def test_every_frame_comes_once_in_order_with_its_time(clip, opened):
    source, info = opened(clip)
    pictures = everything(source)
    assert [index_in(picture.rgb) for picture in pictures] == list(range(100))
    assert [picture.index for picture in pictures] == list(range(100))
    assert [picture.media_s for picture in pictures] == pytest.approx(np.arange(100) / 25)
    assert (info.width, info.height, info.rate_fps) == (64, 64, 25)
    assert info.duration_s == pytest.approx(4.0, abs=0.05)
    assert info.is_recording
    assert info.name == "clip.mkv"


@pytest.mark.parametrize("time_s", [0.0, 0.04, 0.06, 1.0, 1.99, 3.96, 99.0, -1.0, 0.5, 0.48])
def test_seek_gives_the_frame_on_screen_at_that_time(clip, opened, time_s):
    source, _ = opened(clip)
    source.seek(time_s)
    picture = source.read()
    expected = min(max(int(time_s * 25 + 1e-6), 0), 99)
    assert index_in(picture.rgb) == expected
    assert picture.index == expected
    following = source.read()
    assert following is None if expected == 99 else index_in(following.rgb) == expected + 1


def test_seeks_in_any_order_are_exact(clip, opened):
    source, _ = opened(clip)
    everything(source)
    for index in np.random.default_rng(1).integers(0, 100, 40):
        source.seek(index / 25)
        assert index_in(source.read().rgb) == index


def test_stepping_back_past_the_kept_frames_is_exact(clip, opened, monkeypatch):
    monkeypatch.setattr("app.core.sources.decoded.KEPT_BYTES", 1)
    source, _ = opened(clip)
    source.seek(2.0)
    picture = source.read()
    for expected in range(49, 20, -1):
        source.seek(picture.media_s - 1e-6)
        picture = source.read()
        assert (index_in(picture.rgb), picture.index) == (expected, expected)


def test_variable_rate_is_sought_by_the_frames_own_times(tmp_path, opened):
    times_s = np.cumsum([0.0] + [0.02, 0.2, 0.05, 0.5] * 5)
    path = tmp_path / "variable.mkv"
    write_clip(path, [index_picture(index) for index in range(21)], times_s=times_s)
    source, _ = opened(path)
    for index in (20, 3, 0, 11, 12):
        source.seek(times_s[index] + 0.01)
        picture = source.read()
        assert index_in(picture.rgb) == index
        assert picture.media_s == pytest.approx(times_s[index], abs=1e-3)


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mp4", "libx264"), ("ts", "libx264"), ("avi", "mjpeg"), ("h264", "libx264")],
)
def test_usual_containers_play_and_seek(tmp_path, opened, monkeypatch, ending, codec):
    path = tmp_path / f"clip.{ending}"
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    write_clip(path, [index_picture(index) for index in range(60)], codec=codec, pix_fmt=pix_fmt)
    source, _ = opened(path)
    pictures = everything(source)
    assert [index_in(picture.rgb) for picture in pictures] == list(range(60))
    monkeypatch.setattr("app.core.sources.decoded.KEPT_BYTES", 1)
    for index in (17, 39, 2, 55):
        source.seek(pictures[index].media_s)
        picture = source.read()
        assert (index_in(picture.rgb), picture.index) == (index, index)


def test_turned_video_is_shown_upright(tmp_path, opened):
    path = tmp_path / "turned.mp4"
    lying = square_picture(0, 0, 16, height=32, width=64)
    write_clip(path, [lying] * 3, rotation=90)
    source, info = opened(path)
    rgb = source.read().rgb
    assert rgb.shape == (64, 32, 3) == (info.height, info.width, 3)
    # 90 degrees anticlockwise: the upper left corner comes down to the lower left.
    assert rgb[-8, 8, 0] > 200
    assert rgb[8, 8, 0] < 100
    assert rgb[8, -8, 0] < 100


@pytest.mark.parametrize(
    ("layout", "pix_fmt", "picture"),
    [
        ("gray", "gray", np.full((20, 30), 128, np.uint8)),
        ("gray16le", "gray16le", np.full((20, 30), 128 * 257, np.uint16)),
        ("rgba", "bgra", np.full((20, 30, 4), (128, 128, 128, 255), np.uint8)),
        ("rgb48le", "gbrp16le", np.full((20, 30, 3), 128 * 257, np.uint16)),
    ],
)
def test_grey_and_16_bit_video_keep_their_brightness(tmp_path, opened, layout, pix_fmt, picture):
    path = tmp_path / "odd.mkv"
    write_clip(path, [picture] * 2, codec="ffv1", pix_fmt=pix_fmt, layout=layout)
    source, _ = opened(path)
    rgb = source.read().rgb
    assert rgb.shape == (20, 30, 3)
    assert rgb.dtype == np.uint8
    assert np.abs(rgb.astype(int) - 128).max() <= 1


def test_transparent_video_lies_over_black(tmp_path, opened):
    picture = np.full((20, 30, 4), 200, np.uint8)
    picture[:, :10, 3], picture[:, 10:20, 3], picture[:, 20:, 3] = 0, 128, 255
    path = tmp_path / "transparent.mkv"
    write_clip(path, [picture] * 2, codec="ffv1", pix_fmt="bgra", layout="rgba")
    source, _ = opened(path)
    assert list(source.read().rgb[10, [5, 15, 25], 0]) == [0, 100, 200]


def test_colours_survive_a_file(tmp_path, opened):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :32], picture[:, 32:64], picture[:, 64:] = (
        (200, 30, 30),
        (30, 200, 30),
        (30, 30, 200),
    )
    path = tmp_path / "colours.mkv"
    write_clip(path, [picture] * 2)
    source, _ = opened(path)
    rgb = source.read().rgb.astype(int)
    for column, colour in ((16, (200, 30, 30)), (48, (30, 200, 30)), (80, (30, 30, 200))):
        assert np.abs(rgb[32, column] - colour).max() <= 6


@pytest.mark.parametrize(("height", "colours"), [(720, 1), (480, 5)])
def test_untagged_video_is_read_as_high_or_standard_definition_by_its_height(
    tmp_path, opened, height, colours
):
    path = tmp_path / "untagged.mkv"
    rgb = np.full((height, 64, 3), (200, 40, 40), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = height, 64, "yuv420p"
        coded = av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p", dst_colorspace=colours)
        coded.colorspace = 2
        container.mux(stream.encode(coded))
        container.mux(stream.encode(None))
    source, _ = opened(path)
    assert np.abs(source.read().rgb.astype(int) - rgb).max() <= 4


def test_a_frame_of_one_pixel_is_a_frame(tmp_path, opened):
    path = tmp_path / "dot.mkv"
    write_clip(path, [np.full((1, 1, 3), 77, np.uint8)] * 3, codec="ffv1", pix_fmt="bgr0")
    source, info = opened(path)
    assert (info.width, info.height) == (1, 1)
    assert [tuple(picture.rgb[0, 0]) for picture in everything(source)] == [(77, 77, 77)] * 3


def test_one_picture_is_a_recording_of_one_frame(tmp_path, opened):
    path = tmp_path / "one.png"
    write_clip(path, [index_picture(5)], codec="png", pix_fmt="rgb24")
    source, info = opened(path)
    assert info.is_recording
    assert [index_in(picture.rgb) for picture in everything(source)] == [5]


def test_a_recording_that_was_cut_off_plays_to_its_cut(clip, opened):
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
    source, info = opened(clip)
    pictures = everything(source)
    assert 40 < len(pictures) < 100
    assert info.duration_s > 1


def test_damage_in_the_middle_is_stepped_over(tmp_path, opened):
    path = tmp_path / "damaged.ts"
    write_clip(path, [index_picture(index) for index in range(100)])
    coded = bytearray(path.read_bytes())
    middle = len(coded) // 2
    coded[middle : middle + 400] = b"\x55" * 400
    path.write_bytes(coded)
    source, _ = opened(path)
    pictures = everything(source)
    assert index_in(pictures[-1].rgb) == 99


def refusal(path):
    source = open_source(str(path))
    try:
        with pytest.raises(SourceError) as caught:
            source.open()
    finally:
        source.close()
    line = str(caught.value)
    assert "\n" not in line
    assert str(path) in line
    return line


def test_missing_video_is_named(tmp_path):
    assert "no such file" in refusal(tmp_path / "missing.mkv")


def test_empty_video_is_named(tmp_path):
    path = tmp_path / "empty.mkv"
    path.touch()
    assert "empty" in refusal(path)


def test_corrupt_video_is_named(tmp_path):
    path = tmp_path / "corrupt.mkv"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    assert "not a video that can be read" in refusal(path)


def test_video_of_headers_only_is_named(clip):
    clip.write_bytes(clip.read_bytes()[:700])
    assert "no picture could be decoded" in refusal(clip) or "not a video" in refusal(clip)


def test_sound_without_picture_is_named(tmp_path):
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    assert "holds no video" in refusal(path)


def test_a_pixel_format_that_cannot_be_converted_is_named():
    frame = av.VideoFrame(8, 8, "rgb96le")
    with pytest.raises(SourceError, match="pixel format rgb96le cannot be shown; convert"):
        FrameConverter().rgb(frame)


def test_closing_before_opening_is_allowed(tmp_path):
    FileSource(tmp_path / "never.mkv").close()
