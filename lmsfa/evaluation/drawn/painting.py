"""What a painter makes of a prediction, instance by instance and of all together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.lines import borders_of, lines_of
from lmsfa.overlay import OverlayMode, OverlayStyle, Painter
from lmsfa.prediction import Instance, MaskPlacement, Prediction
from lmsfa.quality.field import Field

AS_SHOWN = OverlayStyle(mode=OverlayMode.OUTLINE)
"""The window's mode when it opens."""
AREAS = OverlayStyle(mode=OverlayMode.FILL)

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
Colours = NDArray[np.int16]
"""(H, W) which colour each pixel shows, as `Drawing.colour_of` numbers them, or `NO_COLOUR`."""
NOWHERE = (np.zeros(0, dtype=np.intp),) * 2
NO_COLOUR = -1
"""Nothing, or a line's dark casing."""


@dataclass(frozen=True, slots=True)
class DrawnInstance:
    """What is drawn of one instance.

    Attributes:
        class_id: index into the card's classes.
        colour: of its class, as `Drawing.colour_of` numbers them.
        area: (H, W) bool, the pixels that it fills when it is painted alone.
        line: (H, W) bool, the pixels that show its colour as a line when it is painted alone.
        middle: rows and columns of the pixels that its line's middle runs through, beside others.
    """

    class_id: int
    colour: int
    area: Mask
    line: Mask
    middle: tuple[Places, Places]


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """What is drawn on one frame.

    Attributes:
        height: pixels.
        width: pixels.
        instances: those of which anything is drawn.
        shown: the colours of all lines together, as they are on screen.
    """

    height: int
    width: int
    instances: tuple[DrawnInstance, ...]
    shown: Colours

    @property
    def side_px(self) -> int:
        """The shorter side, pixels."""
        return min(self.height, self.width)


class Drawing:
    """Draws predictions of one model with a painter as the window has it. On one thread.

    Args:
        card: of the model.
    """

    def __init__(self, card: ModelCard) -> None:
        self._card = card
        self._painter = Painter()
        colours = [entry.colour for entry in card.classes]
        # Classes of one colour cannot be told apart on screen, and not here.
        self._palette = list(dict.fromkeys(colours))
        self.colour_of = tuple(self._palette.index(colour) for colour in colours)

    def drawn(
        self, prediction: Prediction, height: int, width: int, field: Field | None = None
    ) -> DrawnFrame:
        """Paints a prediction at the frame's own size, and each of its instances alone.

        Args:
            prediction: what is shown.
            height: of the frame, pixels.
            width: of the frame, pixels.
            field: the field of view that the painter is given.
        """

        def colours(shown: Prediction) -> Colours:
            layer = self._painter.paint(shown, self._card, AS_SHOWN, height, width, field=field)
            return self._colours(layer)

        middles = self._middles(prediction, height, width, field)
        instances = []
        for entry in prediction.instances:
            alone = replace(prediction, instances=(entry,))
            area = self._painter.paint(alone, self._card, AREAS, height, width, field=field)
            filled = area[..., 3] >= 255 * AREAS.fill_opacity / 2
            if filled.any():
                colour = self.colour_of[entry.class_id]
                line = colours(alone) == colour
                middle = middles.get(id(entry), NOWHERE)
                instances.append(DrawnInstance(entry.class_id, colour, filled, line, middle))
        return DrawnFrame(height, width, tuple(instances), colours(prediction))

    def _middles(
        self, prediction: Prediction, height: int, width: int, field: Field | None
    ) -> dict[int, tuple[Places, Places]]:
        """Of each instance's identity the pixels along its line, where the painter lays it."""
        borders = borders_of(prediction.instances, self._card)
        if borders is None:
            return {}
        curves = lines_of(borders, height, width, field).curves
        seen = (field or Field.whole(height, width)).mask(height, width)
        middles = {}
        for owner in sorted(set(curves.owners.tolist())):
            parts = [curves.part(k) for k in np.flatnonzero(curves.owners == owner).tolist()]
            drawn = np.zeros((height, width), dtype=np.uint8)
            closed = [np.rint(curves.points[part] - 0.5).astype(np.int32) for part in parts]
            cv2.polylines(drawn, closed, isClosed=True, color=1)
            rows, columns = np.nonzero(drawn & seen)
            middles[id(borders.instances[owner])] = rows, columns
        return middles

    def _colours(self, layer: NDArray[np.uint8]) -> Colours:
        """The colour of each pixel of a layer that is half as opaque as a line at least.

        It is the nearest one, darkened by half at most: a soft edge fades into a dark casing.
        """
        found = np.full(layer.shape[:2], NO_COLOUR, dtype=np.int16)
        places = np.nonzero(layer[..., 3] >= 255 * AS_SHOWN.outline_opacity / 2)
        inked = layer[places].astype(np.float32)
        pure = inked[:, None, :3] * (255 / inked[:, None, 3:])
        known = np.array(self._palette, dtype=np.float32)
        square = np.square(known).sum(axis=1)
        # Black is as bright as it can be.
        light = np.where(square > 0, (pure * known).sum(axis=2) / np.maximum(square, 1), 1)
        away = np.square(pure - np.clip(light, 0.5, 1)[..., None] * known).sum(axis=2)
        nearest = away.argmin(axis=1)
        dark = np.take_along_axis(light, nearest[:, None], axis=1)[:, 0] < 0.5
        found[places] = np.where(dark, NO_COLOUR, nearest)
        return found


def drawable(class_id: int, mask: Mask) -> Instance:
    """An instance that is drawn as exactly these pixels.

    Args:
        class_id: index into the card's classes.
        mask: (H, W) bool with a pixel at least.
    """
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    # A cell around it, as models leave one.
    first_row, first_column = max(0, top - 1), max(0, left - 1)
    cut = mask[first_row : top + height + 1, first_column : left + width + 1]
    return Instance(
        class_id,
        1.0,
        (float(left), float(top), float(left + width), float(top + height)),
        np.where(cut, np.uint8(255), np.uint8(0)),
        MaskPlacement(float(first_column), float(first_row), 1.0, 1.0),
    )
