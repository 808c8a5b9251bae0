"""Asks a model about pictures, draws its answers as the window does, and judges what is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lmsfa.cropping import predict_within
from lmsfa.data.annotated import AnnotatedSet, Sample, Truth
from lmsfa.evaluation.answers import check_classes
from lmsfa.evaluation.drawn.figures import DrawnFigures, KnownFrame, Tally
from lmsfa.evaluation.drawn.painting import Drawing, DrawnFrame, drawable
from lmsfa.prediction import Prediction
from lmsfa.quality.field import Field, FieldOfView, Rgb, field_of
from lmsfa.registry import Engine, load_engine


@dataclass(frozen=True, slots=True)
class DrawnSplit:
    """The figures of a model's answers, and of the true masks drawn alike."""

    answers: DrawnFigures
    truth: DrawnFigures

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`, the answers' at top level."""
        return {**self.answers.as_json(), "truth": self.truth.as_json()}


def judge_drawn(engine: Engine, dataset: AnnotatedSet, samples: Sequence[Sample]) -> DrawnSplit:
    """Judges what is drawn on annotated pictures, on the calling thread.

    Args:
        engine: with the card's thresholds, as an application shows it.
        dataset: where pictures and truth are read.
        samples: which; each stands still, as a source of its own.

    Raises:
        DatasetError: the engine's classes are not the data set's, or a file cannot be read.
        EngineError: as `Engine.predict`.
    """
    names = check_classes(engine.card, dataset)
    drawing = Drawing(engine.card)
    answers, truth = Tally(names), Tally(names)
    for sample in tqdm(samples, "drawn", leave=False):
        rgb, annotated = dataset.annotated(sample)
        field = field_of(rgb)
        known = _known(annotated, drawing, field)
        prediction = predict_within(engine, rgb, field.rectangle)
        answers.see(_drawn(drawing, prediction, rgb, field), field, known)
        truth.see(known.drawn, field, known)
    return DrawnSplit(answers.figures(), truth.figures())


def drawn_by(
    weights: Path,
    runtime: str,
    dataset: AnnotatedSet,
    samples: Sequence[Sample],
    threads: int | None = None,
) -> DrawnSplit:
    """Loads weights, judges them and closes them again. Errors as `load_engine`, `judge_drawn`."""
    engine = load_engine(weights, runtime, threads=threads)
    try:
        return judge_drawn(engine, dataset, samples)
    finally:
        engine.close()


def judge_drawn_clip(engine: Engine, frames: Iterable[Rgb]) -> DrawnFigures:
    """Judges what is drawn on a clip's frames, each by its own answer.

    Args:
        engine: as `judge_drawn`.
        frames: (H, W, 3) uint8 RGB.

    Raises:
        EngineError: as `Engine.predict`.
    """
    drawing, view = Drawing(engine.card), FieldOfView()
    tally = Tally([spec.name for spec in engine.card.classes])
    for number, rgb in enumerate(frames):
        field = view.follow(rgb)
        prediction = predict_within(engine, rgb, field.rectangle, number)
        tally.see(_drawn(drawing, prediction, rgb, field), field_of(rgb))
    return tally.figures()


def _known(truth: Truth, drawing: Drawing, field: Field) -> KnownFrame:
    masks = [(class_id, truth.mask(number)) for number, class_id in enumerate(truth.classes, 1)]
    instances = tuple(drawable(class_id, mask) for class_id, mask in masks)
    shown = Prediction(0, 0.0, instances, None, "")
    height, width = truth.void.shape
    return KnownFrame(masks, drawing.drawn(shown, height, width, field), truth.void)


def _drawn(drawing: Drawing, shown: Prediction, rgb: Rgb, field: Field) -> DrawnFrame:
    height, width = rgb.shape[:2]
    return drawing.drawn(shown, height, width, field)
