from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_clips import square_picture
from made_engines import CARD, SquareEngine, square_instance

from lmsfa.card import ClassSpec
from lmsfa.inks import MOST_CLASSES
from lmsfa.lines import borders_of
from lmsfa.overlay import OverlayMode, OverlayStyle, Painter, blend
from lmsfa.prediction import Prediction

TISSUE, NERVE, TOOL = 0, 1, 2


def prediction_of(*instances):
    return Prediction(0, 0.0, instances, None, "made")


def square(left, top, side, *, height=240, width=320, class_id=TISSUE, score=0.9):
    found = np.zeros((height, width), np.uint8)
    found[top : top + side, left : left + side] = 1
    return square_instance(found, 64, class_id, score)


def styled(opacity=None, **style):
    style = OverlayStyle(**style)
    return style if opacity is None else style.with_opacity(opacity)


def layer_of(*instances, height=240, width=320, **style):
    return Painter().paint(prediction_of(*instances), CARD, styled(**style), height, width)


def curves_of(instance, height, width):
    curves = borders_of([instance], CARD).curves
    return [curves.points[curves.part(k)] for k in range(len(curves.owners))]


@pytest.mark.parametrize("grid", [32, 64, 160])
@pytest.mark.parametrize(
    ("height", "width"), [(240, 320), (320, 240), (256, 256), (97, 331), (1080, 1920)]
)
def test_the_fill_lies_where_the_square_lies(height, width, grid):
    engine = SquareEngine()
    engine.grid = grid
    side = min(height, width) // 2
    left, top = width - side - width // 16, height // 5
    prediction = engine.predict(square_picture(left, top, side, height, width))
    style = OverlayStyle(mode=OverlayMode.FILL)
    painted = Painter().paint(prediction, CARD, style, height, width)[..., 3] > 0
    truth = np.zeros((height, width), bool)
    truth[top : top + side, left : left + side] = True
    # A grid of square cells rounds corners by a part of a cell, and must not shift anything: half a
    # cell would be the usual mistake.
    cell_px = max(height, width) / grid
    assert (painted & truth).sum() / (painted | truth).sum() > 1 - 0.03 - 0.4 * cell_px / side
    rows, columns = np.nonzero(painted)
    within_px = max(0.5, max(height, width) / grid / 5)
    assert columns.mean() == pytest.approx(left + side / 2 - 0.5, abs=within_px)
    assert rows.mean() == pytest.approx(top + side / 2 - 0.5, abs=within_px)


@pytest.mark.parametrize("step", [0, 3, 7, 10])
@pytest.mark.parametrize("side", [60, 90, 121])
def test_the_outline_runs_along_the_edge_of_the_square(side, step):
    left, top = 80 + step, 50 + step
    red = layer_of(square(left, top, side))[..., 0]
    middle = top + side // 2
    inked = np.nonzero(red[middle] > 90)[0]
    # On its inner side, so that a neighbour's finds room on the outer one.
    for inside_px in (
        inked[inked < left + side // 2] - left,
        left + side - 1 - inked[inked > left + side // 2],
    ):
        assert inside_px.size
        assert inside_px.min() >= -1
        assert inside_px.max() <= 5
    assert layer_of(square(left, top, side))[middle, left + 8 : left + side - 8].max() == 0


def test_the_outline_of_a_coarse_circle_is_a_circle_and_no_staircase():
    y, x = np.mgrid[:1080, :1080] + 0.5
    found = (((x - 540) ** 2 + (y - 540) ** 2) < 300**2).astype(np.uint8)
    instance = square_instance(found, 64)
    (curve,) = curves_of(instance, 1080, 1080)
    radii = np.hypot(*(curve - 540).T)
    # A cell is 17 pixels: following its corners would be off by up to 8.
    assert np.abs(radii - 300).max() < 4
    assert radii.mean() == pytest.approx(300, abs=0.7)
    turns = np.diff(np.unwrap(np.arctan2(*np.diff(curve, axis=0).T)))
    assert np.abs(turns).max() < np.deg2rad(35)


def test_holes_are_outlined_too():
    found = np.zeros((240, 320), np.uint8)
    found[40:200, 40:200] = 1
    found[100:140, 100:140] = 0
    assert len(curves_of(square_instance(found, 160), 240, 320)) == 2


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_a_slit_in_a_mask_is_no_border(mode):
    found = np.zeros((1080, 1080), np.uint8)
    found[300:700, 200:513] = found[300:700, 517:800] = 1
    alpha = layer_of(square_instance(found, 160), height=1080, width=1080, mode=mode)[..., 3]
    assert len(np.unique(alpha[330:670, 240:760])) == 1


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_of_an_instance_in_pieces_that_one_is_drawn_which_its_box_is_about(mode):
    found = np.zeros((1080, 1080), np.uint8)
    found[300:500, 200:400] = found[200:900, 600:900] = found[20:40, 20:40] = 1
    instance = replace(square_instance(found, 160), box_xyxy=(190.0, 290.0, 410.0, 510.0))
    alpha = layer_of(instance, height=1080, width=1080, mode=mode)[..., 3]
    assert alpha[280:520, 180:420].any()
    alpha[280:520, 180:420] = 0
    assert not alpha.any()


def test_a_wall_thinner_than_its_lines_is_drawn_whole_and_the_hole_stays_open():
    found = np.zeros((1080, 1080), np.uint8)
    found[300:780, 300:780] = 1
    found[306:774, 306:774] = 0
    layer = layer_of(square_instance(found, 160), height=1080, width=1080, opacity=1.0)
    row = layer[400, :540, 0]
    inked = np.nonzero(row > 100)[0]
    # A line is as wide as this wall: both of its lines are one.
    assert (np.diff(inked) == 1).all()
    assert row[inked[1] : inked[-1]].min() > 180
    assert layer[400, inked[-1] + 8 : 540].max() == 0


def test_outlines_have_soft_edges():
    alpha = layer_of(square(83, 51, 77), opacity=1.0)[..., 3]
    assert len(np.unique(alpha)) > 10


def test_a_structure_switched_off_is_not_painted():
    left, right = square(20, 60, 80), square(200, 60, 80, class_id=NERVE)
    both = layer_of(left, right)
    assert both[:, :160].any()
    assert both[:, 160:].any()
    hidden = layer_of(left, right, hidden=frozenset({NERVE}))
    assert np.array_equal(hidden[:, :160], both[:, :160])
    assert not hidden[:, 160:].any()
    assert not layer_of(left, right, hidden=frozenset({TISSUE, NERVE})).any()


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_the_nerve_is_on_top_whatever_the_order_and_the_score(mode):
    below = square(60, 40, 150, class_id=TISSUE, score=0.99)
    tool = square(70, 50, 100, class_id=TOOL, score=0.98)
    nerve = square(100, 80, 60, class_id=NERVE, score=0.4)
    one = layer_of(below, tool, nerve, mode=mode, opacity=1.0)
    other = layer_of(nerve, below, tool, mode=mode, opacity=1.0)
    assert np.array_equal(one, other)
    alone = layer_of(nerve, mode=mode, opacity=1.0)
    inside = np.s_[84:136, 104:156]
    assert np.array_equal(one[inside], alone[inside])


def test_a_line_that_lies_inside_of_another_structure_is_seen():
    tissue, nerve = square(60, 40, 100), square(100, 80, 100, class_id=NERVE)
    layer = layer_of(tissue, nerve)
    assert (layer[132:142, 120:134, 0].max(axis=0) > 150).all()


def test_switching_off_what_is_on_top_shows_what_is_below():
    tissue, nerve = square(60, 40, 100), square(60, 40, 100, class_id=NERVE)
    style = {"mode": OverlayMode.FILL, "opacity": 1.0}
    assert tuple(layer_of(tissue, nerve, **style)[90, 110]) == (0, 229, 255, 255)
    below = layer_of(tissue, nerve, hidden=frozenset({NERVE}), **style)
    assert tuple(below[90, 110]) == (200, 40, 40, 255)


def test_colours_come_from_the_card_multiplied_by_opacity():
    layer = layer_of(square(60, 40, 100), mode=OverlayMode.FILL, opacity=0.5)
    assert tuple(layer[90, 110]) == (100, 20, 20, 128)
    both = layer_of(square(60, 40, 100), mode=OverlayMode.BOTH, opacity=0.5)
    assert 0 < both[90, 110, 3] < 128
    assert both[90, 57:63, 3].max() > both[90, 110, 3]


@pytest.mark.parametrize("mode", list(OverlayMode))
@pytest.mark.parametrize("opacity", [0.0, 0.33, 1.0])
def test_layers_are_premultiplied(mode, opacity):
    instances = (square(60, 40, 100), square(90, 70, 100, class_id=NERVE))
    layer = layer_of(*instances, mode=mode, opacity=opacity)
    assert (layer[..., :3] <= layer[..., 3:]).all()
    assert layer.any() == (opacity > 0)


def test_no_instances_is_an_empty_layer():
    assert not layer_of().any()


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_a_frame_of_one_pixel_can_be_painted(mode):
    instance = square_instance(np.ones((1, 1), np.uint8), 8)
    layer = layer_of(instance, height=1, width=1, mode=mode)
    assert layer.shape == (1, 1, 4)
    assert layer[0, 0, 3] > 0


def test_an_instance_outside_the_frame_paints_nothing():
    layer = layer_of(square(250, 150, 60), height=100, width=100)
    assert not layer.any()


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_of_more_classes_than_there_are_inks_for_the_least_certain_are_left_out(mode):
    names = [f"class {k}" for k in range(MOST_CLASSES + 1)]
    classes = tuple(ClassSpec(name, (k, 255 - k, 40)) for k, name in enumerate(names))
    card = replace(CARD, classes=classes, draw_priority=tuple(names))
    instances = [square(20, 60, 80, class_id=k) for k in range(MOST_CLASSES)]
    weak = square(200, 60, 80, class_id=MOST_CLASSES, score=0.31)
    style = styled(1.0, mode=mode)
    layer = Painter().paint(prediction_of(*instances, weak), card, style, 240, 320)
    assert layer[:, :160].any()
    assert not layer[:, 160:].any()
    shown = Painter().paint(prediction_of(*instances[1:], weak), card, style, 240, 320)
    rows, columns = np.nonzero(shown[:, 160:, 3] == shown[:, 160:, 3].max())
    expected = np.rint(np.multiply(classes[-1].colour, shown[..., 3].max() / 255))
    assert np.abs(shown[rows[0], 160 + columns[0], :3] - expected).max() <= 1


@pytest.mark.parametrize("opacity", [-0.1, 1.1])
def test_an_opacity_out_of_range_is_named(opacity):
    with pytest.raises(ValueError, match=r"opacity must be 0\.\.1, got"):
        OverlayStyle(fill=opacity)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    opacity=st.floats(0, 1),
    mode=st.sampled_from(OverlayMode),
)
def test_pixels_outside_the_overlay_stay_identical(seed, opacity, mode):
    random = np.random.default_rng(seed)
    frame = random.integers(0, 256, (120, 160, 3), np.uint8)
    left, top, side = (*random.integers(0, 60, 2), random.integers(8, 60))
    instance = square(left, top, side, height=120, width=160, class_id=NERVE)
    layer = layer_of(instance, height=120, width=160, opacity=opacity, mode=mode)
    before = frame.copy()
    blended = blend(frame, layer)
    outside = layer[..., 3] == 0
    assert np.array_equal(blended[outside], frame[outside])
    assert np.array_equal(frame, before)


def test_blending_mixes_by_alpha():
    frame = np.full((1, 3, 3), 100, np.uint8)
    layer = np.array([[[0, 0, 0, 0], [100, 0, 50, 128], [255, 255, 255, 255]]], np.uint8)
    assert blend(frame, layer).tolist() == [[[100, 100, 100], [150, 50, 100], [255, 255, 255]]]
