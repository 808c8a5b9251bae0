"""Paints a prediction as a transparent layer, and lays layers over pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard
from lmsfa.outline import draw_outline
from lmsfa.prediction import Instance, Prediction, Region

MOST_INSTANCES = 255
"""The instance map has eight bits; of more instances the least certain are left out."""
FILL_SHARE_WITH_OUTLINE = 0.4
"""In BOTH mode the fill steps back, so that tissue and outline stay visible."""


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
    """

    opacity: float = 0.8
    mode: OverlayMode = OverlayMode.OUTLINE
    hidden: frozenset[int] = field(default_factory=frozenset)

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


def paint_layer(
    prediction: Prediction, card: ModelCard, style: OverlayStyle, height: int, width: int
) -> NDArray[np.uint8]:
    """Paints the structures that are switched on, the card's most important one on top.

    Args:
        prediction: what the model answered.
        card: the card of the model that answered: colours and order.
        style: how to draw.
        height: height of the frame, pixels.
        width: width of the frame, pixels.

    Returns:
        (height, width, 4) uint8 RGBA, colours multiplied by alpha; 0 everywhere but on structures.
    """
    instances = visible_instances(prediction, card, style)
    regions = [instance.region(height, width) for instance in instances]
    colours = [card.classes[instance.class_id].colour for instance in instances]
    table = _table([premultiplied(colour, style.fill_opacity) for colour in colours])
    layer = np.take(table, _instance_map(regions, height, width), mode="clip")
    rgba = layer.view(np.uint8).reshape(height, width, 4)
    if style.outline_opacity > 0:
        for number, (instance, region) in enumerate(zip(instances, regions, strict=True), start=1):
            # What lies on top also covers the outlines below it.
            np.copyto(layer[region.window], table[number], where=region.mask)
            ink = premultiplied(colours[number - 1], style.outline_opacity)
            draw_outline(rgba, instance, ink)
    return rgba


def visible_instances(
    prediction: Prediction, card: ModelCard, style: OverlayStyle
) -> list[Instance]:
    """The instances that are switched on, in the order to paint them: the last ends on top."""
    level = {class_id: place for place, class_id in enumerate(card.draw_order)}
    shown = [entry for entry in prediction.instances if entry.class_id not in style.hidden]
    certain = sorted(shown, key=lambda entry: entry.score)[-MOST_INSTANCES:]
    return sorted(certain, key=lambda entry: level[entry.class_id])


def blend(frame_rgb: NDArray[np.uint8], layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lays a layer over a frame; where the layer's alpha is 0 the frame stays as it is, bit by bit.

    Args:
        frame_rgb: (H, W, 3) uint8 RGB.
        layer: (H, W, 4) uint8 RGBA, colours multiplied by alpha.

    Returns:
        (H, W, 3) uint8 RGB, a new array.
    """
    blended = frame_rgb.copy()
    rows, columns = np.nonzero(layer[..., 3])
    over = layer[rows, columns].astype(np.uint16)
    below = frame_rgb[rows, columns] * (255 - over[:, 3:])
    blended[rows, columns] = over[:, :3] + (below + 127) // 255
    return blended


def premultiplied(colour: Colour, opacity: float) -> tuple[int, int, int, int]:
    """RGB 0..255 and opacity 0..1 -> RGBA 0..255 with the colour multiplied by alpha."""
    red, green, blue = (round(part * opacity) for part in colour)
    return red, green, blue, round(255 * opacity)


def _table(inks: list[tuple[int, int, int, int]]) -> NDArray[np.uint32]:
    """One 32-bit RGBA value for each number of the instance map; number 0 is transparent.

    One value a pixel instead of four bytes makes the look-up ten times faster.
    """
    rows = np.array([(0, 0, 0, 0), *inks], dtype=np.uint8)
    return np.ascontiguousarray(rows).view(np.uint32).reshape(-1)


def _instance_map(regions: list[Region], height: int, width: int) -> NDArray[np.uint8]:
    """(height, width) uint8: 0 where nothing is, else 1 + the place of the topmost region."""
    numbers = np.zeros((height, width), dtype=np.uint8)
    for number, region in enumerate(regions, start=1):
        np.copyto(numbers[region.window], np.uint8(number), where=region.mask)
    return numbers
