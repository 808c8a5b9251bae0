"""What was carried over a gap is drawn with a dashed line, and without an area."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_engines import CARD, square_instance

from lmsfa.overlay import OverlayMode, OverlayStyle, Painter
from lmsfa.prediction import Prediction

HEIGHT, WIDTH = 720, 1280


def painted(mode: OverlayMode, *, bridged: bool, hole: bool = False) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[120:600, 240:1000] = 1
    if hole:
        mask[240:480, 440:800] = 0
    instance = replace(square_instance(mask, 160), bridged=bridged)
    prediction = Prediction(0, 0.0, (instance,), None, "made")
    style = OverlayStyle(mode=mode).with_opacity(1.0)
    return Painter().paint(prediction, CARD, style, HEIGHT, WIDTH)[..., 3]


def pieces(alpha: np.ndarray) -> int:
    return cv2.connectedComponents((alpha > 127).astype(np.uint8))[0] - 1


@pytest.mark.parametrize("hole", [False, True])
def test_half_of_the_line_is_there_in_many_pieces(hole: bool) -> None:
    solid = painted(OverlayMode.OUTLINE, bridged=False, hole=hole)
    dashed = painted(OverlayMode.OUTLINE, bridged=True, hole=hole)
    assert 0.4 < (dashed > 127).sum() / (solid > 127).sum() < 0.75
    assert not dashed[cv2.dilate(solid, np.ones((5, 5))) == 0].any()
    assert pieces(solid) == 1 + hole
    assert pieces(dashed) > 20


def test_its_area_stays_empty_where_areas_are_painted_with_lines() -> None:
    assert painted(OverlayMode.BOTH, bridged=False)[360, 300] > 0
    assert painted(OverlayMode.BOTH, bridged=True)[360, 300] == 0
    assert painted(OverlayMode.BOTH, bridged=True).any()


def test_the_smallest_is_still_drawn() -> None:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[100:112, 100:112] = 1
    instance = replace(square_instance(mask, 160), bridged=True)
    layer = Painter().paint(
        Prediction(0, 0.0, (instance,), None, "made"), CARD, OverlayStyle(), HEIGHT, WIDTH
    )
    assert layer.any()
