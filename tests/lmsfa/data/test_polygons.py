"""Polygons and run lengths become exactly the pixels that they say."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as library
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lmsfa.data.annotated import Annotation, Shape, rasterise
from lmsfa.data.formats.run_length import run_lengths, runs_region
from lmsfa.data.polygon import polygon_region
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region

_POINT = st.tuples(st.floats(-10, 30), st.floats(-10, 30))
_MASK = st.builds(
    lambda seed, share: np.random.default_rng(seed).random((7, 9)) < share,
    st.integers(0, 999),
    st.floats(0, 1),
)


def _placed(region: Region, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[region.window] = region.mask
    return mask


def _inside(points: list[tuple[float, float]], x: float, y: float) -> bool:
    """Even-odd by a ray to the left."""
    odd = False
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        if (y1 <= y) != (y2 <= y) and x1 + (y - y1) * (x2 - x1) / (y2 - y1) <= x:
            odd = not odd
    return odd


def _on_edge(points: list[tuple[float, float]], x: float, y: float) -> bool:
    """Whether an edge passes so near that rounding decides."""
    ends = np.array(points)
    ways, there = np.roll(ends, -1, axis=0) - ends, np.array((x, y)) - ends
    lengths = np.maximum((ways**2).sum(1), 1e-30)
    along = np.clip((there * ways).sum(1) / lengths, 0, 1)
    return bool((np.abs(there - along[:, None] * ways).max(1) < 1e-9).any())


@settings(deadline=None, max_examples=150)
@given(st.lists(_POINT, min_size=3, max_size=8))
@example([(0.0, 0.0), (0.0, 0.0), (6.462861401655417, 6.462861401655417)])
def test_a_pixel_belongs_to_the_polygon_that_its_centre_lies_in(points: list) -> None:
    found = _placed(polygon_region(np.array(points), 16, 20), 16, 20)
    for y, x in np.ndindex(16, 20):
        centre = x + 0.5, y + 0.5
        assert found[y, x] == _inside(points, *centre) or _on_edge(points, *centre)


def test_neighbours_share_no_pixel_and_leave_none_out() -> None:
    cut = [(0, 3.3), (20, 11.7)]
    upper = polygon_region(np.array([(0, 0), (20, 0), cut[1], cut[0]]), 16, 20)
    lower = polygon_region(np.array([(0, 16), (20, 16), cut[1], cut[0]]), 16, 20)
    assert np.array_equal(_placed(upper, 16, 20), ~_placed(lower, 16, 20))


@pytest.mark.parametrize("offset", [-1e6, 1e6])
def test_far_polygons_cover_nothing_and_huge_ones_everything(offset: float) -> None:
    far = np.array([(0, 0), (5, 0), (5, 5)]) + offset
    assert not polygon_region(far, 16, 20).mask.any()
    huge = np.array([(-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)])
    assert polygon_region(huge, 16, 20).mask.all()


def test_instances_without_a_pixel_are_left_out_and_void_gives_way() -> None:
    thin = Shape(1, (np.array([(3.0, 3.0), (3.1, 3.0), (3.0, 3.1)]),))
    full = Shape(0, masks=(Region(-2, -2, np.ones((6, 6), bool)),))
    truth = rasterise(Annotation(8, 8, (thin, full), np.ones((8, 8), bool)))
    assert truth.classes == (0,)
    assert np.count_nonzero(truth.mask(1)) == 16
    assert np.count_nonzero(truth.void) == 48


def test_an_instance_of_several_parts_is_their_union() -> None:
    square = np.array([(0, 0), (4, 0), (4, 4), (0, 4)], float)
    truth = rasterise(Annotation(8, 8, (Shape(0, (square, square + 2)),), np.zeros((8, 8), bool)))
    assert np.count_nonzero(truth.mask(1)) == 28


@given(_MASK)
def test_run_lengths_are_read_as_the_coco_library_writes_them(mask: np.ndarray) -> None:
    coded = library.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = coded["counts"].decode() if isinstance(coded["counts"], bytes) else coded["counts"]
    runs = run_lengths(text)
    assert np.array_equal(_placed(runs_region(runs, 7, 9), 7, 9), mask)


@given(st.text(max_size=20))
def test_any_text_is_run_lengths_or_an_error(text: str) -> None:
    try:
        runs_region(run_lengths(text), 7, 9)
    except DatasetError:
        return
    assert sum(run_lengths(text)) == 63
