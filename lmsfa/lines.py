"""Where the lines of a prediction run, whatever of it is switched on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lmsfa.atlas import Atlas
from lmsfa.card import ModelCard
from lmsfa.contours import Curves, contours
from lmsfa.lanes import side_by_side
from lmsfa.open_edges import opened
from lmsfa.prediction import Instance
from lmsfa.quality.field import Field

THICKNESS_SHARE = 1 / 180
"""Of the frame's height: 6 pixels on 1080 lines, to be seen from two metres."""
LEAST_THICKNESS_PX = 2.0
"""Video keeps colours at half the resolution."""
CASING_SHARE = 0.4
"""Of a line's thickness: the dark rim on both of its sides."""
LEAST_CASING_PX = 1.0
BETWEEN_SHARE = 0.25
"""Of a line's thickness, and a pixel: what is left between two lines that run side by side."""
BORDER_CELLS = 1.25
"""A structure that ends so near to the border of the picture is cut by it."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How thick lines are, pixels.

    Attributes:
        line: the coloured line.
        casing: the line with the dark rim on both of its sides.
        lane: from the middle of a line to that of the next beside it.
    """

    line: float
    casing: float
    lane: float

    @classmethod
    def of(cls, height: int) -> Pen:
        """For frames of so many rows."""
        line = max(LEAST_THICKNESS_PX, height * THICKNESS_SHARE)
        casing = line + 2 * max(LEAST_CASING_PX, CASING_SHARE * line)
        return cls(line, casing, line * (1 + BETWEEN_SHARE) + 1)


@dataclass(frozen=True, slots=True)
class Borders:
    """Where the instances of a prediction end, and in which order they are painted.

    Attributes:
        curves: closed, in frame pixels; owners are places in `instances`.
        instances: those that have a mask.
        ranks: (len(instances),) in which order they are painted, the highest on top.
        half_widths_px: (curves,) half of how wide each curve's instance is in the mean.
        cells_px: (curves,) the larger side of the cells of each curve's mask.
    """

    curves: Curves
    instances: Sequence[Instance]
    ranks: NDArray[np.intp]
    half_widths_px: NDArray[np.float32]
    cells_px: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a prediction run.

    Attributes:
        curves: their middles, a curve for each of the borders'.
        pen: how thick they are.
        crowded: (N,) which points lie below a higher line, for no other place was free.
    """

    curves: Curves
    pen: Pen
    crowded: NDArray[np.bool_]


def borders_of(instances: Sequence[Instance], card: ModelCard) -> Borders | None:
    """Where instances end; None where none has a pixel.

    The card's drawing order decides between roles who is painted on top, so that what is protected
    lies above what is not. Within a role the larger is painted first: what is small and rare is
    never buried.

    Args:
        instances: of a prediction, shown or not.
        card: whose roles and drawing order count.
    """
    masked = [entry for entry in instances if entry.mask.size]
    if not masked:
        return None
    atlas = Atlas.of(masked)
    curves = contours(atlas)
    if not curves.owners.size:
        return None
    areas_px2 = np.bincount(curves.owners, curves.areas(), len(masked))
    lengths = np.add.reduceat(curves.steps(), curves.chain.starts)
    half_px = areas_px2 / np.maximum(np.bincount(curves.owners, lengths, len(masked)), 1e-6)
    levels = _levels(card)
    order = np.lexsort((-areas_px2, np.array([levels[entry.class_id] for entry in masked])))
    ranks = np.empty(len(order), dtype=np.intp)
    ranks[order] = np.arange(len(order))
    return Borders(
        curves,
        masked,
        ranks,
        np.maximum(half_px, 0)[curves.owners].astype(np.float32),
        atlas.cells_px.max(axis=1)[curves.owners].astype(np.float32),
    )


def lines_of(borders: Borders, height: int, width: int, field: Field | None = None) -> Lines:
    """Where lines run: on the inner side of each structure's border, side by side at shared ones.

    No line depends on what is switched off, so the borders are to be those of a whole prediction.

    Args:
        borders: of instances.
        height: of the frame, pixels.
        width: of the frame, pixels.
        field: the visible picture, along whose border nothing is drawn; None for the whole frame.
    """
    pen, curves = Pen.of(height), borders.curves
    # The line's outer side lies on the border: two structures that meet have theirs side by side.
    inset_px = np.minimum(np.float32(pen.lane / 2), borders.half_widths_px / 2)
    aside = curves.outwards() * curves.chain.each(inset_px)[:, None]
    curves = opened(
        replace(curves, points=curves.points - aside),
        field or Field.whole(height, width),
        near_px=BORDER_CELLS * borders.cells_px + inset_px,
        beyond_px=pen.casing / 2 + 2,
    )
    room_px = borders.half_widths_px - inset_px
    curves, crowded = side_by_side(
        curves,
        borders.ranks,
        lane_px=pen.lane,
        most_inwards_px=room_px,
        height=height,
        width=width,
    )
    return Lines(curves, pen, crowded)


def _levels(card: ModelCard) -> list[int]:
    """Of each class: how high its role lies, as the drawing order has it."""
    levels, level, role = [0] * len(card.classes), -1, ""
    for class_id in card.draw_order:
        if card.classes[class_id].role != role:
            level, role = level + 1, card.classes[class_id].role
        levels[class_id] = level
    return levels


def thickness(exact_px: float) -> int:
    """The whole number of pixels that is nearest; at least one."""
    return max(1, math.floor(exact_px + 0.5))
