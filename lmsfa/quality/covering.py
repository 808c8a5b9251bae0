"""How much of the field of view instruments cover, by a model's own answer."""

from __future__ import annotations

import numpy as np

from lmsfa.card import ModelCard
from lmsfa.prediction import MASK_CUT, Prediction
from lmsfa.quality.field import Field


def covered_share(
    prediction: Prediction, card: ModelCard, frame_px: int, field: Field | None
) -> float:
    """The instruments' share of the field of view, 0..1; 0 for cards that name no instrument.

    Args:
        prediction: the answer.
        card: of the model that answered.
        frame_px: pixels of the frame.
        field: the field of view; None: all of the frame.
    """
    covered_px = 0.0
    for found in prediction.instances:
        if card.classes[found.class_id].role == "instrument":
            cell_px = found.placement.cell_width_px * found.placement.cell_height_px
            covered_px += np.count_nonzero(found.mask >= MASK_CUT) * cell_px
    field_px = frame_px if field is None else field.area_px
    return min(1.0, covered_px / field_px) if field_px else 0.0
