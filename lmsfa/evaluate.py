"""COCO mask metrics of weights, through the engine and the masks that the application shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray
from tqdm import tqdm

from lmsfa.data.annotated import AnnotatedSet, DatasetError, Sample, Truth
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

EVALUATION_SCORE_THRESHOLD = 0.001
"""Average precision needs the whole curve, weak answers too."""
MAX_INSTANCES = 100

Annotations = list[dict[str, Any]]
"""As COCO's JSON has them."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: AP at IoU 0.5 and over 0.50:0.95, recall at the common threshold, true instances.

    Figures are 0..1; None where the split holds no instance of the class.
    """

    ap50: float | None
    ap: float | None
    recall: float | None
    instances: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Metrics of a split, 0..1, as COCO defines them.

    Attributes:
        mask_ap50: mean over classes of AP at IoU 0.5.
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
    mask_ap: float | None
    average_recall: float | None
    precision: float | None
    recall: float | None
    score_threshold: float
    per_class: dict[str, ClassFigures]
    images: int
    instances: int

    def without(self, names: Iterable[str]) -> dict[str, float | None]:
        """`mask_ap50` and `mask_ap` over the classes that are not named."""
        left = [figures for name, figures in self.per_class.items() if name not in set(names)]
        return {
            "mask_ap50": _mean([entry.ap50 for entry in left]),
            "mask_ap": _mean([entry.ap for entry in left]),
        }

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def evaluate(engine: Engine, dataset: AnnotatedSet, samples: tuple[Sample, ...]) -> Figures:
    """Judges an engine on annotated pictures.

    Void pixels are taken out of answered and true masks before they are compared.

    Args:
        engine: loaded with `EVALUATION_SCORE_THRESHOLD`; its classes must be the set's.
        dataset: where the truth is read.
        samples: the pictures.

    Raises:
        DatasetError: the engine's classes are not the data set's.
    """
    names = [entry.name for entry in dataset.classes]
    answered_names = [spec.name for spec in engine.card.classes]
    if answered_names != names:
        raise DatasetError(f"the weights know {answered_names}, the data set {names}")
    images, truths, answers = [], [], []
    for number, sample in enumerate(tqdm(samples, "evaluate", leave=False), 1):
        rgb, truth = dataset.annotated(sample)
        height, width = rgb.shape[:2]
        images.append({"id": number, "height": height, "width": width, "file_name": sample.name})
        truths += _true_annotations(number, truth)
        answers += _answered_annotations(number, engine.predict(rgb), truth.void)
    for number, annotation in enumerate(truths, 1):
        annotation["id"] = number
    categories = [{"id": index, "name": name} for index, name in enumerate(names)]
    return _figures(images, truths, answers, categories)


def _true_annotations(image: int, truth: Truth) -> list[dict[str, Any]]:
    return [
        _annotation(image, class_id, truth.mask(number))
        for number, class_id in enumerate(truth.classes, 1)
    ]


def _answered_annotations(
    image: int, prediction: Prediction, void: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    found = []
    for instance in prediction.instances:
        region = instance.region(*void.shape)
        mask = np.zeros(void.shape, dtype=np.bool_)
        mask[region.window] = region.mask
        mask &= ~void
        if mask.any():
            found.append(_annotation(image, instance.class_id, mask) | {"score": instance.score})
    return found


def _annotation(image: int, class_id: int, mask: NDArray[np.bool_]) -> dict[str, Any]:
    coded = run_length.encode(np.asfortranarray(mask.view(np.uint8)))
    return {
        "image_id": image,
        "category_id": class_id,
        "segmentation": coded,
        "area": float(np.count_nonzero(mask)),
        "bbox": [float(part) for part in run_length.toBbox(coded)],
        "iscrowd": 0,
    }


def _figures(
    images: Annotations, truths: Annotations, answers: Annotations, categories: Annotations
) -> Figures:
    counts = [sum(t["category_id"] == entry["id"] for t in truths) for entry in categories]
    precision, recall = _curves(images, truths, answers, categories)
    threshold, precisions, recalls = _best_f1(_hits(images, truths, answers, categories), counts)
    per_class = {
        entry["name"]: ClassFigures(
            _curve_mean(precision[:1, :, index], count),
            _curve_mean(precision[:, :, index], count),
            recalls[index] if count else None,
            count,
        )
        for index, (entry, count) in enumerate(zip(categories, counts, strict=True))
    }
    present = [index for index, count in enumerate(counts) if count]
    return Figures(
        _mean([entry.ap50 for entry in per_class.values()]),
        _mean([entry.ap for entry in per_class.values()]),
        _mean([float(recall[:, index].mean()) for index in present]),
        _mean([precisions[index] for index in present]),
        _mean([recalls[index] for index in present]),
        threshold,
        per_class,
        len(images),
        len(truths),
    )


def _curves(
    images: Annotations, truths: Annotations, answers: Annotations, categories: Annotations
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (IoUs, recalls, classes) and recall (IoUs, classes); no answer is 0."""
    shape = (10, 101, len(categories))
    if not truths or not answers:
        return np.zeros(shape), np.zeros((shape[0], shape[2]))
    judge = _judge(images, truths, answers, categories)
    judge.evaluate()
    judge.accumulate()
    precision = np.asarray(judge.eval["precision"])[:, :, :, 0, -1].clip(min=0)
    recall = np.asarray(judge.eval["recall"])[:, :, 0, -1].clip(min=0)
    return precision, recall


def _judge(
    images: Annotations, truths: Annotations, answers: Annotations, categories: Annotations
) -> COCOeval_faster:
    truth = COCO({"images": images, "annotations": truths, "categories": categories})
    judge = COCOeval_faster(truth, truth.loadRes(answers), "segm", print_function=lambda *_: None)
    judge.params.maxDets = [1, 10, MAX_INSTANCES]
    return judge


def _hits(
    images: Annotations, truths: Annotations, answers: Annotations, categories: Annotations
) -> list[NDArray[np.float64]]:
    """For each class (answers, 2): score, and 1 where the answer is right at IoU 0.5, else 0."""
    right = np.zeros(len(answers))
    if truths and answers:
        judge = _judge(images, truths, answers, categories)
        judge.params.iouThrs = np.array([0.5])
        judge.params.areaRng, judge.params.areaRngLbl = judge.params.areaRng[:1], ["all"]
        judge.evaluate()
        judge.accumulate()
        # Keys are "answer_truth"; loading numbered the answers from 1 in their order.
        numbers = [int(pair.split("_")[0]) - 1 for pair in judge.eval["matched"]]
        right[numbers] = 1
    scores = np.array([answer["score"] for answer in answers])
    class_ids = np.array([answer["category_id"] for answer in answers])
    both = np.stack([scores, right], 1)
    return [both[class_ids == entry["id"]] for entry in categories]


def _best_f1(
    hits: list[NDArray[np.float64]], counts: list[int]
) -> tuple[float, list[float], list[float]]:
    """The score with the best mean F1 at IoU 0.5, and each class's precision and recall there.

    These count answers. COCO's curves would flatter: their precision at a recall is the best one
    at that recall or any higher.
    """
    best: tuple[float, float, list[float], list[float]] = (-1.0, 0.0, [], [])
    for threshold in np.arange(0.01, 1.0, 0.01):
        kept = [found[found[:, 0] >= threshold, 1] for found in hits]
        right = np.array([found.sum() for found in kept])
        precisions = right / np.maximum([found.size for found in kept], 1)
        recalls = right / np.maximum(counts, 1)
        f1 = 2 * precisions * recalls / np.maximum(precisions + recalls, 1e-9)
        present = np.array(counts) > 0
        mean = float(f1[present].mean()) if present.any() else 0.0
        if mean > best[0]:
            best = (mean, round(float(threshold), 2), precisions.tolist(), recalls.tolist())
    return best[1:]


def _curve_mean(curve: NDArray[np.float64], count: int) -> float | None:
    return float(curve.mean()) if count else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
