"""What is painted is what the masks say, on memory that is used again, for many as for few."""

import time
import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_engines import CARD, square_instance
from made_scenes import INPUT_PX, raw_scene, scene

from lmsfa.engine import NetworkEngine
from lmsfa.letterbox import Canvas
from lmsfa.lines import borders_of
from lmsfa.overlay import OverlayMode, OverlayStyle, Painter, blend
from lmsfa.prediction import Instance, MaskPlacement, Prediction
from lmsfa.quality.circle import Circle
from lmsfa.quality.field import Field
from lmsfa.quality.rectangle import Rectangle

FRAMES = [(1080, 1920), (720, 1280), (512, 512), (333, 517)]
SOLID = OverlayStyle(fill=1.0, mode=OverlayMode.FILL)


def topmost(prediction, height, width):
    """(H, W) class of the topmost structure by the textbook, -1 where none is: float masks."""
    answer = np.full((height, width), -1)
    borders = borders_of(prediction.instances, CARD)
    for place in np.argsort(borders.ranks):
        entry = borders.instances[place]
        answer[textbook(entry, height, width)] = entry.class_id
    return answer


def textbook(entry, height, width):
    """(H, W) bool: probability interpolated between the cells' centres, cut."""
    place, mask = entry.placement, entry.mask.astype(float)
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    rows = weights((y - place.top_px) / place.cell_height_px - 0.5, mask.shape[0])
    columns = weights((x - place.left_px) / place.cell_width_px - 0.5, mask.shape[1])
    return rows @ mask @ columns.T >= 127.5


def weights(at, count):
    at = np.clip(at, 0, count - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))


def painted_classes(layer, colours):
    """(H, W) class by colour, -1 where nothing or the dark rim is, -2 where it is nobody's."""
    rgb = layer[..., :3].astype(float)
    classes = np.where(rgb.max(axis=-1) > 30, -2, -1)
    for class_id, colour in enumerate(colours):
        # Darker towards the rim.
        share = rgb @ colour / np.dot(colour, colour)
        off = np.abs(rgb - share[..., None] * colour).max(axis=-1)
        classes[(off <= 4) & (rgb.max(axis=-1) > 30)] = class_id
    return classes


COLOURS = [np.array(entry.colour) for entry in CARD.classes]


@pytest.mark.parametrize(("height", "width"), FRAMES)
@pytest.mark.parametrize("count", [8, 100])
def test_the_filled_areas_are_the_masks_of_the_topmost(height, width, count):
    prediction = scene(count, height, width)
    assert len(prediction.instances) == count
    painted = painted_classes(Painter().paint(prediction, CARD, SOLID, height, width), COLOURS)
    expected = topmost(prediction, height, width)
    for class_id in range(len(CARD.classes)):
        ours, theirs = painted == class_id, expected == class_id
        # Borders are smooth, masks are ragged.
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.95


@pytest.mark.parametrize(("height", "width"), FRAMES)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("mode", [OverlayMode.OUTLINE, OverlayMode.BOTH])
def test_away_from_edges_the_topmost_is_seen_and_lines_run_along_all_edges(
    height, width, mode, seed
):
    prediction = scene(20, height, width, seed=seed)
    style = OverlayStyle(mode=mode)
    layer = Painter().paint(prediction, CARD, style, height, width)
    expected = topmost(prediction, height, width)
    edges = np.zeros((height, width), np.uint8)
    for class_id in range(-1, len(CARD.classes)):
        edges |= cv2.morphologyEx((expected == class_id).astype(np.uint8), 4, np.ones((3, 3)))
    lines = layer[..., 3] > round(255 * style.fill_opacity) + 20
    # A line may make way for two others.
    near_px = 4 * max(2, height / 180) + max(height, width) / 160
    from_edge_px = cv2.distanceTransform(1 - edges, cv2.DIST_L2, 5)
    from_line_px = cv2.distanceTransform((~lines).astype(np.uint8), cv2.DIST_L2, 5)
    inside = np.s_[2:-2, 2:-2]
    seen = from_line_px[inside][edges[inside] > 0] <= near_px
    assert seen.mean() > 0.99
    fills = {class_id: round(255 * style.fill_opacity) for class_id in range(3)} | {-1: 0}
    away = (from_edge_px > near_px) & ~lines & (from_line_px > near_px)
    for class_id, alpha in fills.items():
        found = layer[..., 3][away & (expected == class_id)]
        assert found.size
        assert (found == alpha).mean() > 0.995


@pytest.mark.parametrize("mode", list(OverlayMode))
@pytest.mark.parametrize("seed", range(6))
def test_no_pixel_has_a_colour_of_none_of_the_classes_under_it(mode, seed):
    height, width = 360, 640
    prediction = scene(30, height, width, seed=seed)
    style = OverlayStyle(mode=mode).with_opacity(1.0)
    layer = Painter().paint(prediction, CARD, style, height, width)
    painted = painted_classes(layer, COLOURS)
    assert (painted >= 0).any()
    assert not (painted == -2).any()
    for class_id in range(len(CARD.classes)):
        of_class = [entry for entry in prediction.instances if entry.class_id == class_id]
        near = np.zeros((height, width), np.uint8)
        for entry in of_class:
            near |= textbook(entry, height, width).astype(np.uint8)
        near = cv2.dilate(near, np.ones((25, 25)))
        assert near[painted == class_id].all()


@pytest.mark.parametrize("peak", [140, 255])
@pytest.mark.parametrize("mode", list(OverlayMode))
def test_a_structure_one_cell_wide_is_seen(mode, peak):
    mask = np.zeros((40, 5), np.uint8)
    mask[5:35, 2] = peak
    place = MaskPlacement(800.0, 300.0, 12.0, 12.0)
    nerve = Instance(1, 0.9, (800.0, 300.0, 860.0, 780.0), mask, place)
    layer = Painter().paint(
        Prediction(0, 0.0, (nerve,), None, "made"), CARD, OverlayStyle(mode=mode), 1080, 1920
    )
    rows = (layer[380:700, 800:860, 3] > 0).any(axis=1)
    assert rows.all()


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_what_was_painted_before_leaves_no_trace_and_stays_while_the_next_is_painted(mode):
    style, painter = OverlayStyle(mode=mode), Painter()
    first, second = scene(8, 240, 427), scene(5, 240, 427, seed=1)
    shown = painter.paint(first, CARD, style, 240, 427)
    kept = shown.copy()
    following = painter.paint(second, CARD, style, 240, 427)
    assert following is not shown
    assert np.array_equal(shown, kept)
    assert np.array_equal(following, Painter().paint(second, CARD, style, 240, 427))
    again = painter.paint(first, CARD, style, 240, 427)
    assert np.array_equal(again, kept)
    smaller = painter.paint(second, CARD, style, 101, 203)
    assert np.array_equal(smaller, Painter().paint(second, CARD, style, 101, 203))


def test_the_painter_notices_another_style_and_another_card():
    painter, prediction = Painter(), scene(4, 120, 160)
    red = replace(CARD, classes=tuple(replace(c, colour=(255, 0, 0)) for c in CARD.classes))
    for card in (CARD, red):
        for style in (SOLID, OverlayStyle(), OverlayStyle(hidden=frozenset({0}))):
            painted = painter.paint(prediction, card, style, 120, 160)
            assert np.array_equal(painted, Painter().paint(prediction, card, style, 120, 160))


class StillBackend:
    """Answers every frame alike, after drawing it onto the input as all backends do."""

    runtime, precision, device = "none", "fp32", "test bench"

    def __init__(self, answer):
        self._answer = answer
        self._canvas = Canvas(INPUT_PX)

    def __call__(self, rgb, place):
        self._canvas.draw(rgb, place)
        return self._answer

    def close(self):
        pass


@pytest.mark.parametrize("mode", list(OverlayMode))
@pytest.mark.parametrize("count", [8, 50])
def test_one_more_frame_takes_no_memory_of_a_frames_size(mode, count):
    height, width = 1080, 1920
    answer, _ = raw_scene(count, height, width)
    engine = NetworkEngine(replace(CARD, input_size_px=INPUT_PX), StillBackend(answer))
    painter, style = Painter(), OverlayStyle(mode=mode)
    frame = np.zeros((height, width, 3), np.uint8)
    picture = np.empty_like(frame)

    def journey():
        prediction = engine.predict(frame)
        assert len(prediction.instances) > count / 2
        blend(frame, painter.paint(prediction, CARD, style, height, width), picture)

    for _ in range(2):
        journey()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        journey()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < frame.nbytes / 2


@pytest.mark.parametrize("mode", list(OverlayMode))
def test_a_hundred_structures_take_little_longer_than_eight(mode):
    scenes = [scene(count, 1080, 1920) for count in (8, 100)]
    style, painter = OverlayStyle(mode=mode), Painter()
    taken_s = np.empty((9, 2))
    for round_s in taken_s:
        for k, prediction in enumerate(scenes):
            start_s = time.perf_counter()
            painter.paint(prediction, CARD, style, 1080, 1920)
            round_s[k] = time.perf_counter() - start_s
    few_s, many_s = taken_s.min(axis=0)
    # Two is the aim; other work on the machine must not fail the test.
    assert many_s < 6 * few_s


def test_every_instance_has_its_own_curves_whatever_it_lies_beside_on_the_way():
    whole = MaskPlacement(0.0, 0.0, 8.0, 8.0)
    boxes = [(0.0, 0.0, 8.0 * k, 80.0) for k in range(1, 11)]
    masks = [np.full((10, k), 255, np.uint8) for k in range(1, 11)]
    entries = [Instance(0, 0.9, box, mask, whole) for box, mask in zip(boxes, masks, strict=True)]
    curves = borders_of(entries, CARD).curves
    assert sorted(curves.owners) == list(range(10))
    for k, owner in enumerate(curves.owners):
        points = curves.points[curves.part(k)]
        assert points.min(axis=0) == pytest.approx([0, 0], abs=3)
        assert points.max(axis=0) == pytest.approx([8 * (owner + 1), 80], abs=3)


def test_an_instance_of_a_few_pixels_is_seen_in_every_mode():
    found = np.zeros((1080, 1920), np.uint8)
    found[500:514, 900:914] = 1
    small = Prediction(0, 0.0, (square_instance(found, 160),), None, "made")
    for mode in OverlayMode:
        layer = Painter().paint(small, CARD, OverlayStyle(mode=mode), 1080, 1920)
        assert layer[495:519, 895:919, 3].any()
        assert not layer[:480].any()


@pytest.mark.parametrize("mode", OverlayMode)
@pytest.mark.parametrize(("height", "width"), FRAMES)
def test_nothing_is_painted_outside_of_the_field_of_view(mode, height, width):
    prediction, painter = scene(12, height, width, seed=3), Painter()
    style = OverlayStyle(mode=mode)
    whole = painter.paint(prediction, CARD, style, height, width).copy()
    frame, part = Rectangle.whole(height, width), Rectangle(20, 10, width - 30, height - 5)
    for field in (
        Field(frame, Circle(0.5 * width, 0.45 * height, 0.4 * height)),
        Field(frame, Circle(30.5, 40.0, 77.3)),
        Field(part),
        Field(part, Circle(30.5, 40.0, 77.3)),
    ):
        inside = field.mask(height, width) > 0
        clipped = painter.paint(prediction, CARD, style, height, width, field=field)
        assert not clipped[~inside].any()
        # Lines near the border lead elsewhere: a border of the picture is none of a structure.
        if mode is OverlayMode.FILL:
            assert np.array_equal(clipped[inside], whole[inside])
    assert np.array_equal(painter.paint(prediction, CARD, style, height, width), whole)
