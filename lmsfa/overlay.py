"""Paints a prediction as a transparent layer, and lays layers over pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard
from lmsfa.inks import BLOCK_PX, MOST_CLASSES, ColourTable, Inks, Look, as_blocks
from lmsfa.lines import borders_of, lines_of
from lmsfa.naming.names import Names
from lmsfa.prediction import Instance, Prediction
from lmsfa.quality.field import Field
from lmsfa.strokes import fill, stroke

FILL_SHARE_WITH_OUTLINE = 0.3
"""In BOTH mode the fill steps back, so that tissue and outline stay visible."""
CASING_COLOUR: Colour = (0, 0, 0)
CASING_SHARE = 0.6
"""Of a line's opacity: the dark rim tells the line from bright tissue and lets tissue through."""
BLENDED_PX = 2**14
"""In one go; so many pixels' memory is little beside a frame's."""


class OverlayMode(Enum):
    """How a structure is drawn."""

    OUTLINE = "outline"
    FILL = "fill"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """How the overlay looks; colours come from the model card.

    Attributes:
        mode: outline, fill or both.
        hidden: class ids that are switched off.
        names: whose names stand at the picture; see `lmsfa.naming.labels`.
        outline: opacity in OUTLINE mode, 0 (not visible) to 1.
        fill: opacity in FILL mode, 0..1; low, for tissue is to be seen through it.
        both: opacity of lines in BOTH mode, 0..1; areas have a share of it.
    """

    mode: OverlayMode = OverlayMode.OUTLINE
    hidden: frozenset[int] = field(default_factory=frozenset)
    names: Names = Names.RARE
    outline: float = 0.9
    fill: float = 0.3
    both: float = 0.8

    def __post_init__(self) -> None:
        """Checks the opacities."""
        for opacity in (self.outline, self.fill, self.both):
            if not 0 <= opacity <= 1:
                raise ValueError(f"opacity must be 0..1, got {opacity}")

    @property
    def opacity(self) -> float:
        """Opacity in the present mode, 0..1."""
        opacities = {OverlayMode.OUTLINE: self.outline, OverlayMode.FILL: self.fill}
        return opacities.get(self.mode, self.both)

    def with_opacity(self, opacity: float) -> OverlayStyle:
        """The same with another opacity, 0..1, in the present mode alone."""
        if self.mode is OverlayMode.OUTLINE:
            return replace(self, outline=opacity)
        if self.mode is OverlayMode.FILL:
            return replace(self, fill=opacity)
        return replace(self, both=opacity)

    @property
    def fill_opacity(self) -> float:
        """Opacity of a structure's area, 0..1."""
        shares = {OverlayMode.OUTLINE: 0.0, OverlayMode.FILL: 1.0}
        return self.opacity * shares.get(self.mode, FILL_SHARE_WITH_OUTLINE)

    @property
    def outline_opacity(self) -> float:
        """Opacity of a structure's outline, 0..1."""
        return 0.0 if self.mode is OverlayMode.FILL else self.opacity


class Painter:
    """Paints layers, on memory that it keeps. On one thread.

    Args:
        blue_first: whether its layers are BGRA, as screens have it, instead of RGBA.
    """

    def __init__(self, *, blue_first: bool = False) -> None:
        self._order = [2, 1, 0, 3] if blue_first else [0, 1, 2, 3]
        self._sheets = np.empty((2, 0), dtype=np.uint8)
        # Two in turn: a window still shows one, and may draw it again, while the next is painted.
        self._layers = [_Layer(0), _Layer(0)]
        self._look: tuple[ModelCard, OverlayStyle, tuple[int, ...]] | None = None
        self._inks: dict[int, int] = {}
        self._table = ColourTable((), (0, 0, 0, 0))
        self._field: Field | None = None
        self._inside = np.empty((0, 0), dtype=np.uint8)

    def paint(
        self,
        prediction: Prediction,
        card: ModelCard,
        style: OverlayStyle,
        height: int,
        width: int,
        *,
        field: Field | None = None,
    ) -> NDArray[np.uint8]:
        """Paints the structures that are switched on, in the order of `borders_of`.

        A line is covered by lines alone, and lies where it lies whatever else is switched off.

        Args:
            prediction: what the model answered.
            card: the card of the model that answered: colours and order.
            style: how to draw.
            height: height of the frame, pixels.
            width: width of the frame, pixels.
            field: the field of view, outside of which nothing is painted; None: the whole frame.

        Returns:
            (height, width, 4) uint8 RGBA or BGRA, colours multiplied by alpha; 0 everywhere but on
            structures. Valid until the next call but one; another object at every call, so that
            what is painted anew is told from what was shown before.
        """
        self._resize(height * width)
        self._layers.reverse()
        layer = self._layers[0]
        borders = borders_of(prediction.instances, card)
        if borders is None:
            layer.clear()
            return layer.pixels(height, width)
        shown = visible_classes(borders.instances, style)
        self._mix(card, style, shown)
        inks = [
            self._inks[entry.class_id] if entry.class_id in shown else None
            for entry in borders.instances
        ]
        owners, cover = self._sheets
        flat = [sheet[: height * width].reshape(height, width) for sheet in (owners, cover)]
        owners.fill(0)
        if style.mode is not OverlayMode.OUTLINE:
            fill(borders, inks, flat[0])
        if style.mode is not OverlayMode.FILL:
            cover.fill(0)
            stroke(lines_of(borders, height, width, field), borders, inks, *flat)
        if field is not None:
            for sheet in flat:
                self._clip(sheet, field)
        if style.mode is OverlayMode.OUTLINE:
            layer.clear()
        else:
            self._table.look_up_areas(owners, layer.values)
            layer.written = None
        if style.mode is not OverlayMode.FILL:
            blocks = self._table.look_up_lines(owners, cover, layer.values)
            if layer.written is not None:
                layer.written = blocks
        return layer.pixels(height, width)

    def written_over(self) -> None:
        """Says that somebody wrote onto the newest layer: it is cleared whole for the next."""
        self._layers[0].written = None

    def _clip(self, sheet: NDArray[np.uint8], field: Field) -> None:
        """Takes away what lies outside of the field of view."""
        if field != self._field or self._inside.shape != sheet.shape:
            self._field, self._inside = field, field.mask(*sheet.shape)
        cv2.bitwise_and(sheet, self._inside, sheet)

    def _resize(self, pixels: int) -> None:
        whole = -(-pixels // BLOCK_PX) * BLOCK_PX
        if self._sheets.shape[1] != whole:
            self._sheets = np.zeros((2, whole), dtype=np.uint8)
            self._layers = [_Layer(whole), _Layer(whole)]

    def _mix(self, card: ModelCard, style: OverlayStyle, shown: Sequence[int]) -> None:
        """Makes inks for all of the card's classes, or for those in the frame where that is few."""
        classes = card.draw_order
        if len(classes) > MOST_CLASSES:
            classes = tuple(shown)
        if self._look != (card, style, classes):
            self._look = (card, style, classes)
            self._inks = {class_id: code for code, class_id in enumerate(classes, start=1)}
            colours = [card.classes[class_id].colour for class_id in classes]
            self._table = ColourTable(
                [
                    Inks(
                        self._look_of(colour, style.fill_opacity),
                        self._look_of(colour, style.outline_opacity),
                    )
                    for colour in colours
                ],
                self._look_of(CASING_COLOUR, CASING_SHARE * style.outline_opacity),
            )

    def _look_of(self, colour: Colour, opacity: float) -> Look:
        channels = premultiplied(colour, opacity)
        return tuple(channels[channel] for channel in self._order)


class _Layer:
    """A layer's memory, and what of it was written.

    Attributes:
        values: (N,) uint32, N a multiple of `BLOCK_PX`.
        written: the blocks that are not 0; None for any.
    """

    def __init__(self, pixels: int) -> None:
        self.values = np.zeros(pixels, dtype=np.uint32)
        self.written: NDArray[np.intp] | None = np.empty(0, dtype=np.intp)

    def clear(self) -> None:
        """Makes all of it transparent."""
        if self.written is None:
            self.values.fill(0)
        else:
            as_blocks(self.values)[self.written] = np.void(bytes(4 * BLOCK_PX))
        self.written = np.empty(0, dtype=np.intp)

    def pixels(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width, 4) uint8 of it; a view."""
        return self.values.view(np.uint8)[: height * width * 4].reshape(height, width, 4)


def visible_classes(instances: Sequence[Instance], style: OverlayStyle) -> list[int]:
    """The class ids of instances that are switched on, the most certain first.

    Of more classes than there are inks the least certain are left out.
    """
    shown = [entry for entry in instances if entry.class_id not in style.hidden]
    falling = sorted(shown, key=lambda entry: -entry.score)
    return list(dict.fromkeys(entry.class_id for entry in falling))[:MOST_CLASSES]


def blend(
    frame_rgb: NDArray[np.uint8],
    layer: NDArray[np.uint8],
    blended: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Lays a layer over a frame; where the layer's alpha is 0 the frame stays as it is, bit by bit.

    Args:
        frame_rgb: (H, W, 3) uint8 RGB.
        layer: (H, W, 4) uint8 RGBA, colours multiplied by alpha.
        blended: what to write into, contiguous, in the frame's shape; a new array where it is None.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    blended = np.empty(frame_rgb.shape, dtype=np.uint8) if blended is None else blended
    np.copyto(blended, frame_rgb)
    pixels = blended.reshape(-1, 3)
    # One number a pixel, 0 where alpha is 0.
    inked = np.ascontiguousarray(layer).view(np.uint32).reshape(-1)
    # Part by part: what is needed on the way stays small.
    for start in range(0, inked.size, BLENDED_PX):
        part, over_all = pixels[start : start + BLENDED_PX], inked[start : start + BLENDED_PX]
        places = np.flatnonzero(over_all)
        over = over_all[places].view(np.uint8).reshape(-1, 4).astype(np.uint16)
        below = part[places] * (255 - over[:, 3:])
        part[places] = over[:, :3] + (below + 127) // 255
    return blended


def premultiplied(colour: Colour, opacity: float) -> tuple[int, int, int, int]:
    """RGB 0..255 and opacity 0..1 -> RGBA 0..255 with the colour multiplied by alpha."""
    red, green, blue = (round(part * opacity) for part in colour)
    return red, green, blue, round(255 * opacity)
