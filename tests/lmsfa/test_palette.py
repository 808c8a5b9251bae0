"""Structures' colours can be told from each other and from tissue; where not, that is said."""

from dataclasses import replace

import numpy as np
import pytest
from made_engines import CARD

from lmsfa.card import ClassSpec, card_path, read_card
from lmsfa.palette import LEAST_DISTANCE, ciede2000, colour_lines, most_alike, proposal
from lmsfa.shipped import PHANTOM_WEIGHTS, WEIGHTS


def card_of(*colours):
    names = [f"class {k}" for k in range(len(colours))]
    classes = tuple(map(ClassSpec, names, colours))
    return replace(CARD, classes=classes, draw_priority=tuple(names))


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    # From the test data of Sharma, Wu, Dalal 2005.
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
        ((50.0, 2.5000, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5000, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ],
)
def test_distances_are_those_of_the_published_pairs(one, other, distance):
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(distance, abs=1e-4)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("weights", sorted(WEIGHTS.parent.glob("*.safetensors")), ids=str)
def test_the_colours_of_all_shipped_weights_are_far_enough_apart(weights):
    assert most_alike(read_card(card_path(weights))) is None
    assert PHANTOM_WEIGHTS.is_file()


def test_equal_colours_are_named_with_whom_they_belong_to():
    alike = most_alike(card_of((0, 69, 92), (253, 253, 0), (0, 69, 92)))
    assert {alike.one, alike.other} == {"class 0", "class 2"}
    assert alike.distance == pytest.approx(0)
    assert "class 0" in str(alike)
    assert "class 2" in str(alike)


def test_red_and_green_of_one_lightness_are_named_for_those_who_cannot_tell_them_apart():
    alike = most_alike(card_of((190, 120, 20), (120, 150, 20)))
    assert alike.eyes in {"protan", "deutan"}
    assert f"{alike.eyes} eyes" in str(alike)


def test_a_colour_like_tissue_is_named():
    assert most_alike(card_of((205, 103, 78))).other == "mucosa"


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_up_to_six_structures_get_colours_that_are_far_enough_apart(count):
    proposed, distance = proposal(((200, 40, 40),) * count)
    assert len(set(proposed)) == count
    assert distance >= LEAST_DISTANCE
    assert most_alike(card_of(*proposed)) is None


@pytest.mark.parametrize("count", [7, 12, 20])
def test_of_more_structures_the_distance_that_can_be_had_is_told(count):
    proposed, distance = proposal(((200, 40, 40),) * count)
    assert len(set(proposed)) == count
    alike = most_alike(card_of(*proposed))
    assert alike.distance == pytest.approx(distance)
    assert 2 < distance < LEAST_DISTANCE


def test_a_line_says_who_is_alike_and_another_what_would_be_better():
    first, second = colour_lines(card_of((205, 103, 78), (0, 0, 255)))
    assert "class 0" in first
    assert "mucosa" in first
    assert "class 1" in second
    assert colour_lines(read_card(card_path(WEIGHTS))) == ()
    many = card_of(*[(k, k, k) for k in range(0, 240, 12)])
    assert len(colour_lines(many)) == 2
