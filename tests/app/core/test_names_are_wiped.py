"""A picture carries its own names, and none of those before it."""

import numpy as np
from made_engines import CARD, SquareEngine

from app.core.headless.compositor import Compositor


def picture(left=None):
    rgb = np.full((480, 640, 3), 90, np.uint8)
    if left is not None:
        rgb[200:240, left : left + 40] = 250
    return rgb


def test_names_of_earlier_pictures_leave_nothing_behind():
    compositor = Compositor(CARD)
    # Layers are painted on in turn.
    for rgb in (picture(60), picture(300), picture(480)):
        written = compositor.over(rgb, SquareEngine().predict(rgb), None)
        assert not np.array_equal(written, rgb)
    empty = picture()
    for _ in range(2):
        assert np.array_equal(compositor.over(empty, SquareEngine().predict(empty), None), empty)
