"""A prediction as a message: numbers in the head, masks as plain bytes behind it."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from app.core.supervision.channel import Head
from lmsfa.prediction import Instance, MaskPlacement, Prediction


def as_message(prediction: Prediction) -> tuple[Head, list[bytes]]:
    """The head and the masks; `from_message` gives an equal prediction back."""
    head = {
        "frame_index": prediction.frame_index,
        "captured_s": prediction.captured_s,
        "activity": prediction.activity,
        "model_id": prediction.model_id,
        "instances": [
            {
                "class_id": int(found.class_id),
                "score": float(found.score),
                "box": [float(side) for side in found.box_xyxy],
                "shape": found.mask.shape,
                "placement": [float(part) for part in astuple(found.placement)],
            }
            for found in prediction.instances
        ],
    }
    return head, [found.mask.tobytes() for found in prediction.instances]


def from_message(head: Head, masks: bytes) -> Prediction:
    """The prediction; its masks cannot be written to."""
    instances, begin = [], 0
    for found in head["instances"]:
        height, width = found["shape"]
        mask = np.ndarray((height, width), np.uint8, masks, begin)
        begin += mask.size
        left, top, right, bottom = found["box"]
        instances.append(
            Instance(
                found["class_id"],
                found["score"],
                (left, top, right, bottom),
                mask,
                MaskPlacement(*found["placement"]),
            )
        )
    return Prediction(
        head["frame_index"],
        head["captured_s"],
        tuple(instances),
        head["activity"],
        head["model_id"],
    )
