"""A network is given what is seen of a frame, and its answers are the whole frame's."""

import numpy as np
import pytest
from made_engines import SquareEngine

from lmsfa.cropping import CroppedFrames, predict_picture_within, predict_within
from lmsfa.quality.rectangle import Rectangle

SEEN = Rectangle(120, 30, 520, 330)


class WatchfulEngine(SquareEngine):
    """Keeps the shapes that it is given."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        self.shapes.append(rgb.shape[:2])
        return super().predict(rgb, frame_index, captured_s)


def barred(seen=SEEN, seed=0):
    """Rough tissue between black bars, and a bright square on it."""
    rgb = np.zeros((360, 640, 3), np.uint8)
    rng = np.random.default_rng(seed)
    rgb[seen.top : seen.bottom, seen.left : seen.right] = rng.integers(
        60, 190, (*seen.shape, 1), dtype=np.uint8
    )
    rgb[150:230, 200:300] = (250, 210, 200)
    return rgb


def test_the_answer_to_a_part_lies_where_it_does_in_the_frame():
    engine, rgb = WatchfulEngine(), barred()
    found = predict_picture_within(engine, rgb).instances[0]
    assert engine.shapes == [SEEN.shape]
    mask = np.zeros(rgb.shape[:2], bool)
    region = found.region(*rgb.shape[:2])
    mask[region.window] = region.mask
    rows, columns = np.nonzero(mask)
    edges = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    assert edges == pytest.approx((150, 230, 200, 300), abs=5)
    assert found.box_xyxy == pytest.approx((200, 150, 300, 230), abs=1)


def test_a_frame_without_bars_is_given_as_it_is():
    engine = WatchfulEngine()
    whole = Rectangle.whole(360, 640)
    rgb = barred(whole)
    inside = predict_within(engine, rgb, whole, 7, 1.5)
    assert engine.shapes == [(360, 640)]
    assert (inside.frame_index, inside.captured_s) == (7, 1.5)
    assert inside.instances[0].box_xyxy == engine.predict(rgb).instances[0].box_xyxy


def test_bars_that_change_in_mid_stream_are_followed_and_another_source_begins_anew():
    engine = WatchfulEngine()
    frames = CroppedFrames(engine)

    def shown(seen, count, source_id=1, start_s=0.0):
        for number in range(count):
            time_s = start_s + number / 25
            rgb = barred(seen, seed=number)
            frames.predict(rgb, number, time_s, source_id=source_id, time_s=time_s)
        return engine.shapes[-count:]

    wide = Rectangle(0, 40, 640, 320)
    assert shown(SEEN, 5) == [SEEN.shape] * 5
    assert shown(wide, 6, start_s=0.2)[-1] == wide.shape
    assert shown(SEEN, 1, source_id=2) == [SEEN.shape]
    assert shown(wide, 1, source_id=2, start_s=60.0) == [wide.shape]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (4320, 7680)])
def test_any_size_is_answered(shape):
    engine = WatchfulEngine()
    predict_picture_within(engine, np.zeros((*shape, 3), np.uint8))
    assert engine.shapes == [shape]
