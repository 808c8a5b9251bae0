"""A prediction as a message: numbers in the head, masks as plain bytes behind it."""

from __future__ import annotations

from dataclasses import astuple
from itertools import accumulate

import numpy as np

from app.core.supervision.channel import GarbledError, Head
from lmsfa.prediction import Instance, MaskPlacement, Prediction


def as_message(prediction: Prediction) -> tuple[Head, list[bytes]]:
    """The head and the masks; `from_message` gives an equal prediction back."""
    head = {
        "frame_index": prediction.frame_index,
        "captured_s": prediction.captured_s,
        "activity": prediction.activity,
        "activity_score": prediction.activity_score,
        "model_id": prediction.model_id,
        "unlikeness": prediction.unlikeness,
        "instances": [_as_head(found) for found in prediction.instances],
        "candidates": [_as_head(found) for found in prediction.candidates],
    }
    found = (*prediction.instances, *prediction.candidates)
    return head, [instance.mask.tobytes() for instance in found]


def from_message(head: Head, masks: bytes) -> Prediction:
    """The prediction; its masks cannot be written to.

    Raises:
        GarbledError: this is no answer of `as_message`.
    """
    try:
        return _prediction(head, masks)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise GarbledError(f"an answer that is none ({type(error).__name__}: {error})") from None


def _prediction(head: Head, masks: bytes) -> Prediction:
    told = [*head["instances"], *head["candidates"]]
    sizes = [height * width for height, width in (instance["shape"] for instance in told)]
    found = [
        _from_head(instance, masks, begin)
        for instance, begin in zip(told, accumulate([0, *sizes]), strict=False)
    ]
    shown = len(head["instances"])
    return Prediction(
        head["frame_index"],
        head["captured_s"],
        tuple(found[:shown]),
        head["activity"],
        head["model_id"],
        tuple(found[shown:]),
        head["activity_score"],
        head["unlikeness"],
    )


def _as_head(found: Instance) -> Head:
    return {
        "class_id": int(found.class_id),
        "score": float(found.score),
        "box": [float(side) for side in found.box_xyxy],
        "shape": found.mask.shape,
        "placement": [float(part) for part in astuple(found.placement)],
    }


def _from_head(told: Head, masks: bytes, begin: int) -> Instance:
    left, top, right, bottom = told["box"]
    return Instance(
        told["class_id"],
        told["score"],
        (left, top, right, bottom),
        np.ndarray(tuple(told["shape"]), np.uint8, masks, begin),
        MaskPlacement(*told["placement"]),
    )
