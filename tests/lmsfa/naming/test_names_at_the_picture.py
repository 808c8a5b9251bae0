"""Names at the picture: whole, legible, beside what matters, and still."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_structures import (
    CARD,
    HEIGHT,
    LIGAMENT,
    NERVE,
    TISSUE,
    TOOL,
    WIDTH,
    answer,
    box,
    layer,
)

from lmsfa.naming.ground import ROWS
from lmsfa.naming.labels import Labels
from lmsfa.naming.names import SMALL_SHARE, Names
from lmsfa.naming.plates import letter_px, plate, plate_size
from lmsfa.overlay import OverlayStyle
from lmsfa.quality.circle import Circle
from lmsfa.quality.field import Field
from lmsfa.quality.rectangle import Rectangle

ALL = OverlayStyle(names=Names.ALL)
FIVES = st.integers(0, 60).map(lambda fives: 5 * fives)
STRUCTURES = st.lists(
    st.builds(
        box,
        left=FIVES,
        top=st.integers(0, 50).map(lambda fives: 5 * fives),
        width=st.integers(1, 40).map(lambda fives: 5 * fives),
        height=st.integers(1, 30).map(lambda fives: 5 * fives),
        class_id=st.integers(0, 3),
    ),
    min_size=1,
    max_size=9,
)


def named(*instances, style=ALL, labels=None, size=(HEIGHT, WIDTH), field=None):
    """What is written where, by class name, and the layer."""
    sheet = layer(*size)
    stands = (labels or Labels()).write(sheet, answer(*instances), CARD, style, field=field)
    return stands, sheet


def pixels_of(stand, size=(HEIGHT, WIDTH)):
    """(H, W) bool: what a name's plate covers, at least."""
    cell_y, cell_x = size[0] / ROWS, size[1] / round(size[1] / size[0] * ROWS)
    rows = slice(round(stand.rectangle.top * cell_y), round(stand.rectangle.bottom * cell_y))
    columns = slice(round(stand.rectangle.left * cell_x), round(stand.rectangle.right * cell_x))
    covered = np.zeros(size, bool)
    assert 0 <= rows.start < rows.stop <= size[0]
    assert 0 <= columns.start < columns.stop <= size[1]
    covered[rows, columns] = True
    return covered


def classes(stands):
    return sorted(CARD.classes[stand.key.class_id].name for stand in stands)


@settings(max_examples=60, deadline=None)
@given(STRUCTURES)
def test_names_cover_neither_each_other_nor_protected_nor_small_structures(instances):
    stands, sheet = named(*instances)
    taken = np.zeros((HEIGHT, WIDTH), bool)
    for entry in instances:
        region = entry.region(HEIGHT, WIDTH)
        if entry.class_id == NERVE or region.mask.sum() < 0.9 * SMALL_SHARE * HEIGHT * WIDTH:
            taken[region.window] |= region.mask
    for stand in stands:
        covered = pixels_of(stand)
        assert not (covered & taken).any()
        taken |= covered
        assert sheet[covered][:, 3].min() > 200


@settings(max_examples=20, deadline=None)
@given(STRUCTURES)
def test_the_same_answers_are_named_at_the_same_places(instances):
    first, one = named(*instances)
    second, other = named(*instances)
    assert first == second
    assert (one == other).all()


def test_a_name_stands_still_while_its_structure_trembles_and_goes_with_it_when_it_moves():
    labels = Labels()
    rng = np.random.default_rng(0)
    (first,), _ = named(box(200, 150, 40, 40, LIGAMENT, track=3), labels=labels)
    for dx, dy in rng.integers(-4, 5, (20, 2)).tolist():
        (stand,), _ = named(box(200 + dx, 150 + dy, 40, 40, LIGAMENT, track=3), labels=labels)
        assert stand.rectangle == first.rectangle
    for moved_px in range(0, 61, 3):
        (stand,), _ = named(box(200 + moved_px, 150, 40, 40, LIGAMENT, track=3), labels=labels)
    cell_px = HEIGHT / ROWS
    assert (stand.rectangle.left - first.rectangle.left) * cell_px == pytest.approx(60, abs=5.1)
    assert stand.rectangle.top == first.rectangle.top


def test_a_name_leaves_its_place_only_where_it_no_longer_fits():
    labels = Labels()
    ligament = box(200, 150, 40, 40, LIGAMENT, track=1)
    (first,), _ = named(ligament, labels=labels)
    far = box(20, 300, 60, 40, NERVE, track=2)
    stands, _ = named(ligament, far, labels=labels)
    assert first in stands
    top, left = (
        round(side * HEIGHT / ROWS / 5) * 5 for side in (first.rectangle.top, first.rectangle.left)
    )
    # So small that the line around it alone would be no reason.
    nerve = box(left + 20, top + 10, 5, 5, NERVE, track=3)
    stands, _ = named(ligament, far, nerve, labels=labels)
    (moved,) = (stand for stand in stands if stand.key == first.key)
    assert moved.rectangle != first.rectangle


def test_a_structure_lost_for_a_moment_finds_its_name_where_it_was():
    labels = Labels()
    (first,), _ = named(box(200, 150, 40, 40, LIGAMENT, track=1), labels=labels)
    for _ in range(10):
        named(labels=labels)
    (again,), _ = named(box(200, 150, 40, 40, LIGAMENT, track=1), labels=labels)
    assert again == first


def test_confidence_is_written_anew_only_when_it_has_clearly_changed():
    labels = Labels()
    sheets = [
        named(box(200, 150, 40, 40, LIGAMENT, track=1, score=score), labels=labels)[1]
        for score in (0.80, 0.84, 0.76, 0.85)
    ]
    assert (sheets[1] == sheets[0]).all()
    assert (sheets[2] == sheets[0]).all()
    assert (sheets[3] != sheets[0]).any()


def test_rare_and_small_ones_are_named_by_default_and_the_rest_on_demand():
    large, small = box(0, 0, 480, 150, TISSUE, track=1), box(100, 250, 40, 40, TISSUE, track=2)
    nerve, other = box(300, 200, 100, 80, NERVE, track=3), box(20, 160, 60, 60, TOOL, track=4)
    instances = large, small, nerve, other
    assert classes(named(*instances, style=OverlayStyle())[0]) == ["nerve", "tissue"]
    assert classes(named(*instances)[0]) == ["nerve", "tissue", "tissue", "tool"]
    nothing, sheet = named(*instances, style=OverlayStyle(names=Names.NONE))
    assert not nothing
    assert not sheet.any()


def test_what_was_seldom_seen_is_named_as_long_as_it_is_followed():
    labels, style = Labels(), OverlayStyle()
    tissue = box(0, 0, 480, 150, TISSUE, track=1)
    for _ in range(450):
        named(tissue, labels=labels, style=style)
    ligament = box(150, 200, 150, 100, LIGAMENT, track=2)
    for _ in range(300):
        stands, _ = named(tissue, ligament, labels=labels, style=style)
        assert classes(stands) == ["ligamentum flavum"]
    # By now it is not seldom any more.
    newcomer = box(150, 200, 150, 100, LIGAMENT, track=5)
    assert classes(named(tissue, newcomer, labels=labels, style=style)[0]) == []


def test_a_structure_at_the_bound_of_small_does_not_blink():
    labels, style = Labels(), OverlayStyle()
    for side in (55, 60, 55, 60, 65):
        stands, _ = named(box(200, 150, side, side, TOOL, track=1), labels=labels, style=style)
        assert classes(stands) == ["tool"]
    assert not named(box(200, 150, 60, 60, TOOL, track=1), style=style)[0]


def test_a_hidden_structure_has_no_name():
    style = OverlayStyle(names=Names.ALL, hidden=frozenset({NERVE}))
    stands, _ = named(box(300, 200, 60, 60, NERVE), box(100, 100, 40, 40, TOOL), style=style)
    assert classes(stands) == ["tool"]


def test_names_stay_inside_the_field_of_view():
    circle = Circle(240, 180, 150)
    inside = circle.mask(HEIGHT, WIDTH) > 0
    instances = [box(x, y, 30, 30, LIGAMENT) for x in (130, 220, 310) for y in (70, 240)]
    stands, sheet = named(*instances, field=Field(Rectangle.whole(HEIGHT, WIDTH), circle))
    assert len(stands) >= 4
    assert not sheet[~inside].any()


@pytest.mark.parametrize("size", [(360, 480), (1080, 1920), (512, 512), (2160, 3840)])
def test_a_name_is_whole_and_its_capitals_are_high_enough_to_read(size):
    height, width = size
    ligament = box(200, 150, 40, 40, LIGAMENT).scaled(width / WIDTH, height / HEIGHT)
    (stand,), sheet = named(ligament, size=size)
    assert stand.size == 0
    bright = sheet[..., :3].min(axis=2) > 150
    rows = np.flatnonzero((bright & pixels_of(stand, size)).any(axis=1))
    # From the top of the l to the end of the g.
    assert np.ptp(rows) + 1 >= 0.022 * height
    whole = plate_size("ligamentum flavum", letter_px(height), figure=True)
    columns = round(width / height * ROWS)
    assert stand.rectangle.width * width / columns == pytest.approx(whole[0])


def test_letters_stand_out_from_their_plate_over_the_whitest_picture():
    pixels = plate("nerve", "87 %", (255, 236, 110), 24).astype(float)
    over_white = pixels[..., :3] + 255 - pixels[..., 3:]
    ground = over_white[(pixels[..., 3] < 255)].max(axis=0)
    letters = over_white[:, 20:][pixels[:, 20:, 3] == 255]
    figures = letters[np.abs(letters - (181, 192, 201)).max(axis=1) < 1]
    assert len(figures) > 10
    assert _contrast(figures[0], ground) >= 4.5
    assert _contrast(np.array([238.0, 242, 245]), ground) >= 4.5


def test_a_line_leads_from_a_name_to_the_structure_that_it_does_not_touch():
    # Nowhere beside it is room: protected structures stand around.
    ring = [box(170, 120, 110, 25, NERVE), box(170, 200, 110, 25, NERVE)]
    ring += [box(170, 145, 25, 55, NERVE), box(255, 145, 25, 55, NERVE)]
    tool = box(210, 160, 30, 30, TOOL)
    stands, sheet = named(*ring, tool)
    (stand,) = (stand for stand in stands if stand.key.class_id == TOOL)
    assert stand.tip is not None
    colour = np.abs(sheet[..., :3].astype(int) - CARD.classes[TOOL].colour).max(axis=2) < 40
    drawn = (colour & (sheet[..., 3] > 200)).astype(np.uint8)
    _, pieces = cv2.connectedComponents(drawn)
    inside = pieces[160:190, 210:240]
    assert inside.any()
    piece = inside[inside > 0][0]
    assert (cv2.dilate((pieces == piece).astype(np.uint8), np.ones((5, 5)))[pixels_of(stand)]).any()


def test_a_name_without_room_is_left_out_and_one_with_little_goes_without_its_figure():
    assert not named(box(0, 0, WIDTH, HEIGHT, NERVE))[0]
    narrow = plate_size("ligamentum flavum", letter_px(HEIGHT), figure=False)[0] + 45
    above, below = box(0, 0, 480, 155, NERVE), box(0, 205, 480, 155, NERVE)
    right = box(round(narrow / 5) * 5, 155, 480 - round(narrow / 5) * 5, 50, NERVE)
    stands, _ = named(above, below, right, box(0, 175, 10, 10, LIGAMENT))
    assert [stand.size for stand in stands if stand.key.class_id == LIGAMENT] == [1]


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (16, 16), (7, 4000)])
def test_pictures_without_room_carry_no_names(size):
    height, width = size
    stands, sheet = named(box(0, 0, 40, 40, TOOL).scaled(width / 480, height / 360), size=size)
    assert not stands
    assert not sheet.any()


def test_a_blue_first_layer_is_the_same_with_channels_exchanged():
    instances = box(200, 150, 40, 40, LIGAMENT), box(20, 20, 40, 40, NERVE)
    _, plain = named(*instances)
    _, blue = named(*instances, labels=Labels(blue_first=True))
    assert (plain == blue[..., [2, 1, 0, 3]]).all()
    assert plain.any()


def _contrast(one, other):
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(rgb):
    """Relative, as WCAG 2.2 defines it."""
    share = np.asarray(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
