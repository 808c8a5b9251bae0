"""What is drawn is judged as the eye gets it: cuts, specks, doubles, hidden and spilled lines."""

import cv2
import numpy as np
import pytest
from made_engines import CARD

from lmsfa.evaluation.drawn.figures import KnownFrame, Tally
from lmsfa.evaluation.drawn.painting import (
    AS_SHOWN,
    NO_COLOUR,
    NOWHERE,
    Drawing,
    DrawnFrame,
    DrawnInstance,
    drawable,
)
from lmsfa.evaluation.drawn.pieces import nested, specks
from lmsfa.evaluation.drawn.straight import cut, runs_in, runs_of
from lmsfa.evaluation.drawn.surfaces import surfaces
from lmsfa.evaluation.drawn.visibility import visible_shares
from lmsfa.overlay import Painter
from lmsfa.prediction import Prediction
from lmsfa.quality.circle import Circle
from lmsfa.quality.field import Field, field_of
from lmsfa.quality.rectangle import Rectangle

SIDE = 256
NAMES = [spec.name for spec in CARD.classes]
TISSUE, NERVE, TOOL = range(3)
NO_VOID = np.zeros((SIDE, SIDE), bool)
WHOLE = Field.whole(SIDE, SIDE)


def filled(*points):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [np.array(points, np.int32)], 1)
    return mask.astype(bool)


def square(left, top, side):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def disc(x, y, radius):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, cv2.FILLED)
    return mask.astype(bool)


def predicted(*entries):
    return Prediction(0, 0.0, tuple(drawable(*entry) for entry in entries), None, "")


def drawn(*entries, field=None) -> DrawnFrame:
    return Drawing(CARD).drawn(predicted(*entries), SIDE, SIDE, field)


def by_hand(*entries) -> DrawnFrame:
    """A frame that shows such areas, whatever a painter would leave out; without lines."""
    instances = tuple(
        DrawnInstance(number, number, area, NO_VOID, NOWHERE) for number, area in entries
    )
    return DrawnFrame(SIDE, SIDE, instances, np.full((SIDE, SIDE), NO_COLOUR, np.int16))


def judged(found, true, void=NO_VOID):
    tally = Tally(NAMES)
    tally.see(drawn(*found), WHOLE, KnownFrame(true, drawn(*true), void))
    return tally.figures()


SLANTED = filled((60, 20), (140, 40), (200, 220), (110, 200))
CUT = SLANTED & (np.arange(SIDE) < 130)


def test_an_outline_that_a_box_cuts_is_counted_and_a_slanted_one_is_not():
    whole, cut = (judged([(TISSUE, mask)], [(TISSUE, SLANTED)]) for mask in (SLANTED, CUT))
    assert (whole.box_cut, whole.straight_per_frame) == (0, 0)
    assert (cut.box_cut, cut.straight_per_frame) == (1, 1)
    (run,) = runs_in(drawn((TISSUE, CUT)))[0]
    assert (run.upright, run.rising) == (True, False)
    assert run.at_px == pytest.approx(130, abs=1)
    # The share is of outlines.
    both = judged([(TISSUE, CUT), (NERVE, SLANTED)], [(TISSUE, SLANTED), (NERVE, SLANTED)])
    assert both.box_cut == 0.5


def test_a_straight_edge_of_the_truth_is_counted_as_a_run_but_not_as_a_cut():
    upright = square(100, 0, 90)
    for near in (0, 1):
        moved = np.roll(upright, near, axis=1)
        found = judged([(TISSUE, moved)], [(TISSUE, upright)])
        assert (found.box_cut, found.straight_per_frame) == (0, 3)
    # Elsewhere, of another class, or facing the other way it is no reason.
    assert judged([(TISSUE, np.roll(upright, 6, axis=1))], [(TISSUE, upright)]).box_cut == 1
    assert judged([(TISSUE, upright)], [(NERVE, upright)]).box_cut == 1
    assert judged([(TISSUE, square(10, 0, 90))], [(TISSUE, upright)]).box_cut == 1


def test_a_straight_edge_stands_for_a_true_border_that_drifts_beside_it():
    upright, drifting = square(100, 100, 60), square(100, 100, 60)
    # A pixel to and fro, so that no part of these two sides is a run.
    for first in range(100, 160, 24):
        drifting[first : first + 12, [100, 159]] = False
    assert not any(run.upright for run in runs_of(TISSUE, drifting))
    assert not cut(runs_of(TISSUE, upright), by_hand((TISSUE, drifting)))
    sloping = filled((100, 100), (160, 100), (150, 160), (110, 160))
    assert cut(runs_of(TISSUE, upright), by_hand((TISSUE, sloping)))


def test_the_flat_of_a_round_truth_excuses_no_long_cut():
    round_one = disc(128, 128, 80)
    cut = round_one & (np.arange(SIDE) < 206)
    assert judged([(TISSUE, cut)], [(TISSUE, round_one)]).box_cut == 1


def test_the_pictures_border_short_runs_and_drifting_ones_are_no_cuts():
    assert runs_of(TISSUE, square(0, 0, SIDE)) == []
    # 9 of 512 pixels away is the border, and 8 % of 256 pixels are 20.5.
    assert runs_of(TISSUE, square(4, 4, 248)) == []
    assert len(runs_of(TISSUE, square(5, 5, 246))) == 4
    assert runs_of(TISSUE, square(60, 60, 20)) == []
    assert len(runs_of(TISSUE, square(60, 60, 21))) == 4
    drifting = square(60, 60, 40)
    drifting[70:90, 100] = drifting[70:90, 59] = drifting[59, 70:90] = drifting[100, 70:90] = 1
    assert runs_of(TISSUE, drifting) == []


def test_a_hole_has_no_outer_line():
    ring = disc(128, 128, 90) & ~square(100, 100, 50)
    assert runs_of(TISSUE, ring) == []


class _WipingPainter(Painter):
    """Takes what it paints away from the left half of a frame, as long as there are two."""

    def paint(self, prediction, card, style, height, width, *, field=None):
        layer = super().paint(prediction, card, style, height, width, field=field).copy()
        if len(prediction.instances) > 1:
            layer[:, : width // 2] = 0
        return layer


def test_a_line_that_is_wiped_counts_as_hidden(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lmsfa.evaluation.drawn.painting.Painter", _WipingPainter)
    frame = drawn((TISSUE, disc(128, 128, 60)), (TOOL, disc(200, 200, 20)))
    half, whole = visible_shares(frame)
    assert half == pytest.approx(0.5, abs=0.03)
    assert whole == 1


def test_a_covered_line_is_hidden_and_lines_side_by_side_are_seen():
    inks = Drawing(CARD)
    alone = drawn((TISSUE, disc(128, 128, 60)), (NERVE, disc(30, 30, 20)))
    tissue, nerve = alone.instances
    assert visible_shares(alone) == [1, 1]
    covered = alone.shown.copy()
    covered[tissue.line] = nerve.colour
    hidden = DrawnFrame(SIDE, SIDE, alone.instances, covered)
    assert visible_shares(hidden)[0] == 0
    beside = np.where(np.roll(tissue.line, 2, axis=1), tissue.colour, covered).astype(np.int16)
    shares = visible_shares(DrawnFrame(SIDE, SIDE, alone.instances, beside))
    assert shares[0] == pytest.approx(1, abs=0.02)
    assert tissue.colour == inks.colour_of[TISSUE]


def test_a_neighbour_of_the_same_class_does_not_stand_in_for_a_line_that_is_gone():
    frame = drawn((TISSUE, disc(90, 128, 40)), (TISSUE, disc(172, 128, 40)))
    first, second = frame.instances
    only_second = np.where(second.line, second.colour, -1).astype(np.int16)
    gone, there = visible_shares(DrawnFrame(SIDE, SIDE, (first, second), only_second))
    # Where both lines touch there is one to be seen.
    assert gone < 0.1
    assert there == 1


def test_small_pieces_are_specks_unless_a_small_structure_is_true():
    large, small, other = disc(128, 128, 50), disc(30, 30, 5), disc(220, 30, 5)
    # 0.2 % of 256 x 256 pixels are 131.
    assert small.sum() < 131 < disc(30, 30, 7).sum()
    frame = by_hand((TISSUE, large | small | other), (NERVE, small), (NERVE, other))
    true = by_hand((TISSUE, large), (NERVE, small)).instances
    assert specks(frame, true) == 3
    assert specks(frame, None) == 4
    assert specks(by_hand((TISSUE, large | disc(30, 30, 7))), true) == 0


def test_instances_of_a_class_that_hold_each_other_are_nested():
    outer, inner, beside = disc(128, 128, 60), disc(140, 128, 30), disc(200, 128, 40)
    assert nested(by_hand((TISSUE, outer), (TISSUE, inner), (TISSUE, beside))) == 1
    assert nested(by_hand((TISSUE, outer), (NERVE, inner))) == 0


def test_outlines_are_matched_with_the_truth_and_what_stands_alone_counts_as_zero():
    one, other = disc(70, 70, 40), disc(180, 180, 40)
    frame = drawn((TISSUE, one), (TISSUE, other), (NERVE, other))
    found = surfaces(frame, [(TISSUE, other), (TISSUE, one), (TOOL, one)], NO_VOID)
    assert sorted(found) == [(TISSUE, 1), (TISSUE, 1), (NERVE, 0), (TOOL, 0)]
    # Void is taken out, and what lies on it alone is left out.
    void = np.zeros((SIDE, SIDE), bool)
    void[:, 128:] = True
    left = surfaces(
        drawn((TISSUE, one | square(180, 60, 30)), (NERVE, other)), [(TISSUE, one)], void
    )
    assert left == [(TISSUE, 1)]


def _round_picture():
    rgb = np.zeros((SIDE, SIDE, 3), np.uint8)
    cv2.circle(rgb, (128, 128), 110, (180, 90, 80), cv2.FILLED)
    return rgb


def test_what_is_drawn_beyond_the_visible_picture_is_counted():
    seen, spilled = field_of(_round_picture()), square(100, 100, 140)
    tally = Tally(NAMES)
    tally.see(drawn((TISSUE, spilled), (NERVE, disc(128, 128, 40))), seen)
    found = tally.figures()
    assert (found.outside_field, found.fields) == (1, 1)
    clipped = Tally(NAMES)
    clipped.see(
        drawn((TISSUE, spilled), field=Field(Rectangle.whole(SIDE, SIDE), Circle(128, 128, 110))),
        seen,
    )
    assert clipped.figures().outside_field == 0


def test_without_truth_only_what_needs_none_is_told():
    tally = Tally(NAMES)
    tally.see(drawn((TISSUE, CUT)), WHOLE)
    told = tally.figures().as_json()
    assert "box_cut" not in told
    assert "boundary_nsd" not in told
    assert told["straight_per_frame"] == 1
    assert told["line_visible"].keys() == {NAMES[TISSUE]}
    assert told["line_visible"][NAMES[TISSUE]]["least"] == 1


def test_an_area_is_judged_as_the_painter_draws_it():
    frame = drawn((TISSUE, SLANTED))
    assert (frame.instances[0].area == SLANTED).mean() > 0.99
    layer = Painter().paint(predicted((TISSUE, SLANTED)), CARD, AS_SHOWN, SIDE, SIDE)
    assert (frame.instances[0].line <= (layer[..., 3] > 0)).all()
