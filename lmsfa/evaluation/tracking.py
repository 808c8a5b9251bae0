"""What tracking does to answers on made sequences, where the truth of every frame is known.

Answers are judged as an application shows them, with the card's thresholds: once as the model gave
them, once after tracking. Both come from the same run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.formats.class_names import PELD_CLASSES
from lmsfa.data.phantom.phantom import Phantom, View
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import LEAST_AREA_PX
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask
from lmsfa.evaluation.coco import judge, mean
from lmsfa.evaluation.flicker import Flicker, Way, judge_ways
from lmsfa.following.tracker import Tracker
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

RATE_FPS = 30.0
WIDTH, HEIGHT = 640, 360


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures of answers as they are shown.

    Attributes:
        mask_ap: COCO's mask AP, 0..1.
        mask_ap50: at IoU 0.5.
        unrest: `Flicker.unrest`, mean over the sequences.
        blinks: `Flicker.blinks`, mean over the sequences.
    """

    mask_ap: float | None
    mask_ap50: float | None
    unrest: float | None
    blinks: float | None


@dataclass(frozen=True, slots=True)
class TrackingFigures:
    """The same answers twice.

    Attributes:
        scene: name of the made scene, or of the clip.
        sequences: seeds or still pictures that were looked at.
        frames: of all sequences.
        plain: as the model gave them.
        tracked: after tracking.
    """

    scene: str
    sequences: int
    frames: int
    plain: Shown
    tracked: Shown

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def judge_made_sequences(
    engine: Engine, scene: str, seeds: Sequence[int], frames: int
) -> TrackingFigures:
    """Answers made sequences.

    Args:
        engine: that knows the made scene's classes, with the card's thresholds.
        scene: a key of `SCENES`.
        seeds: a sequence each.
        frames: of each, at `RATE_FPS`.

    Raises:
        InputError: the engine knows other classes.
        EngineError: as `Engine.predict`.
    """
    names = [known.name for known in PELD_CLASSES]
    answered_names = [spec.name for spec in engine.card.classes]
    if answered_names != names:
        raise InputError(f"the weights know {answered_names}, the made scenes {names}")
    judged: tuple[list[AnsweredFrame], ...] = ([], [])
    flickers: tuple[list[Flicker], ...] = ([], [])
    for seed in seeds:
        sequence = _Sequence(scene, seed, frames)
        plain = _Collected(sequence, judged[0], lambda answer, _: answer)
        calm = _Collected(sequence, judged[1], Tracker().tracked)
        found = judge_ways(engine, sequence, [plain.treat, calm.treat], RATE_FPS)
        for flicker, of_way in zip(found, flickers, strict=True):
            of_way.append(flicker)
    shown = [
        shown_figures(Answers(tuple(names), engine.card.draw_order, tuple(rows)), of_way)
        for rows, of_way in zip(judged, flickers, strict=True)
    ]
    return TrackingFigures(scene, len(seeds), len(seeds) * frames, shown[0], shown[1])


class _Sequence:
    """The pictures of a made scene; keeps the view of the one that was given last."""

    def __init__(self, scene: str, seed: int, frames: int) -> None:
        self.name, self._frames = f"{scene}-{seed}", frames
        self._phantom = Phantom(SCENES[scene], seed, WIDTH, HEIGHT)
        self.view: View

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for index in range(self._frames):
            self.view = self._phantom.at(index / RATE_FPS, index)
            yield self.view.rgb


class _Collected:
    """Puts treated answers beside the truth of the picture that was given last."""

    def __init__(self, sequence: _Sequence, frames: list[AnsweredFrame], way: Way) -> None:
        self._sequence, self._frames, self._way = sequence, frames, way

    def treat(self, answer: Prediction, rgb: NDArray[np.uint8]) -> Prediction:
        """A `Way`: treats an answer in its own way and keeps what comes of it."""
        prediction = self._way(answer, rgb)
        view, name = self._sequence.view, self._sequence.name
        numbers = range(1, len(view.classes) + 1)
        truths = [CodedMask.of(view.classes[n - 1], view.numbers == n) for n in numbers]
        answers = []
        for instance in prediction.instances:
            region = instance.region(HEIGHT, WIDTH)
            mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
            mask[region.window] = region.mask
            answers.append(CodedMask.of(instance.class_id, mask, instance.score))
        seen = tuple(entry for entry in answers if entry.area_px)
        nothing = CodedMask.of(-1, np.zeros((HEIGHT, WIDTH), dtype=np.bool_))
        self._frames.append(
            AnsweredFrame(
                f"{name}/{prediction.frame_index}",
                name,
                HEIGHT,
                WIDTH,
                tuple(entry for entry in truths if entry.area_px >= LEAST_AREA_PX),
                seen,
                seen,
                nothing,
            )
        )
        return prediction


def shown_figures(answers: Answers, flickers: Sequence[Flicker]) -> Shown:
    """The figures of one way of treating answers, of which each sequence has its flicker."""
    figures = judge(answers)
    return Shown(
        figures.mask_ap,
        figures.mask_ap50,
        mean(flicker.unrest for flicker in flickers),
        mean(flicker.blinks for flicker in flickers),
    )
