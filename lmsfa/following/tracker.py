"""Keeps instances the same from answer to answer: identities, calm outlines, bridged gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lmsfa.following.flow import Grey, Motion, MotionMeter, small_grey
from lmsfa.following.moving import moved
from lmsfa.following.overlap import coarse_iou, mixed
from lmsfa.prediction import Instance, Prediction

SAME_IOU = 0.3
"""From here on an instance is the one that was carried to its place."""
NEW_SHARE = 0.25
"""Of an outline: the rest is what was carried along. At 0.4 outlines tremble a tenth more, at 0.15
they begin to lag behind the truth."""
SCORE_SHARE = 0.4
"""Of a score: the rest is what it was."""
CONFIRMING = 2
"""Answers in a row that must hold an instance that comes up before it is shown."""
BRIDGED_ANSWERS = 3
"""A gap of so many is bridged at most."""
KNOWN_FROM = 3
"""Answers that an instance must have been in for its gaps to be bridged."""


@dataclass(frozen=True, slots=True)
class _Track:
    """One instance over answers.

    Attributes:
        instance: where it lies in the newest answered frame; its score is the smoothed one.
        seen: answers that held it.
        gone: answers since.
        from_start: whether the scene began with it.
    """

    instance: Instance
    seen: int = 1
    gone: int = 0
    from_start: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether it is in the answer: seen now and confirmed, or bridged."""
        if self.gone:
            return self.seen >= KNOWN_FROM
        return self.from_start or self.seen >= CONFIRMING


class Tracker:
    """Turns a model's answers into ones whose instances last. On one thread.

    A new instance must reach the card's threshold and be there in the next answer too; one that is
    known may be as weak as a candidate. An instance that an answer does not hold goes along with
    the picture for up to `BRIDGED_ANSWERS` answers: it always belongs to the frame that was
    answered last.
    """

    def __init__(self) -> None:
        self._meter = MotionMeter()
        self._tracks: tuple[_Track, ...] = ()
        self._next = 0
        self._before: tuple[Prediction, Grey, tuple[int, ...]] | None = None

    def tracked(
        self, prediction: Prediction, rgb: NDArray[np.uint8], source_id: int = 0
    ) -> Prediction:
        """The answer with what the answers before it tell.

        Another source, another size, time that goes backwards and a cut begin anew.

        Args:
            prediction: with its candidates.
            rgb: (H, W, 3) uint8, the frame that was answered.
            source_id: where it comes from.
        """
        grey = small_grey(rgb)
        height, width = rgb.shape[:2]
        motion = self._motion(prediction, grey, (source_id, height, width))
        self._before = prediction, grey, (source_id, height, width)
        if motion is None:
            self._tracks = tuple(
                _Track(self._named(entry), from_start=True) for entry in prediction.instances
            )
        else:
            carried = self._carried(motion, height, width)
            self._tracks = self._continued(carried, prediction)
        shown = [track.instance for track in self._tracks if track.is_shown]
        shown.sort(key=lambda entry: -entry.score)
        return replace(prediction, instances=tuple(shown), candidates=())

    def _motion(self, prediction: Prediction, grey: Grey, signal: tuple[int, ...]) -> Motion | None:
        """From the frame answered before to this one; None where it does not follow on.

        Args:
            prediction: of this frame.
            grey: its small picture.
            signal: its source, height and width.
        """
        if self._before is None:
            return None
        before, grey_before, signal_before = self._before
        later = prediction.captured_s > before.captured_s
        if signal != signal_before or not later or prediction.frame_index < before.frame_index:
            return None
        motion = self._meter.between(grey_before, grey, signal[-1])
        return motion if motion is not None and motion.same_scene else None

    def _carried(self, motion: Motion, height: int, width: int) -> list[_Track]:
        """The tracks whose instances are still in the frame, where they are now."""
        by_number = {track.instance.track: track for track in self._tracks}
        before = Prediction(0, 0.0, tuple(track.instance for track in self._tracks), None, "")
        return [
            replace(by_number[entry.track], instance=entry)
            for entry in moved(before, motion, height, width).prediction.instances
        ]

    def _continued(self, tracks: list[_Track], prediction: Prediction) -> tuple[_Track, ...]:
        found = (*prediction.instances, *prediction.candidates)
        pairs = _paired([track.instance for track in tracks], found)
        going_on = [
            _met(track, found[pairs[number]]) if number in pairs else _missed(track)
            for number, track in enumerate(tracks)
        ]
        taken = set(pairs.values())
        new = [
            _Track(self._named(entry))
            for number, entry in enumerate(prediction.instances)
            if number not in taken
        ]
        return (*(track for track in going_on if track is not None), *new)

    def _named(self, instance: Instance) -> Instance:
        self._next += 1
        return replace(instance, track=self._next)


def _met(track: _Track, found: Instance) -> _Track:
    """The track with what the answer holds of it."""
    before = track.instance
    score = SCORE_SHARE * found.score + (1 - SCORE_SHARE) * before.score
    outline = mixed(found, before, NEW_SHARE)
    instance = replace(outline, score=score, track=before.track, bridged=False)
    return replace(track, instance=instance, seen=track.seen + 1, gone=0)


def _missed(track: _Track) -> _Track | None:
    """The track in a gap; None where the gap has grown too long, or nobody was sure of it yet."""
    gone = track.gone + 1
    if gone > BRIDGED_ANSWERS or track.seen < KNOWN_FROM:
        return None
    return replace(track, instance=replace(track.instance, bridged=True), gone=gone)


def _paired(tracks: Sequence[Instance], found: Sequence[Instance]) -> dict[int, int]:
    """Places in `tracks` -> places in `found`, of one class each, the greatest overlaps first."""
    overlaps = [
        (coarse_iou(track, entry), i, j)
        for i, track in enumerate(tracks)
        for j, entry in enumerate(found)
        if track.class_id == entry.class_id
    ]
    pairs: dict[int, int] = {}
    for iou, i, j in sorted(overlaps, reverse=True):
        if iou >= SAME_IOU and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs
