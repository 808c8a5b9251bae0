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

from lmsfa.data.label_map import DatasetError, LabelMapDataset, Sample, Truth, read_rgb
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

EVALUATION_SCORE_THRESHOLD = 0.001
"""Average precision needs the whole curve, weak answers too."""
MAX_INSTANCES = 100


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


def evaluate(engine: Engine, dataset: LabelMapDataset, samples: tuple[Sample, ...]) -> Figures:
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
        rgb, truth = read_rgb(sample.frame_path), dataset.truth(sample)
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
        _annotation(image, class_id, truth.instances == number)
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
    images: list[dict[str, Any]],
    truths: list[dict[str, Any]],
    answers: list[dict[str, Any]],
    categories: list[dict[str, Any]],
) -> Figures:
    counts = [sum(t["category_id"] == entry["id"] for t in truths) for entry in categories]
    precision, scores, recall = _curves(images, truths, answers, categories)
    threshold, precisions, recalls = _best_f1(precision[0], scores[0], counts)
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
    images: list[dict[str, Any]],
    truths: list[dict[str, Any]],
    answers: list[dict[str, Any]],
    categories: list[dict[str, Any]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision and score (IoUs, recalls, classes), recall (IoUs, classes); no answer is 0."""
    shape = (10, 101, len(categories))
    if not truths or not answers:
        return np.zeros(shape), np.zeros(shape), np.zeros((shape[0], shape[2]))
    truth = COCO({"images": images, "annotations": truths, "categories": categories})
    judge = COCOeval_faster(truth, truth.loadRes(answers), "segm", print_function=lambda *_: None)
    judge.params.maxDets = [1, 10, MAX_INSTANCES]
    judge.evaluate()
    judge.accumulate()
    precision = np.asarray(judge.eval["precision"])[:, :, :, 0, -1].clip(min=0)
    scores = np.asarray(judge.eval["scores"])[:, :, :, 0, -1].clip(min=0)
    recall = np.asarray(judge.eval["recall"])[:, :, 0, -1].clip(min=0)
    return precision, scores, recall


def _best_f1(
    precision: NDArray[np.float64], scores: NDArray[np.float64], counts: list[int]
) -> tuple[float, list[float], list[float]]:
    """The score with the best mean F1 on (recalls, classes) curves at IoU 0.5, what it gives."""
    recall_grid = np.linspace(0, 1, precision.shape[0])
    present = np.array(counts) > 0
    best: tuple[float, float, list[float], list[float]] = (-1.0, 0.0, [], [])
    for threshold in np.arange(0.01, 1.0, 0.01):
        reached = scores >= threshold
        last = np.where(reached.any(0), reached.shape[0] - 1 - reached[::-1].argmax(0), -1)
        found = last >= 0
        recalls = np.where(found, recall_grid[last], 0.0)
        precisions = np.where(found, precision[last, np.arange(len(counts))], 0.0)
        f1 = 2 * precisions * recalls / np.maximum(precisions + recalls, 1e-9)
        mean = float(f1[present].mean()) if present.any() else 0.0
        if mean > best[0]:
            best = (mean, round(float(threshold), 2), precisions.tolist(), recalls.tolist())
    return best[1:]


def _curve_mean(curve: NDArray[np.float64], count: int) -> float | None:
    return float(curve.mean()) if count else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
