"""Which class was taken for which."""

from __future__ import annotations

import numpy as np
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray

from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask

SAME_IOU = 0.5
"""From here on an answer lies on a true instance."""


def confusion(shown: Answers) -> NDArray[np.intp]:
    """Counts instances at IoU 0.5.

    Right classes are paired first, the surest answer before all, as recall counts them; what is
    left is paired by overlap, whatever the class.

    Args:
        shown: answers cut at the thresholds that they are shown with.

    Returns:
        (classes + 1, classes + 1): true class (rows) and answered class (columns); the last row
        holds answers on no true instance, the last column missed instances.
    """
    classes = len(shown.classes)
    counts = np.zeros((classes + 1, classes + 1), dtype=np.intp)
    for frame in shown.frames:
        pairs = _pairs(frame)
        for truth, answer in pairs.items():
            counts[frame.truths[truth].class_id, frame.answers[answer].class_id] += 1
        for number, entry in enumerate(frame.truths):
            counts[entry.class_id, classes] += number not in pairs
        for number, entry in enumerate(frame.answers):
            counts[classes, entry.class_id] += number not in pairs.values()
    return counts


def overlaps(answers: tuple[CodedMask, ...], truths: tuple[CodedMask, ...]) -> NDArray[np.float64]:
    """(answers, truths) IoU of every pair, 0..1."""
    if not answers or not truths:
        return np.zeros((len(answers), len(truths)))
    masks = ([entry.mask for entry in group] for group in (answers, truths))
    return np.asarray(run_length.iou(*masks, [0] * len(truths)), dtype=np.float64)


def _pairs(frame: AnsweredFrame) -> dict[int, int]:
    """Number of a true instance -> number of the answer on it."""
    ious = overlaps(frame.answers, frame.truths)
    same = np.array(
        [[a.class_id == t.class_id for t in frame.truths] for a in frame.answers], dtype=np.bool_
    ).reshape(ious.shape)
    pairs: dict[int, int] = {}
    for answer in sorted(range(len(frame.answers)), key=lambda n: -frame.answers[n].score):
        free = np.where(same[answer], ious[answer], 0.0)
        free[list(pairs)] = 0
        if free.size and free.max() >= SAME_IOU:
            pairs[int(free.argmax())] = answer
    for place in np.argsort(-ious, axis=None, kind="stable"):
        answer, truth = divmod(int(place), len(frame.truths))
        if ious[answer, truth] < SAME_IOU:
            break
        if truth not in pairs and answer not in pairs.values():
            pairs[truth] = answer
    return pairs
