"""Instances last from answer to answer: known again, calmed, bridged, and never beyond a cut."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_engines import square_instance

from lmsfa.following.overlap import coarse_iou, mixed
from lmsfa.following.tracker import BRIDGED_ANSWERS, Tracker, TrackingError
from lmsfa.prediction import Instance, Prediction, Region

WIDTH, HEIGHT = 640, 360


def surface(seed: int = 0) -> np.ndarray:
    """Tissue-like texture, larger than a frame."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT + 200, WIDTH + 200))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    grey = np.clip(110 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


TISSUE = surface()


def view(step: int, rgb: np.ndarray = TISSUE) -> np.ndarray:
    """The picture after so many steps of five pixels to the left."""
    return np.ascontiguousarray(rgb[100 : 100 + HEIGHT, 100 - 5 * step : 100 - 5 * step + WIDTH])


def square(step: int, left: int = 200, score: float = 0.9, grown: int = 0, **more) -> Instance:
    """A square that moves along with `view`."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    x = left + 5 * step
    mask[110 - grown : 210 + grown, x - grown : x + 100 + grown] = 1
    return square_instance(mask, 160, score=score, **more)


class Case:
    """A tracker that is shown one picture after the other."""

    def __init__(self, rate_fps: float = 30) -> None:
        self.tracker, self.step, self.rate_fps = Tracker(), 0, rate_fps

    def sees(self, *found, weak=(), rgb=None, source_id=1, index=None) -> tuple[Instance, ...]:
        index = self.step if index is None else index
        prediction = Prediction(
            index, self.step / self.rate_fps + 1, tuple(found), None, "m", tuple(weak)
        )
        rgb = view(self.step) if rgb is None else rgb
        answer = self.tracker.tracked(prediction, rgb, source_id)
        self.step += 1
        assert answer.candidates == ()
        return answer.instances


def test_an_instance_keeps_its_number_while_it_moves_and_two_have_their_own() -> None:
    case = Case()
    seen = [case.sees(square(step), square(step, left=400)) for step in range(6)]
    numbers = [tuple(sorted(entry.track for entry in found)) for found in seen]
    assert len(set(numbers)) == 1
    assert len(set(numbers[0])) == 2
    by_left = [min(found, key=lambda entry: entry.box_xyxy[0]).track for found in seen]
    assert len(set(by_left)) == 1


def test_of_two_classes_in_one_place_each_is_its_own() -> None:
    case = Case()
    for step in range(3):
        found = case.sees(square(step), square(step, class_id=1))
    assert len({entry.track for entry in found}) == 2


def test_what_a_scene_begins_with_is_shown_at_once_and_later_ones_from_the_second_answer() -> None:
    case = Case()
    assert len(case.sees(square(0))) == 1
    assert len(case.sees(square(1), square(1, left=400))) == 1
    assert len(case.sees(square(2), square(2, left=400))) == 2


def test_a_flash_of_one_answer_is_never_shown() -> None:
    case = Case()
    case.sees(square(0))
    case.sees(square(1), square(1, left=400))
    for step in range(2, 6):
        assert len(case.sees(square(step))) == 1


def test_a_known_instance_may_be_as_weak_as_a_candidate_and_a_new_one_may_not() -> None:
    case = Case()
    number = case.sees(square(0))[0].track
    for step in range(1, 8):
        weak = [square(step, score=0.2), square(step, left=400, score=0.2)]
        (found,) = case.sees(weak=weak)
        assert (found.track, found.bridged) == (number, False)
    assert found.score == pytest.approx(0.2, abs=0.05)


def test_a_gap_of_three_answers_is_bridged_along_with_the_picture_and_a_longer_one_is_not() -> None:
    case = Case()
    for step in range(4):
        number = case.sees(square(step))[0].track
    for step in range(4, 4 + BRIDGED_ANSWERS):
        (found,) = case.sees()
        assert (found.track, found.bridged) == (number, True)
        true = square(step).region(HEIGHT, WIDTH)
        assert found.region(HEIGHT, WIDTH).iou(true) > 0.93
    assert case.sees() == ()
    for _ in range(2):
        found = case.sees(square(case.step))
    assert found[0].track != number


@pytest.mark.parametrize(
    ("rate_fps", "bridged_s", "answers"),
    [(25, 0.12, 3), (20, 0.12, 2), (12, 0.12, 1), (5, 0.12, 0), (5, 0.45, 2), (60, 0.12, 3)],
)
def test_no_gap_is_bridged_for_longer_than_an_overlay_may_be_old(
    rate_fps, bridged_s, answers
) -> None:
    case = Case(rate_fps)
    case.tracker.bridged_s = bridged_s
    known(case)
    found = [case.sees() for _ in range(BRIDGED_ANSWERS + 1)]
    assert [len(entry) for entry in found] == [1] * answers + [0] * (4 - answers)


def test_what_opencv_fails_on_costs_one_answer_and_the_next_begins_anew() -> None:
    case = Case()
    number = known(case)
    with pytest.raises(TrackingError, match="could not be followed"):
        case.sees(square(4), rgb=np.zeros((HEIGHT, WIDTH, 3)))
    (found,) = case.sees(square(4))
    assert found.track > number


def test_after_a_bridged_gap_it_is_the_same_again() -> None:
    case = Case()
    for step in range(4):
        number = case.sees(square(step))[0].track
    case.sees()
    (found,) = case.sees(square(5))
    assert (found.track, found.bridged) == (number, False)


def test_what_was_hardly_known_is_not_bridged() -> None:
    case = Case()
    case.sees(square(0))
    assert case.sees() == ()


def test_a_trembling_outline_is_calmed_and_stays_where_it_belongs() -> None:
    case = Case()
    raw, calm = [], []
    for step in range(14):
        found = square(step, grown=6 * (step % 2))
        raw.append(np.count_nonzero(found.region(HEIGHT, WIDTH).mask))
        (shown,) = case.sees(found)
        calm.append(np.count_nonzero(shown.region(HEIGHT, WIDTH).mask))
    assert np.ptp(calm[6:]) < np.ptp(raw[6:]) / 2
    true = square(13, grown=3).region(HEIGHT, WIDTH)
    assert shown.region(HEIGHT, WIDTH).iou(true) > 0.93


def test_a_mask_does_not_grow_however_long_it_is_followed() -> None:
    case = Case()
    for number in range(80):
        step = abs(number % 40 - 20)
        (found,) = case.sees(square(step), rgb=view(step))
    plain = square(step)
    assert found.mask.shape[0] <= plain.mask.shape[0] + 2
    assert found.mask.shape[1] <= plain.mask.shape[1] + 2
    assert found.region(HEIGHT, WIDTH).iou(plain.region(HEIGHT, WIDTH)) > 0.95


def known(case: Case) -> int:
    for step in range(4):
        (found,) = case.sees(square(step))
    return found.track


def test_a_cut_another_source_and_a_step_back_begin_anew() -> None:
    for change in (
        {"rgb": view(4, surface(5))},
        {"source_id": 2},
        {"index": 1},
        {"rgb": view(4)[: HEIGHT // 2]},
        {"rgb": cv2.resize(view(4), (WIDTH * 2, HEIGHT * 2))},
    ):
        case = Case()
        number = known(case)
        assert case.sees(**change) == ()
        case = Case()
        assert known(case) == number
        (found,) = case.sees(square(4), **change)
        assert found.track != number


def test_time_that_goes_backwards_begins_anew() -> None:
    case = Case()
    number = known(case)
    case.step = 0
    assert case.sees(square(0), index=9)[0].track != number


def test_the_models_answer_is_left_as_it_was() -> None:
    case = Case()
    case.sees(square(0))
    answer = square(1, grown=5)
    before = answer.mask.copy()
    case.sees(answer)
    assert np.array_equal(answer.mask, before)
    assert answer.track is None


def test_masks_of_two_grids_are_not_mixed() -> None:
    one = square(0)
    place = replace(one.placement, left_px=one.placement.left_px + 1.7)
    other = replace(one, placement=place)
    assert coarse_iou(one, one) == 1
    assert coarse_iou(one, other) == 0
    assert mixed(one, other, 0.5) is one


def test_a_mix_lies_between_both() -> None:
    small, large = square(0), square(0, grown=10)
    between = mixed(small, large, 0.5).region(HEIGHT, WIDTH)
    assert between.iou(Region(0, 0, np.zeros((1, 1), dtype=bool))) == 0
    areas = [np.count_nonzero(r.region(HEIGHT, WIDTH).mask) for r in (small, large)]
    assert areas[0] < np.count_nonzero(between.mask) < areas[1]
