"""Writes names onto a layer."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard
from lmsfa.naming.ground import ROWS, CellRectangle, Surveyor, area_of
from lmsfa.naming.names import Chooser, Key, Names, Seen, is_protected, keys_of
from lmsfa.naming.placing import Placer, Size, Stand, Wish
from lmsfa.naming.plates import PLATE_RGB, letter_px, plate, plate_size
from lmsfa.overlay import OverlayStyle, visible_classes
from lmsfa.prediction import Prediction
from lmsfa.quality.field import Field

STEADY_POINTS = 5
"""A confidence is written anew when it has changed by so many percent: others cannot be read."""
MOST_PERCENT = 99
LEADER_SHARE = 1 / 300
"""Of the picture's height, at least two pixels."""
SUBPIXEL_BITS = 4
MOST_COLUMNS = 8 * ROWS
"""Of wider pictures the cells are wider too."""

Layer = NDArray[np.uint8]


class Labels:
    """The names of one window or run: remembers what it wrote, and where. On one thread.

    Args:
        blue_first: whether its layers are BGRA instead of RGBA.
    """

    def __init__(self, *, blue_first: bool = False) -> None:
        self._order = (2, 1, 0, 3) if blue_first else (0, 1, 2, 3)
        self._card: ModelCard | None = None
        self._surveyor = Surveyor()
        self._chooser, self._placer = Chooser(), Placer()
        self._percents: dict[Key, int] = {}

    def write(
        self,
        layer: Layer,
        prediction: Prediction,
        card: ModelCard,
        style: OverlayStyle,
        *,
        field: Field | None = None,
    ) -> list[Stand]:
        """Writes the names that a style asks for.

        No name covers another, a protected or a small structure, or leaves the field of view: one
        without such a place is left out. Lines to structures go below all names.

        Args:
            layer: (H, W, 4) uint8, colours multiplied by alpha, as `Painter.paint` gives it for the
                same prediction; written to.
            prediction: for a frame of the layer's size.
            card: of the model that answered.
            style: which structures are painted, and whose names are wanted.
            field: of view, as `Painter.paint`.

        Returns:
            What was written where.
        """
        if card is not self._card:
            # Another model's classes and tracks mean something else.
            self._card, self._percents = card, {}
            self._chooser, self._placer = Chooser(), Placer()
        if style.names is Names.NONE:
            return []
        grid = Grid(*layer.shape[:2])
        scaled = prediction.scaled(1 / grid.cell_x, 1 / grid.cell_y).instances
        classes = visible_classes(scaled, style)
        instances = [entry for entry in scaled if entry.class_id in classes]
        keys = keys_of(instances)
        areas = [area_of(entry, grid.columns) for entry in instances]
        seen = [
            Seen(key, entry.score, float(np.count_nonzero(area)) / area.size)
            for key, entry, area in zip(keys, instances, areas, strict=True)
        ]
        self._chooser.look(seen, card)
        named = self._chooser.named(seen, card, style.names)
        self._percents = {
            entry.key: _steady(self._percents.get(entry.key), entry.score) for entry in named
        }
        if not named:
            return []
        small = self._chooser.small
        ground = self._surveyor.survey(
            areas,
            [is_protected(key.class_id, card) or key in small for key in keys],
            None if field is None else field.scaled(1 / grid.cell_x, 1 / grid.cell_y),
            grid.columns,
        )
        indices = [keys.index(entry.key) for entry in named]
        wishes = [
            Wish(
                entry.key,
                index,
                _middle(instances[index].box_xyxy, grid),
                _sizes(card.classes[entry.key.class_id].name, grid),
            )
            for entry, index in zip(named, indices, strict=True)
        ]
        stands = self._placer.placed(wishes, ground)
        self._draw(layer, stands, card, grid)
        return stands

    def _draw(self, layer: Layer, stands: Sequence[Stand], card: ModelCard, grid: Grid) -> None:
        for stand in stands:
            if stand.tip is not None:
                colour = card.classes[stand.key.class_id].colour
                self._draw_leader(layer, stand.rectangle, stand.tip, colour, grid)
        for stand in stands:
            spec = card.classes[stand.key.class_id]
            figure = f"{self._percents[stand.key]} %" if stand.size == 0 else ""
            pixels = plate(spec.name, figure, spec.colour, grid.letter_px, self._order)
            left = round(stand.rectangle.left * grid.cell_x)
            top = round(stand.rectangle.top * grid.cell_y)
            part = layer[top : top + pixels.shape[0], left : left + pixels.shape[1]]
            part[:] = pixels[: part.shape[0], : part.shape[1]]

    def _draw_leader(
        self,
        layer: Layer,
        rectangle: CellRectangle,
        tip: tuple[float, float],
        colour: Colour,
        grid: Grid,
    ) -> None:
        """A line with a dark casing from a name to a dot inside its structure."""
        start, end = (
            (round(x * grid.cell_x * 2**SUBPIXEL_BITS), round(y * grid.cell_y * 2**SUBPIXEL_BITS))
            for x, y in (rectangle.nearest(tip), tip)
        )
        for rgb, wider_px in ((PLATE_RGB, grid.line_px), (colour, 0)):
            pen = [(*rgb, 255)[channel] for channel in self._order]
            radius = round((1.3 * grid.line_px + wider_px / 2) * 2**SUBPIXEL_BITS)
            cv2.line(layer, start, end, pen, grid.line_px + wider_px, cv2.LINE_AA, SUBPIXEL_BITS)
            cv2.circle(layer, end, radius, pen, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)


class Grid:
    """The cells of a picture.

    Args:
        height: of the picture, pixels.
        width: of the picture, pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self.letter_px = letter_px(height)
        self.line_px = max(2, round(height * LEADER_SHARE))
        self.columns = min(MOST_COLUMNS, max(1, round(width / height * ROWS)))
        self.cell_x, self.cell_y = width / self.columns, height / ROWS


def _sizes(name: str, grid: Grid) -> list[Size]:
    """With its confidence and, where that has no room, without."""
    plates = [plate_size(name, grid.letter_px, figure=figure) for figure in (True, False)]
    return [Size(width / grid.cell_x, height / grid.cell_y) for width, height in plates]


def _middle(box_xyxy: tuple[float, float, float, float], grid: Grid) -> tuple[float, float]:
    """Of the part of a box that lies in the frame, in cells."""
    left, top, right, bottom = box_xyxy
    x = max(left, 0) + min(right, grid.columns)
    return x / 2, (max(top, 0) + min(bottom, ROWS)) / 2


def _steady(before: int | None, score: float) -> int:
    """The percent to write: those before, unless they are clearly wrong by now."""
    percent = min(MOST_PERCENT, round(score * 100))
    kept = before is not None and abs(percent - before) < STEADY_POINTS
    return before if before is not None and kept else percent
