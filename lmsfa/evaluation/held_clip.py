"""What tracking does to answers on a clip of labelled still pictures under a made camera motion.

The clip's pictures are real and so are their labels, which go along with the motion that was made;
it shows no tissue that moves by itself, no smoke and no tool that comes and goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Sample, Truth
from lmsfa.data.clips import frames_of
from lmsfa.data.held import HELD_FRAMES, KEY_FRAMES, RATE_FPS, camera, key_samples, moved_truth
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import AnsweredFrame, Answers, answered
from lmsfa.evaluation.flicker import Way, judge_ways
from lmsfa.evaluation.tracking import TrackingFigures, shown_figures
from lmsfa.following.tracker import Tracker
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

ALIKE = 8.0
"""Grey values by which a frame and its moved still picture may differ in the mean: noise and coding
make 3 on the demo clip, another of its pictures 18 at least."""


def judge_held_clip(engine: Engine, clip: Path, dataset: AnnotatedSet) -> TrackingFigures:
    """Answers a clip that was made of a data set's pictures.

    Args:
        engine: that knows the set's classes, with the card's thresholds.
        clip: made by `resources/demo/make_demo.py`.
        dataset: of which it was made.

    Raises:
        InputError: the engine knows other classes, or the clip shows other pictures.
        EngineError: as `Engine.predict`.
    """
    names = tuple(known.name for known in dataset.classes)
    answered_names = tuple(spec.name for spec in engine.card.classes)
    if answered_names != names:
        raise InputError(f"the weights know {answered_names}, the data set {names}")
    frames = _LabelledFrames(clip, dataset)
    judged: tuple[list[AnsweredFrame], ...] = ([], [])
    ways = [
        _kept(frames, judged[0], lambda answer, _: answer),
        _kept(frames, judged[1], Tracker().tracked),
    ]
    flickers = judge_ways(engine, frames, ways, RATE_FPS)
    plain, tracked = (
        shown_figures(Answers(names, engine.card.draw_order, tuple(rows)), [flicker])
        for rows, flicker in zip(judged, flickers, strict=True)
    )
    return TrackingFigures(
        clip.name, len({f.group for f in judged[0]}), len(judged[0]), plain, tracked
    )


class _LabelledFrames:
    """The frames of a clip; keeps what is known of the one that was given last."""

    def __init__(self, clip: Path, dataset: AnnotatedSet) -> None:
        self._clip, self._dataset = clip, dataset
        self.truth: Truth
        self.sample: Sample

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        samples = key_samples(self._dataset)
        for index, rgb in enumerate(frames_of(self._clip)):
            place, step = divmod(index, HELD_FRAMES)
            if place == KEY_FRAMES:
                raise InputError(f"{self._clip}: is longer than a clip of {KEY_FRAMES} pictures")
            transform = camera(index, *rgb.shape[:2])
            if step == 0:
                still, of_still = self._dataset.annotated(samples[place])
                self._check(rgb, still, transform, samples[place])
            self.truth = moved_truth(of_still, transform)
            name = f"{samples[place].name}+{step}"
            self.sample = replace(samples[place], name=name, group=samples[place].name)
            yield rgb

    def _check(
        self,
        rgb: NDArray[np.uint8],
        still: NDArray[np.uint8],
        transform: NDArray[np.float64],
        sample: Sample,
    ) -> None:
        if rgb.shape == still.shape:
            moved = cv2.warpAffine(still, transform, (rgb.shape[1], rgb.shape[0]))
            if cv2.absdiff(rgb, moved).mean() < ALIKE:
                return
        raise InputError(f"{self._clip}: was not made of {sample.name} in this data set")


def _kept(frames: _LabelledFrames, rows: list[AnsweredFrame], way: Way) -> Way:
    """The way, its answers put beside the truth of the frame that was given last."""

    def treat(answer: Prediction, rgb: NDArray[np.uint8]) -> Prediction:
        prediction = way(answer, rgb)
        row = answered(frames.sample, frames.truth, prediction.instances)
        # What the motion has carried out of the frame can be missed by nobody.
        rows.append(replace(row, truths=tuple(entry for entry in row.truths if entry.area_px)))
        return prediction

    return treat
