"""Paints a prediction as a transparent layer, and lays layers over pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard
from lmsfa.inks import MOST_CLASSES, ColourTable, Ink, Look, inks_for
from lmsfa.naming.names import Names
from lmsfa.outline import draw, outlines
from lmsfa.prediction import Instance, Prediction
from lmsfa.quality.field import Field
from lmsfa.stamping import stamp
from lmsfa.upsampling import Paper

FILL_SHARE_WITH_OUTLINE = 0.4
"""In BOTH mode the fill steps back, so that tissue and outline stay visible."""
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
        opacity: 0 (not visible) to 1.
        mode: outline, fill or both.
        hidden: class ids that are switched off.
        names: whose names stand at the picture; see `lmsfa.naming.labels`.
    """

    opacity: float = 0.8
    mode: OverlayMode = OverlayMode.OUTLINE
    hidden: frozenset[int] = field(default_factory=frozenset)
    names: Names = Names.RARE

    def __post_init__(self) -> None:
        """Checks the opacity."""
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity must be 0..1, got {self.opacity}")

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
        self._paper = Paper()
        self._planes = np.empty((2, 0), dtype=np.uint8)
        # Two in turn: a window still shows one, and may draw it again, while the next is painted.
        self._layers = [np.empty(0, dtype=np.uint32)] * 2
        self._look: tuple[ModelCard, OverlayStyle, tuple[int, ...]] | None = None
        self._inks: dict[int, Ink] = {}
        self._table = ColourTable({})
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
        """Paints the structures that are switched on, the card's most important one on top.

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
        codes, sheet = (kept[: height * width].reshape(height, width) for kept in self._planes)
        codes.fill(0)
        instances = visible_instances(prediction, card, style)
        self._mix(card, style, instances)
        inks = [self._inks[entry.class_id] for entry in instances]
        if style.mode is OverlayMode.FILL:
            stamp(instances, inks, codes, self._paper)
        else:
            drawn = outlines(instances, inks, height, width)
            for _, of_one_class in groupby(drawn, key=lambda outline: outline.ink):
                draw(list(of_one_class), codes, sheet)
        if field is not None:
            self._clip(codes, field)
        self._layers.reverse()
        self._table.look_up(self._planes[0], self._layers[0])
        pixels = self._layers[0].view(np.uint8)
        return pixels[: height * width * 4].reshape(height, width, 4)

    def _clip(self, codes: NDArray[np.uint8], field: Field) -> None:
        """Takes away what lies outside of the field of view."""
        if field != self._field or self._inside.shape != codes.shape:
            self._field, self._inside = field, field.mask(*codes.shape)
        cv2.bitwise_and(codes, self._inside, codes)

    def _resize(self, pixels: int) -> None:
        even = pixels + pixels % 2
        if self._planes.shape[1] != even:
            self._planes = np.zeros((2, even), dtype=np.uint8)
            self._layers = [np.empty(even, dtype=np.uint32) for _ in self._layers]

    def _mix(self, card: ModelCard, style: OverlayStyle, instances: Sequence[Instance]) -> None:
        """Makes inks for all of the card's classes, or for those in the frame where that is few."""
        classes = card.draw_order
        if len(classes) > MOST_CLASSES:
            classes = tuple(dict.fromkeys(entry.class_id for entry in instances))
        if self._look != (card, style, classes):
            self._look = (card, style, classes)
            self._inks = inks_for(classes)
            self._table = ColourTable(
                {
                    ink: (
                        self._look_of(card, class_id, style.outline_opacity),
                        self._look_of(card, class_id, style.fill_opacity),
                    )
                    for class_id, ink in self._inks.items()
                }
            )

    def _look_of(self, card: ModelCard, class_id: int, opacity: float) -> Look:
        colour = premultiplied(card.classes[class_id].colour, opacity)
        return tuple(colour[channel] for channel in self._order)


def paint_layer(
    prediction: Prediction, card: ModelCard, style: OverlayStyle, height: int, width: int
) -> NDArray[np.uint8]:
    """As `Painter.paint`, once: a layer that stays valid."""
    return Painter().paint(prediction, card, style, height, width)


def visible_instances(
    prediction: Prediction, card: ModelCard, style: OverlayStyle
) -> list[Instance]:
    """The instances that are switched on, in the order to paint them: the last ends on top.

    Of more classes than there are inks the least certain are left out.
    """
    level = {class_id: place for place, class_id in enumerate(card.draw_order)}
    shown = [entry for entry in prediction.instances if entry.class_id not in style.hidden]
    rising = sorted(shown, key=lambda entry: entry.score)
    classes = list(dict.fromkeys(entry.class_id for entry in reversed(rising)))[:MOST_CLASSES]
    certain = [entry for entry in rising if entry.class_id in classes]
    return sorted(certain, key=lambda entry: level[entry.class_id])


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
