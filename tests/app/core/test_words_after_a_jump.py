"""After a seek or a step the words belong to the picture that is shown."""

import cv2
import numpy as np
import pytest
from made_clips import now, square_picture, until, write_clip
from made_engines import SquareEngine, loader

from app.core.snapshot import Signal, SourceState
from lmsfa.quality.condition import CLEAR, Condition, Quality

RATE_FPS = 25
SECONDS = 2
PLAIN = square_picture(60, 40, 60, height=160, width=240)
BLUE = np.full_like(PLAIN, (10, 10, 200))
ROOM = np.where((PLAIN[..., :1] < 200), np.uint8((110, 118, 122)), PLAIN)
PARTS = {"good": PLAIN, "blue": BLUE, "room": ROOM}
PLACES_S = {name: SECONDS * number + 1.0 for number, name in enumerate(PARTS)}


@pytest.fixture
def paused(tmp_path, pipelines):
    """A recording that stands in its good part."""
    pictures = [rgb for rgb in PARTS.values() for _ in range(SECONDS * RATE_FPS)]
    write_clip(tmp_path / "parts.mkv", pictures, rate=RATE_FPS)
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.load("weights.safetensors")
    pipeline.open(str(tmp_path / "parts.mkv"))
    until(lambda: now(pipeline).frame)
    pipeline.pause()
    until(lambda: now(pipeline).source.state is SourceState.PAUSED)
    return pipeline


def said_at(pipeline, place):
    """(signal, condition) once the picture there was looked at."""
    pipeline.seek(PLACES_S[place])
    until(lambda: abs(now(pipeline).frame.media_s - PLACES_S[place]) < 0.05)
    expected = {
        "good": (Signal.GOOD, CLEAR),
        "blue": (Signal.BLUE, None),
        "room": (Signal.GOOD, Condition(Quality.OUT_OF_BODY, is_off=True)),
    }[place]

    def is_said():
        source = now(pipeline).source
        condition = source.view.condition
        return source.signal is expected[0] and expected[1] in (None, condition)

    until(is_said, timeout_s=5.0)


def test_the_words_are_those_of_the_picture_that_a_seek_shows(paused):
    for place in ("blue", "good", "room", "blue", "room", "good"):
        said_at(paused, place)


def test_an_overlay_is_drawn_after_a_seek_from_a_faulty_picture_to_a_good_one(paused):
    said_at(paused, "blue")
    assert now(paused).result is None
    said_at(paused, "good")
    until(lambda: now(paused).result)


def test_no_step_says_that_the_size_has_changed(tmp_path, pipelines):
    # A folder's pictures may each have their own size.
    for number, side in enumerate((1.0, 0.5, 1.0, 0.5)):
        sized = cv2.resize(PLAIN[..., ::-1], None, fx=side, fy=side)
        cv2.imwrite(str(tmp_path / f"{number}.png"), sized)
    pipeline = pipelines(loader(SquareEngine()))
    pipeline.open(str(tmp_path))
    until(lambda: now(pipeline).source.state is SourceState.ENDED)
    words, sizes = set(), set()
    for index in (2, 1, 0):
        pipeline.step(-1)
        shown = until(lambda index=index: (found := now(pipeline)).frame.index == index and found)
        sizes.add(shown.frame.rgb.shape)
        until(lambda: now(pipeline).source.signal is Signal.GOOD, timeout_s=0.5)
        words |= {now(pipeline).source.signal for _ in range(20)}
    assert len(sizes) == 2
    assert words == {Signal.GOOD}
