"""A made answer with as many structures as are asked for. Nobody's tissue: for timing only."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.mask_filters import FILTER_UNITS, filter_numbers
from lmsfa.postprocess import MASK_STRIDE, Floats, RawAnswer
from lmsfa.registry import SEMANTIC_SYSTEMS

PROTOTYPES = 32
FEATURES = 16
"""That filters read."""
STRIDES_PX = (8, 16, 32)
"""Of the levels; a cell of each answers one detection."""
CANDIDATES = 8
"""Detections over the threshold a structure, as neighbouring cells give; one survives."""
BOX_SHARE = 0.9
"""Of a structure's part of the frame, each way: neighbours do not touch."""
STEEPNESS = 8.0
"""Logit in the middle of a mask."""


def made_tensors(place: Letterbox, card: ModelCard, structures: int) -> tuple[Floats, Floats]:
    """What a network of the card's kind answers of ellipses side by side.

    Args:
        place: how the frame lies on the input.
        card: of the network.
        structures: how many.

    Returns:
        The two tensors that `semantic_answer.raw_answer` takes.
    """
    if card.system in SEMANTIC_SYSTEMS:
        return _made_maps(place, card, structures)
    answer = made_answer(place, card, structures)
    return answer.detections, answer.prototypes


def _made_maps(place: Letterbox, card: ModelCard, structures: int) -> tuple[Floats, Floats]:
    """(classes + activities, 1) and (S / 4, S / 4, classes), as a semantic network's."""
    # Cells that touch are of one region: between two ellipses lies a row of cells that is of none.
    inset = MASK_STRIDE / 2 * np.array([1, 1, -1, -1], dtype=np.float32)
    boxes = _boxes(place, structures) + inset
    shapes = _coefficients(boxes, place.size_px)
    grid = _prototypes(place.size_px, shapes.shape[1])
    classes, activities = len(card.classes), len(card.activities)
    maps = np.zeros((*grid.shape[:2], classes), dtype=np.float32)
    for number, shape in enumerate(shapes):
        layer = maps[..., number % classes]
        probability = 1 / (1 + np.exp(-np.clip(grid @ shape, -30, 30)))
        np.maximum(layer, probability, out=layer)
    rows = [*maps.max((0, 1)), *[1 / activities] * activities] if activities else maps.max((0, 1))
    return np.array(rows, dtype=np.float32)[:, None], maps


def made_answer(place: Letterbox, card: ModelCard, structures: int) -> RawAnswer:
    """Ellipses side by side that fill the frame, however many: more of them are smaller.

    Args:
        place: how the frame lies on the input.
        card: of the network; the structures take its classes in turns.
        structures: how many.

    Returns:
        An answer of the size that a network's has, the scores of all others 0.
    """
    size, classes, filters = place.size_px, len(card.classes), card.has_filters
    cells = sum((size // stride) ** 2 for stride in STRIDES_PX)
    rows = max(cells, structures)
    prototypes = _prototypes(size, FEATURES if filters else PROTOTYPES)
    numbers = filter_numbers(FEATURES) if filters else PROTOTYPES
    detections = np.zeros((rows, 4 + classes + numbers), dtype=np.float32)
    boxes = _boxes(place, structures)
    shapes = _coefficients(boxes, size)
    for turn in range(min(CANDIDATES, rows // structures)):
        part = slice(turn * structures, (turn + 1) * structures)
        # The first is the best; the others lie a little beside it.
        detections[part, :4] = boxes + turn * 0.01 * (boxes[:, 2:] - boxes[:, :2]).mean()
        detections[np.arange(part.start, part.stop), 4 + np.arange(structures) % classes] = (
            0.99 if turn == 0 else 0.97
        )
        masks = detections[part, 4 + classes :]
        if filters:
            _fill_filters(masks, shapes)
        else:
            masks[:, : shapes.shape[1]] = shapes
    return RawAnswer(detections, prototypes)


def _fill_filters(numbers: Floats, shapes: Floats) -> None:
    """Two hidden units answer a logit and its opposite; their difference is the logit."""
    width, terms = FEATURES + 2, shapes.shape[1]
    numbers[:, :terms], numbers[:, width : width + terms] = shapes, -shapes
    second = FILTER_UNITS * (width + 1)
    numbers[:, second : second + 2] = 1, -1


def _boxes(place: Letterbox, structures: int) -> NDArray[np.float32]:
    """(structures, 4) left, top, right, bottom on the input, inside the frame's part of it."""
    columns = ceil(structures**0.5)
    lines = ceil(structures / columns)
    column, line = np.arange(structures) % columns, np.arange(structures) // columns
    middle = np.column_stack(
        [
            place.left_px + (column + 0.5) * place.width_px / columns,
            place.top_px + (line + 0.5) * place.height_px / lines,
        ]
    )
    half = BOX_SHARE / 2 * np.array([place.width_px / columns, place.height_px / lines])
    return np.hstack([middle - half, middle + half]).astype(np.float32)


def _prototypes(size_px: int, count: int) -> NDArray[np.float32]:
    """1, x, y, x², y² over the grid, x and y from 0 to 1, then zeros: their sums are ellipses."""
    side = size_px // MASK_STRIDE
    y, x = (np.indices((side, side), dtype=np.float32) + 0.5) / side
    prototypes = np.zeros((side, side, count), dtype=np.float32)
    prototypes[..., :5] = np.stack([np.ones_like(x), x, y, x * x, y * y], axis=-1)
    return prototypes


def _coefficients(boxes: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """(structures, 5): `STEEPNESS` in the box's middle, 0 on the ellipse that fits into it."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / (2 * size_px)
    bend = (2 * size_px / (boxes[:, 2:] - boxes[:, :2])) ** 2
    constant = 1 - (bend * middle**2).sum(1, keepdims=True)
    parts = np.hstack([constant, 2 * bend * middle, -bend])
    return np.asarray(STEEPNESS * parts, dtype=np.float32)
