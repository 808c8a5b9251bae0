"""The true instances of a made view: what a perfect model would answer on its coarse grid."""

import numpy as np
import pytest

from lmsfa.data.phantom.phantom import Phantom, View
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import true_instances
from lmsfa.prediction import Region


@pytest.mark.parametrize("size", [(1280, 720), (500, 340)])
def test_they_cover_the_structures_of_the_view(size: tuple[int, int]) -> None:
    view = Phantom(SCENES["surgery"], 4, *size).at(3.0, 90)
    found = true_instances(view)
    numbers = [n for n in np.unique(view.numbers) if n]
    assert len(found) == len(numbers) >= 4
    for number, instance in zip(numbers, found, strict=True):
        true = Region(0, 0, view.numbers == number)
        assert instance.class_id == view.classes[number - 1]
        assert max(instance.mask.shape) <= 162
        assert instance.region(size[1], size[0]).iou(true) > (
            0.93 if np.count_nonzero(true.mask) > 4000 else 0.85
        )


def test_what_shows_a_few_pixels_is_no_instance() -> None:
    numbers = np.zeros((100, 100), dtype=np.uint8)
    numbers[10:12, 10:12], numbers[40:60, 40:60] = 1, 2
    view = View(np.zeros((100, 100, 3), dtype=np.uint8), numbers, (3, 1), (50.0, 50.0, 50.0))
    assert [instance.class_id for instance in true_instances(view)] == [1]
