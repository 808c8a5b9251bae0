"""Which answer is right: COCO's greedy matching, once a picture, so that resamples cost nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray

from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask

IOUS = np.linspace(0.5, 0.95, 10)
"""COCO's."""
MAX_ANSWERS = 100
"""COCO's limit of answers a picture and class."""


@dataclass(frozen=True, slots=True)
class Point:
    """A class at one score threshold and IoU 0.5: counts and their ratios, 0..1."""

    right: int
    answers: int
    truths: int

    @property
    def precision(self) -> float:
        """Right ones among the answers; 0 without answers."""
        return self.right / max(self.answers, 1)

    @property
    def recall(self) -> float:
        """Found ones among the true instances; 0 where there are none."""
        return self.right / max(self.truths, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / max(self.answers + self.truths, 1)


@dataclass(frozen=True, slots=True)
class ClassMatches:
    """All answers of one class, highest score first.

    Attributes:
        scores: (N,) float64, 0..1.
        frames: (N,) the index of the frame that was answered.
        right: (10, N) bool, whether the answer is a true instance's at each of `IOUS`.
        truths_in: (frames,) true instances of the class in each frame.
    """

    scores: NDArray[np.float64]
    frames: NDArray[np.intp]
    right: NDArray[np.bool_]
    truths_in: NDArray[np.intp]

    @property
    def truths(self) -> int:
        """True instances in all frames."""
        return int(self.truths_in.sum())

    def at(self, threshold: float) -> Point:
        """Counts of the answers from a score on, at IoU 0.5."""
        kept = self.scores >= threshold
        return Point(int(self.right[0, kept].sum()), int(kept.sum()), self.truths)


def match(answers: Answers) -> tuple[ClassMatches, ...]:
    """Matches answers with true instances, class by class."""
    return tuple(_class_matches(answers, class_id) for class_id in range(len(answers.classes)))


def _class_matches(answers: Answers, class_id: int) -> ClassMatches:
    scores, frames, right = [np.zeros(0)], [np.zeros(0, np.intp)], [np.zeros((10, 0), np.bool_)]
    counts = np.zeros(len(answers.frames), dtype=np.intp)
    for number, frame in enumerate(answers.frames):
        truths = [entry for entry in frame.truths if entry.class_id == class_id]
        counts[number] = len(truths)
        found = _strongest(frame, class_id)
        scores.append(np.array([entry.score for entry in found], dtype=np.float64))
        frames.append(np.full(len(found), number, dtype=np.intp))
        right.append(_right(found, truths))
    joined = np.concatenate(scores)
    # Stable, as COCO's: of equal scores the earlier picture's comes first.
    order = np.argsort(-joined, kind="stable")
    return ClassMatches(
        joined[order], np.concatenate(frames)[order], np.concatenate(right, 1)[:, order], counts
    )


def _strongest(frame: AnsweredFrame, class_id: int) -> list[CodedMask]:
    found = [entry for entry in frame.answers if entry.class_id == class_id]
    return sorted(found, key=lambda entry: -entry.score)[:MAX_ANSWERS]


def _right(found: list[CodedMask], truths: list[CodedMask]) -> NDArray[np.bool_]:
    """(10, answers): each answer in turn takes the free true instance that it overlaps most."""
    right = np.zeros((len(IOUS), len(found)), dtype=np.bool_)
    if not found or not truths:
        return right
    ious = np.asarray(
        run_length.iou([e.mask for e in found], [e.mask for e in truths], [0] * len(truths))
    )
    for level, needed in enumerate(IOUS):
        free = np.ones(len(truths), dtype=np.bool_)
        for number, row in enumerate(ious):
            open_ious = np.where(free, row, -1.0)
            # Of equal overlaps COCO takes the last.
            best = len(truths) - 1 - int(np.argmax(open_ious[::-1]))
            if open_ious[best] >= needed:
                free[best] = False
                right[level, number] = True
    return right
