"""Masks lie where the structures lie, at every letterbox."""

import numpy as np
import pytest

from lmsfa.letterbox import PADDING_GREY, Canvas, Letterbox
from lmsfa.postprocess import MAX_INSTANCES, RawAnswer, to_instances

SIZE = 320
SIDE = SIZE // 4
FRAMES = [(320, 320), (512, 512), (720, 1280), (1080, 1920), (1920, 1080), (333, 517), (100, 1000)]


def _answer(
    box: tuple[float, float, float, float], score: float = 0.9
) -> tuple[np.ndarray, np.ndarray]:
    """One detection whose one prototype covers exactly the box, in input pixels."""
    cells = np.arange(SIDE) * 4 + 2.0
    across = np.clip(np.minimum(cells + 2, box[2]) - np.maximum(cells - 2, box[0]), 0, 4) / 4
    down = np.clip(np.minimum(cells + 2, box[3]) - np.maximum(cells - 2, box[1]), 0, 4) / 4
    share = np.clip(down[:, None] * across[None], 1e-6, 1 - 1e-6)
    logits = np.log(share / (1 - share)).astype(np.float32)
    return np.array([*box, score, 1.0], np.float32), logits


@pytest.mark.parametrize(("height", "width"), FRAMES)
def test_the_mask_of_a_square_lies_where_the_square_lies(height: int, width: int) -> None:
    place = Letterbox.fit(height, width, SIZE)
    top, left, bottom, right = (
        round(share * n) for share, n in zip((0.2, 0.3, 0.7, 0.8), (height, width) * 2, strict=True)
    )
    true = np.zeros((height, width), bool)
    true[top:bottom, left:right] = True
    box = (
        left * place.scale_x + place.left_px,
        top * place.scale_y + place.top_px,
        right * place.scale_x + place.left_px,
        bottom * place.scale_y + place.top_px,
    )
    detection, logits = _answer(box)
    raw = RawAnswer(detection[None], logits[..., None])
    (instance,) = to_instances(raw, 1, 0.5, 0.5, place)
    assert instance.box_xyxy == pytest.approx((left, top, right, bottom), abs=1e-2)
    region = instance.region(height, width)
    mask = np.zeros_like(true)
    mask[region.window] = region.mask
    rows, columns = np.nonzero(mask)
    # One row more or less moves the mean by a half; half a cell, the usual mistake, by two or more.
    within_px = max(0.6, 0.1 * 4 / place.scale_x)
    assert rows.mean() == pytest.approx((top + bottom - 1) / 2, abs=within_px)
    assert columns.mean() == pytest.approx((left + right - 1) / 2, abs=within_px)
    assert np.count_nonzero(mask & true) / np.count_nonzero(mask | true) > 0.93


@pytest.mark.parametrize(("height", "width"), FRAMES)
def test_the_region_agrees_with_full_size_float_masks(height: int, width: int) -> None:
    rng = np.random.default_rng(height)
    place = Letterbox.fit(height, width, SIZE)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    bumps = sum(
        a * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * s**2))
        for a, cx, cy, s in zip(
            rng.uniform(4, 9, 6),
            rng.uniform(25, 55, 6),
            rng.uniform(25, 55, 6),
            rng.uniform(4, 12, 6),
            strict=True,
        )
    )
    logits = (bumps - 4).astype(np.float32)
    detection = np.array([60, 70, 250, 245, 0.9, 1.0], np.float32)
    (instance,) = to_instances(RawAnswer(detection[None], logits[..., None]), 1, 0.5, 0.5, place)
    region = instance.region(height, width)
    mask = np.zeros((height, width), bool)
    mask[region.window] = region.mask
    reference = _reference(logits, detection[:4], place, height, width)
    assert np.count_nonzero(mask & reference) / np.count_nonzero(mask | reference) >= 0.99


def _reference(
    logits: np.ndarray, box: np.ndarray, place: Letterbox, height: int, width: int
) -> np.ndarray:
    """The same mask with float probabilities at every frame pixel, by the textbook."""
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    in_x = (np.arange(width) + 0.5) * place.scale_x + place.left_px
    in_y = (np.arange(height) + 0.5) * place.scale_y + place.top_px

    def weights(at: np.ndarray) -> np.ndarray:
        cell = np.clip(at / 4 - 0.5, 0, SIDE - 1)
        low = np.minimum(cell.astype(int), SIDE - 2)
        matrix = np.zeros((at.size, SIDE))
        matrix[np.arange(at.size), low] = 1 - (cell - low)
        matrix[np.arange(at.size), low + 1] = cell - low
        return matrix

    full = weights(in_y) @ probability @ weights(in_x).T
    inside = ((in_y >= box[1]) & (in_y < box[3]))[:, None] & ((in_x >= box[0]) & (in_x < box[2]))
    return (full >= 0.5) & inside


def test_of_two_boxes_of_one_class_the_better_stays_and_classes_do_not_compete() -> None:
    rows = [
        [10, 10, 100, 100, 0.9, 0.0, 1.0],
        [12, 11, 101, 99, 0.8, 0.0, 1.0],
        [11, 10, 100, 101, 0.0, 0.7, 1.0],
    ]
    raw = RawAnswer(np.array(rows, np.float32), np.ones((SIDE, SIDE, 1), np.float32))
    place = Letterbox.fit(SIZE, SIZE, SIZE)
    found = to_instances(raw, 2, 0.5, 0.6, place)
    assert [(f.class_id, round(f.score, 1)) for f in found] == [(0, 0.9), (1, 0.7)]


def test_classes_do_not_compete_where_all_boxes_reach_out_of_the_corner() -> None:
    rows = [[-400, -400, 50, 50, 0.9, 0.0, 1.0], [-400, -400, 50, 50, 0.0, 0.8, 1.0]]
    raw = RawAnswer(np.array(rows, np.float32), np.ones((SIDE, SIDE, 1), np.float32))
    found = to_instances(raw, 2, 0.5, 0.6, Letterbox.fit(SIZE, SIZE, SIZE))
    assert [instance.class_id for instance in found] == [0, 1]


@pytest.mark.parametrize(
    "box",
    [(50, 50, 50, 50), (50, 50, 50, 90), (90, 90, 50, 50), (50.2, 50.2, 50.4, 50.4), (1e6,) * 4],
    ids=["point", "line", "turned over", "under a pixel", "far away"],
)
def test_a_box_without_a_pixel_paints_nothing_and_suppresses_nothing(
    box: tuple[float, ...],
) -> None:
    rows = [[*box, 0.9, 1.0], [40, 40, 100, 100, 0.8, 1.0]]
    raw = RawAnswer(np.array(rows, np.float32), np.ones((SIDE, SIDE, 1), np.float32))
    found = to_instances(raw, 1, 0.5, 0.6, Letterbox.fit(SIZE, SIZE, SIZE))
    assert [instance.region(SIZE, SIZE).mask.any() for instance in found] == [False, True]


def test_a_box_partly_outside_paints_what_lies_inside() -> None:
    rows = [[-20, -20, 30, 30, 0.9, 1.0], [300, 290, 400, 400, 0.8, 1.0]]
    raw = RawAnswer(np.array(rows, np.float32), np.ones((SIDE, SIDE, 1), np.float32))
    first, second = to_instances(raw, 1, 0.5, 0.6, Letterbox.fit(SIZE, SIZE, SIZE))
    for region, rows, columns in (
        (first.region(SIZE, SIZE), slice(0, 30), slice(0, 30)),
        (second.region(SIZE, SIZE), slice(290, 320), slice(300, 320)),
    ):
        expected, painted = np.zeros((2, SIZE, SIZE), bool)
        expected[rows, columns] = True
        painted[region.window] = region.mask
        # A cell's edge may fall on either of two pixels.
        assert np.count_nonzero(expected ^ painted) <= 2 * 30


def test_weak_answers_are_left_out_and_strong_ones_are_limited() -> None:
    rng = np.random.default_rng(0)
    count = 500
    corners = np.stack([rng.permutation(count) % 25 * 12, np.arange(count) // 25 * 15], 1)
    boxes = np.concatenate([corners, corners + 10], 1)
    scores = np.linspace(0.2, 0.95, count)[:, None]
    detections = np.concatenate([boxes, scores, np.ones((count, 1))], 1).astype(np.float32)
    raw = RawAnswer(detections, np.ones((SIDE, SIDE, 1), np.float32))
    place = Letterbox.fit(SIZE, SIZE, SIZE)
    found = to_instances(raw, 1, 0.3, 0.6, place)
    assert len(found) == MAX_INSTANCES
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
    assert to_instances(raw, 1, 0.96, 0.6, place) == ()


def test_a_box_outside_the_frame_has_no_pixels() -> None:
    raw = RawAnswer(
        np.array([[-40, -40, -10, -10, 0.9, 1.0]], np.float32), np.ones((SIDE, SIDE, 1), np.float32)
    )
    (instance,) = to_instances(raw, 1, 0.5, 0.6, Letterbox.fit(SIZE, SIZE, SIZE))
    assert instance.region(SIZE, SIZE).mask.size == 0


def test_a_wide_frame_is_padded_with_grey_and_a_new_shape_leaves_no_trace() -> None:
    canvas = Canvas(SIZE)
    white = np.full((64, 64, 3), 255, np.uint8)
    assert canvas.draw(white, Letterbox.fit(64, 64, SIZE)).min() == 255
    wide, tall = np.full((32, 64, 3), 9, np.uint8), np.full((64, 32, 3), 7, np.uint8)
    for frame, value in ((wide, 9), (tall, 7)):
        drawn = canvas.draw(frame, Letterbox.fit(*frame.shape[:2], SIZE))
        assert set(np.unique(drawn)) == {value, PADDING_GREY}
        assert np.count_nonzero(drawn[..., 0] == value) == SIZE * SIZE // 2


def test_drawing_again_makes_no_new_canvas() -> None:
    canvas, place = Canvas(SIZE), Letterbox.fit(32, 64, SIZE)
    first = canvas.draw(np.full((32, 64, 3), 9, np.uint8), place)
    second = canvas.draw(np.full((32, 64, 3), 8, np.uint8), place)
    assert np.shares_memory(first, second)
    assert set(np.unique(second)) == {8, PADDING_GREY}


def test_a_single_pixel_frame_has_a_place() -> None:
    drawn = Canvas(SIZE).draw(np.full((1, 1, 3), 7, np.uint8), Letterbox.fit(1, 1, SIZE))
    assert drawn.min() == drawn.max() == 7


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_found_and_large_ones_are_not_mistaken(bad: float) -> None:
    detections = np.full((60, 6), 3e38, np.float32)
    prototypes = np.full((SIDE, SIDE, 1), -3e38, np.float32)
    assert RawAnswer(detections, prototypes).is_finite()
    for part in (detections, prototypes):
        part.flat[17] = bad
        assert not RawAnswer(detections, prototypes).is_finite()
        part.flat[17] = 0
