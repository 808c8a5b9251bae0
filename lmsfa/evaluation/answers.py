"""A model's answers beside the truth, gathered once; every figure is made from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from faster_coco_eval.core import mask as run_length
from numpy.typing import NDArray
from tqdm import tqdm

from lmsfa.card import CardError, ModelCard, card_path, read_card
from lmsfa.cropping import predict_picture_within
from lmsfa.data.activities import Activities
from lmsfa.data.annotated import AnnotatedSet, DatasetError, Sample, Truth
from lmsfa.postprocess import calibrated
from lmsfa.prediction import Instance
from lmsfa.registry import Engine, EngineError, load_engine

EVALUATION_SCORE_THRESHOLD = 0.001
"""Average precision needs the whole curve, weak answers too. A raw score, before calibration."""

RunLength = dict[str, Any]
"""A mask in COCO's run-length code: `size` and `counts`."""


@dataclass(frozen=True, slots=True)
class CodedMask:
    """One instance: class id, its pixels, how many, and its score 0..1 (1 for a true one)."""

    class_id: int
    mask: RunLength
    area_px: int
    score: float = 1.0

    @staticmethod
    def of(class_id: int, mask: NDArray[np.bool_], score: float = 1.0) -> CodedMask:
        """Codes an (H, W) mask."""
        coded = run_length.encode(np.asfortranarray(mask.view(np.uint8)))
        return CodedMask(class_id, coded, int(np.count_nonzero(mask)), score)

    def shared_by(self, other: CodedMask) -> float:
        """Share of the smaller one's pixels that lie in both, 0..1."""
        # As beside a crowd: pixels in both over those of the first.
        (shared,) = run_length.iou([self.mask], [other.mask], [1]).ravel() * self.area_px
        return float(shared) / max(1, min(self.area_px, other.area_px))

    def decoded(self) -> NDArray[np.bool_]:
        """The mask, (H, W) bool."""
        return np.asarray(run_length.decode(self.mask), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class AnsweredFrame:
    """One annotated frame with its answers.

    Attributes:
        name: the sample's.
        group: the sample's: its folder, a sequence or a patient.
        height: pixels.
        width: pixels.
        truths: true instances.
        answers: answered instances without their pixels on void, highest score first; those that
            lay on void alone are not here.
        answers_on_all: the same with void, in the same order; all of them.
        void: pixels that nobody labelled.
        activity: what the model says is being done; None where it tells none.
        true_activity: what is being done; None where nobody said.
    """

    name: str
    group: str
    height: int
    width: int
    truths: tuple[CodedMask, ...]
    answers: tuple[CodedMask, ...]
    answers_on_all: tuple[CodedMask, ...]
    void: CodedMask
    activity: str | None = None
    true_activity: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """A model's answers on a set of frames.

    Attributes:
        classes: class names, in the order of class ids.
        draw_order: class ids, the one that is painted on top last.
        frames: in the order of the samples.
    """

    classes: tuple[str, ...]
    draw_order: tuple[int, ...]
    frames: tuple[AnsweredFrame, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the frames, each once, in the order of the frames."""
        return tuple(dict.fromkeys(frame.group for frame in self.frames))

    @property
    def instances(self) -> int:
        """How many true instances there are."""
        return sum(len(frame.truths) for frame in self.frames)

    def of_groups(self, *groups: str) -> Answers:
        """The frames of some groups alone."""
        return self.of_frames(tuple(frame for frame in self.frames if frame.group in groups))

    def of_frames(self, frames: tuple[AnsweredFrame, ...]) -> Answers:
        """Some of the frames alone."""
        return replace(self, frames=frames)

    def shown(self, thresholds: Sequence[float], same_share: float) -> Answers:
        """As an application shows them.

        Args:
            thresholds: the lowest score of each class.
            same_share: as `ModelCard.same_share`.
        """
        return self.of_frames(tuple(_shown(frame, thresholds, same_share) for frame in self.frames))

    def with_temperature(self, temperature: float) -> Answers:
        """As the same model would answer with its scores softened by a further `temperature`."""
        return self.of_frames(tuple(_softened(frame, temperature) for frame in self.frames))


def load_whole_curve(weights: Path, runtime: str = "auto", threads: int | None = None) -> Engine:
    """Loads an engine that reports nearly everything it finds.

    Raises:
        EngineError: as `load_engine`.
    """
    try:
        temperature = read_card(card_path(weights)).temperature if weights.is_file() else 1.0
    except CardError as error:
        raise EngineError(str(error)) from None
    # The same raw scores are cut, whatever the temperature: it must not change a curve.
    floor = calibrated(np.array(EVALUATION_SCORE_THRESHOLD), temperature)
    return load_engine(weights, runtime, float(floor), threads)


def answers_of(
    weights: Path,
    runtime: str,
    dataset: AnnotatedSet,
    samples: Sequence[Sample],
    threads: int | None = None,
    *,
    activities: Activities | None = None,
) -> Answers:
    """Loads weights, asks them and closes them again. Errors as `load_whole_curve` and `gather`."""
    engine = load_whole_curve(weights, runtime, threads)
    try:
        return gather(engine, dataset, samples, activities)
    finally:
        engine.close()


def gather(
    engine: Engine,
    dataset: AnnotatedSet,
    samples: Sequence[Sample],
    activities: Activities | None = None,
) -> Answers:
    """Asks an engine about annotated pictures, one by one, on the calling thread.

    Args:
        engine: best from `load_whole_curve`; its classes must be the set's.
        dataset: where pictures and truth are read.
        samples: which.
        activities: what is being done in them, where it is known.

    Raises:
        DatasetError: the engine's classes are not the data set's, or a file cannot be read.
        EngineError: as `Engine.predict`.
    """
    names = check_classes(engine.card, dataset)
    frames = []
    for sample in tqdm(samples, "evaluate", leave=False):
        rgb, truth = dataset.annotated(sample)
        prediction = predict_picture_within(engine, rgb)
        frame = answered(sample, truth, prediction.instances)
        known = activities.name_of(sample.name, truth.classes) if activities else None
        frames.append(replace(frame, activity=prediction.activity, true_activity=known))
    return Answers(tuple(names), engine.card.draw_order, tuple(frames))


def check_classes(card: ModelCard, dataset: AnnotatedSet) -> list[str]:
    """The names of the data set's classes, which must be the card's.

    Raises:
        DatasetError: they are not.
    """
    names = [entry.name for entry in dataset.classes]
    known = [spec.name for spec in card.classes]
    if known != names:
        raise DatasetError(f"the weights know {known}, the data set {names}")
    return names


def answered(sample: Sample, truth: Truth, instances: Sequence[Instance]) -> AnsweredFrame:
    """Puts a frame's answers beside its truth, void taken out of the answers."""
    height, width = truth.void.shape
    truths = tuple(
        CodedMask.of(class_id, truth.mask(number))
        for number, class_id in enumerate(truth.classes, 1)
    )
    pairs = [_coded(instance, truth.void) for instance in instances]
    seen = tuple(cleaned for cleaned, _ in pairs if cleaned.area_px)
    on_all = tuple(whole for _, whole in pairs)
    void = CodedMask.of(-1, truth.void)
    return AnsweredFrame(sample.name, sample.group, height, width, truths, seen, on_all, void)


def _coded(instance: Instance, void: NDArray[np.bool_]) -> tuple[CodedMask, CodedMask]:
    """The instance without its pixels on void, and whole."""
    region = instance.region(*void.shape)
    mask = np.zeros(void.shape, dtype=np.bool_)
    mask[region.window] = region.mask
    whole = CodedMask.of(instance.class_id, mask, instance.score)
    if not (region.mask & void[region.window]).any():
        return whole, whole
    return CodedMask.of(instance.class_id, mask & ~void, instance.score), whole


def _shown(frame: AnsweredFrame, thresholds: Sequence[float], same_share: float) -> AnsweredFrame:
    def kept(answers: tuple[CodedMask, ...]) -> tuple[CodedMask, ...]:
        shown: list[CodedMask] = []
        for entry in answers:
            alike = (other for other in shown if other.class_id == entry.class_id)
            sure = entry.score >= thresholds[entry.class_id]
            if sure and all(entry.shared_by(other) <= same_share for other in alike):
                shown.append(entry)
        return tuple(shown)

    return replace(frame, answers=kept(frame.answers), answers_on_all=kept(frame.answers_on_all))


def _softened(frame: AnsweredFrame, temperature: float) -> AnsweredFrame:
    def softened(answers: tuple[CodedMask, ...]) -> tuple[CodedMask, ...]:
        scores = calibrated(np.array([entry.score for entry in answers]), temperature)
        pairs = zip(answers, scores, strict=True)
        return tuple(replace(entry, score=float(score)) for entry, score in pairs)

    return replace(
        frame, answers=softened(frame.answers), answers_on_all=softened(frame.answers_on_all)
    )
