"""Masks by filters: the same in every library, whole, one piece each, none answered twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lmsfa.card import read_card
from lmsfa.letterbox import Letterbox
from lmsfa.mask_component import component, is_cut
from lmsfa.mask_filters import FILTER_UNITS, Filters, filter_numbers, ways
from lmsfa.models.mask_logits import mask_logits
from lmsfa.postprocess import RawAnswer, to_instances
from lmsfa.prediction import MASK_CUT

SIDE = 24
"""Of the coarse grid; the input is four times as large."""
WHOLE = slice(0, SIDE), slice(0, SIDE)
PLACE = Letterbox.fit(4 * SIDE, 4 * SIDE, 4 * SIDE)


def _stripe(low: float, high: float, *, along: int = 0) -> np.ndarray:
    """Filters on one feature whose mask is low < u < high, whatever the feature is."""
    numbers = np.zeros(filter_numbers(1), np.float32)
    first = numbers[: 3 * FILTER_UNITS].reshape(FILTER_UNITS, 3)
    first[0, 1 + along], first[1, 1 + along] = 40, 40
    bias = numbers[3 * FILTER_UNITS : 4 * FILTER_UNITS]
    bias[0], bias[1] = -40 * low, -40 * high
    second = numbers[4 * FILTER_UNITS : 5 * FILTER_UNITS]
    second[0], second[1] = 1, -80
    numbers[-1] = -4
    return numbers


def _row(box: tuple[float, ...], score: float, numbers: np.ndarray) -> np.ndarray:
    return np.array([*box, score, *numbers], np.float32)


def _answer(*rows: np.ndarray, feature: np.ndarray | None = None) -> RawAnswer:
    grid = np.zeros((SIDE, SIDE)) if feature is None else feature
    return RawAnswer(np.stack(rows), grid.astype(np.float32)[..., None])


def test_numpy_and_torch_make_the_same_masks() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (SIDE, SIDE, 5)).astype(np.float32)
    numbers = rng.normal(0, 1, (7, filter_numbers(5))).astype(np.float32)
    corners = rng.uniform(0, 4 * SIDE, (7, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    together = mask_logits(
        torch.from_numpy(numbers),
        torch.from_numpy(features).permute(2, 0, 1),
        torch.from_numpy(boxes),
    )
    rows, columns = slice(3, 20), slice(5, 23)
    filters = Filters(numbers, features)
    for place, (box, all_cells) in enumerate(zip(boxes, together.numpy(), strict=True)):
        part = filters.logits(place, rows, columns, *ways(box, columns, rows, 4))
        np.testing.assert_allclose(part, all_cells[rows, columns], rtol=1e-4, atol=1e-4)


def test_a_mask_goes_on_beyond_a_box_that_is_too_small() -> None:
    box = (40.0, 40.0, 56.0, 56.0)
    (instance,) = to_instances(_answer(_row(box, 0.9, _stripe(-2.2, 2.2))), 1, 0.5, 0.6, PLACE)
    region = instance.region(4 * SIDE, 4 * SIDE)
    columns = np.flatnonzero(region.mask.any(0)) + region.left
    # The middle is 48, the scale 16; the whole height belongs to it.
    assert columns[0] == pytest.approx(48 - 2.2 * 16, abs=3)
    assert columns[-1] == pytest.approx(48 + 2.2 * 16, abs=3)
    assert region.mask.any(1).sum() == 4 * SIDE


def test_alike_structures_side_by_side_stay_two() -> None:
    feature = np.zeros((SIDE, SIDE))
    feature[4:20, 2:22] = 1
    numbers = np.zeros(filter_numbers(1), np.float32)
    # 30 f - 8 is over zero on both; 20 px from its own middle each loses more than that.
    first = numbers[: 3 * FILTER_UNITS].reshape(FILTER_UNITS, 3)
    first[0] = 30, 0, 0
    first[1], first[2] = (0, 400, 0), (0, -400, 0)
    numbers[3 * FILTER_UNITS + 1 : 3 * FILTER_UNITS + 3] = -160
    numbers[4 * FILTER_UNITS : 4 * FILTER_UNITS + 3] = 1, -2, -2
    numbers[-1] = -8
    left, right = (8.0, 16.0, 48.0, 80.0), (48.0, 16.0, 88.0, 80.0)
    answer = _answer(_row(left, 0.9, numbers), _row(right, 0.8, numbers), feature=feature)
    first_one, second_one = to_instances(answer, 1, 0.5, 0.6, PLACE)
    ours, theirs = (entry.region(96, 96) for entry in (first_one, second_one))
    assert ours.iou(theirs) < 0.25
    assert ours.left < 12
    assert theirs.left > 30


def test_of_several_pieces_the_one_in_the_box_is_kept() -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[2:6, 2:6], mask[10:20, 10:20] = 255, 200
    piece = component(mask, WHOLE, (slice(1, 8), slice(1, 8)))
    assert piece is not None
    assert piece.cells == 16
    assert piece.window == (slice(1, 7), slice(1, 7))
    assert component(mask, WHOLE, (slice(7, 9), slice(0, 9))) is None


def test_a_piece_beside_another_does_not_carry_it_along() -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[4:12, 4:10], mask[4:12, 11:14] = 255, 255
    piece = component(mask, WHOLE, (slice(4, 12), slice(4, 10)))
    assert piece is not None
    assert piece.cells == 48
    assert np.count_nonzero(piece.mask >= MASK_CUT) == 48


def test_a_piece_that_leaves_its_window_is_known() -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[3:10, 3:6] = 255
    inside = slice(3, 8), slice(3, 6)
    piece = component(mask, (slice(0, 10), slice(0, 10)), inside)
    assert piece is not None
    assert is_cut(piece, (slice(0, 10), slice(0, 10)), (24, 24))
    # At the grid's own end nothing is cut.
    assert not is_cut(piece, (slice(0, 10), slice(0, 10)), (10, 10))


def test_what_one_instance_holds_is_not_answered_again() -> None:
    large, small = (8.0, 8.0, 88.0, 88.0), (30.0, 30.0, 66.0, 66.0)
    whole = _stripe(-9, 9)
    answer = _answer(_row(large, 0.9, whole), _row(small, 0.8, whole))
    assert len(to_instances(answer, 1, 0.5, 0.6, PLACE)) == 2
    found = to_instances(answer, 1, 0.5, 0.6, PLACE, same_share=0.7)
    assert [entry.score for entry in found] == [pytest.approx(0.9)]


def test_an_instance_without_a_cell_is_no_instance() -> None:
    nothing = np.zeros(filter_numbers(1), np.float32)
    nothing[-1] = -9
    assert to_instances(_answer(_row((8, 8, 60, 60), 0.9, nothing)), 1, 0.5, 0.6, PLACE) == ()


def test_earlier_cards_still_make_sums_of_prototypes(tmp_path) -> None:
    text = (
        '{"schema_version": 4, "system": "lmsfa", "name": "old", "classes": [{"name": "a", '
        '"colour": [1, 2, 3]}], "draw_priority": ["a"], "input_size_px": 320, '
        '"input_multiple_px": 32, "score_threshold": 0.5, "nms_iou": 0.6, '
        '"training_domain": "larynx", "architecture": {"prototypes": 24}}'
    )
    path = tmp_path / "old.json"
    path.write_text(text)
    card = read_card(path)
    assert card.architecture == {"masks": "sum", "prototypes": 24}
    assert not card.has_filters
