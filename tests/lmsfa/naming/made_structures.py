"""Rectangular structures with coarse masks, as a model would answer them."""

import numpy as np

from lmsfa.card import ClassSpec, ModelCard
from lmsfa.prediction import Instance, MaskPlacement, Prediction

TISSUE, NERVE, LIGAMENT, TOOL = range(4)
CARD = ModelCard(
    system="test",
    name="named",
    classes=(
        ClassSpec("tissue", (200, 90, 40)),
        ClassSpec("nerve", (255, 236, 110), "protected"),
        ClassSpec("ligamentum flavum", (0, 200, 255)),
        ClassSpec("tool", (120, 60, 200), "instrument"),
    ),
    draw_priority=("tissue", "ligamentum flavum", "tool", "nerve"),
    input_size_px=64,
    input_multiple_px=32,
    score_threshold=0.3,
    nms_iou=0.5,
    training_domain="test",
)
HEIGHT, WIDTH = 360, 480
CELL_PX = 5


def box(left, top, width, height, class_id, *, track=None, score=0.87):
    """An instance that covers exactly this rectangle of the frame, pixels, in fives."""
    mask = np.full((height // CELL_PX, width // CELL_PX), 255, np.uint8)
    placement = MaskPlacement(left, top, CELL_PX, CELL_PX)
    edges = (left, top, left + width, top + height)
    return Instance(class_id, score, tuple(map(float, edges)), mask, placement, track)


def answer(*instances):
    return Prediction(0, 0.0, tuple(instances), None, "test")


def layer(height=HEIGHT, width=WIDTH):
    """An empty one."""
    return np.zeros((height, width, 4), np.uint8)
