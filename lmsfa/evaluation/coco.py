"""COCO's mask metrics, through the engine and the masks that the application shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.evaluation.answers import Answers, CodedMask, gather
from lmsfa.evaluation.matching import MAX_ANSWERS, ClassMatches, match
from lmsfa.registry import Engine


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: AP, recall and precision at the common threshold, true instances.

    Figures are 0..1; None where the split holds no instance of the class.
    """

    ap50: float | None
    ap75: float | None
    ap: float | None
    average_recall: float | None
    recall: float | None
    precision: float | None
    instances: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Metrics of a split, 0..1, as COCO defines them.

    Attributes:
        mask_ap50: mean over classes of AP at IoU 0.5.
        mask_ap75: mean over classes of AP at IoU 0.75.
        mask_ap: mean over classes of AP over IoU 0.50:0.95.
        average_recall: AR with at most 100 answers a picture.
        precision: mean over classes at IoU 0.5 and `score_threshold`.
        recall: the same.
        score_threshold: the score that maximises the mean F1 at IoU 0.5, on these pictures.
        per_class: by class name.
        images: pictures judged.
        instances: true instances in them.
    """

    mask_ap50: float | None
    mask_ap75: float | None
    mask_ap: float | None
    average_recall: float | None
    precision: float | None
    recall: float | None
    score_threshold: float
    per_class: dict[str, ClassFigures]
    images: int
    instances: int

    def without(self, names: Iterable[str]) -> dict[str, float | None]:
        """The means over the classes that are not named."""
        left = [entry for name, entry in self.per_class.items() if name not in set(names)]
        return {
            "mask_ap50": mean([entry.ap50 for entry in left]),
            "mask_ap75": mean([entry.ap75 for entry in left]),
            "mask_ap": mean([entry.ap for entry in left]),
            "average_recall": mean([entry.average_recall for entry in left]),
            "precision": mean([entry.precision for entry in left]),
            "recall": mean([entry.recall for entry in left]),
        }

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def evaluate(engine: Engine, dataset: AnnotatedSet, samples: Sequence[Sample]) -> Figures:
    """Judges an engine on annotated pictures. Arguments and errors as `gather`."""
    return judge(gather(engine, dataset, samples))


def judge(answers: Answers, score_threshold: float | None = None) -> Figures:
    """COCO's figures of answers.

    Args:
        answers: from the lowest score on.
        score_threshold: count precision and recall there, instead of at the best mean F1.
    """
    matches = match(answers)
    counts = [entry.truths for entry in matches]
    precision, recall = _curves(answers)
    threshold = best_common_threshold(matches) if score_threshold is None else score_threshold
    per_class = {}
    for index, (name, found) in enumerate(zip(answers.classes, matches, strict=True)):
        at = found.at(threshold)
        per_class[name] = ClassFigures(
            _curve_mean(precision[:1, :, index], counts[index]),
            _curve_mean(precision[5:6, :, index], counts[index]),
            _curve_mean(precision[:, :, index], counts[index]),
            _curve_mean(recall[:, index], counts[index]),
            at.recall if found.truths else None,
            at.precision if found.truths else None,
            found.truths,
        )
    rows = list(per_class.values())
    return Figures(
        mean([row.ap50 for row in rows]),
        mean([row.ap75 for row in rows]),
        mean([row.ap for row in rows]),
        mean([row.average_recall for row in rows]),
        mean([row.precision for row in rows]),
        mean([row.recall for row in rows]),
        threshold,
        per_class,
        len(answers.frames),
        answers.instances,
    )


def best_common_threshold(matches: Sequence[ClassMatches]) -> float:
    """The score, in hundredths, with the best mean F1 at IoU 0.5 of the classes that are there.

    It counts answers. COCO's curves would flatter: their precision at a recall is the best one at
    that recall or any higher.
    """
    grid = np.arange(0.01, 1.0, 0.01)
    there = [found for found in matches if found.truths]
    if not there:
        return 0.01
    f1 = [np.mean([found.at(float(score)).f1 for found in there]) for score in grid]
    return round(float(grid[int(np.argmax(f1))]), 2)


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _curves(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (IoUs, recalls, classes) and recall (IoUs, classes); no answer is 0."""
    shape = (10, 101, len(answers.classes))
    truths = [_annotation(n, m) for n, f in enumerate(answers.frames, 1) for m in f.truths]
    found = [
        _annotation(n, m) | {"score": m.score}
        for n, f in enumerate(answers.frames, 1)
        for m in f.answers
    ]
    if not truths or not found:
        return np.zeros(shape), np.zeros((shape[0], shape[2]))
    for number, annotation in enumerate(truths, 1):
        annotation["id"] = number
    images = [
        {"id": number, "height": frame.height, "width": frame.width, "file_name": frame.name}
        for number, frame in enumerate(answers.frames, 1)
    ]
    categories = [{"id": index, "name": name} for index, name in enumerate(answers.classes)]
    truth = COCO({"images": images, "annotations": truths, "categories": categories})
    judge = COCOeval_faster(truth, truth.loadRes(found), "segm", print_function=lambda *_: None)
    judge.params.maxDets = [1, 10, MAX_ANSWERS]
    judge.evaluate()
    judge.accumulate()
    precision = np.asarray(judge.eval["precision"])[:, :, :, 0, -1].clip(min=0)
    recall = np.asarray(judge.eval["recall"])[:, :, 0, -1].clip(min=0)
    return precision, recall


def _annotation(image: int, entry: CodedMask) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": entry.class_id,
        "segmentation": entry.mask,
        "area": float(entry.area_px),
        "bbox": [float(part) for part in run_length.toBbox(entry.mask)],
        "iscrowd": 0,
    }


def _curve_mean(curve: NDArray[np.float64], count: int) -> float | None:
    return float(curve.mean()) if count else None
