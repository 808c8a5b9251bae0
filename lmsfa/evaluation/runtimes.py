"""How runtimes differ on real pictures: the masks that a person sees, and AP50."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lmsfa.backends.agreement import matched_overlaps
from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.evaluation.answers import answers_of
from lmsfa.evaluation.coco import judge
from lmsfa.prediction import Prediction
from lmsfa.registry import load_engine

REFERENCE = "torch-cpu"
"""The plain network in float32, as it was trained."""
MATCHED_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """A runtime beside the plain network.

    Attributes:
        runtime: a key of `RUNTIMES`.
        instances: what the plain network shows on all pictures.
        matched: how many of them the runtime shows too.
        median_iou: mask IoU of those, 0..1.
        low_iou: only one in twenty of them has less.
        ap50: of the runtime, 0..1; None where the pictures have no truth to find.
    """

    runtime: str
    instances: int
    matched: int
    median_iou: float
    low_iou: float
    ap50: float | None


def differences(
    weights: Path, runtimes: Sequence[str], dataset: AnnotatedSet, samples: Sequence[Sample]
) -> list[Difference]:
    """Compares runtimes with the plain network on annotated pictures, at the card's thresholds.

    Raises:
        InputError: a runtime cannot load the weights, or they know other classes.
    """
    frames = [dataset.annotated(sample)[0] for sample in samples]

    def shown(runtime: str) -> list[Prediction]:
        with closing(load_engine(weights, runtime)) as engine:
            return [engine.predict(frame) for frame in frames]

    expected = shown(REFERENCE)
    found = []
    for runtime in runtimes:
        overlaps = [
            overlap
            for frame, one, other in zip(frames, expected, shown(runtime), strict=True)
            for overlap in matched_overlaps(
                one.instances, other.instances, (frame.shape[0], frame.shape[1])
            )
        ]
        matched = [overlap for overlap in overlaps if overlap >= MATCHED_IOU]
        low, median = np.percentile(matched, [5, 50]) if matched else (0.0, 0.0)
        ap50 = judge(answers_of(weights, runtime, dataset, samples)).mask_ap50
        found.append(
            Difference(runtime, len(overlaps), len(matched), float(median), float(low), ap50)
        )
    return found
