"""Keeps answers steady: instances with identities, calm outlines, bridged gaps; activities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2

from lmsfa.errors import InputError
from lmsfa.following.activity import CalmActivity
from lmsfa.following.flow import Motion, MotionMeter, Rgb
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
BRIDGED_S = 0.12
"""Nor a longer one: what nobody has seen for so long is as old as an overlay may be."""
JITTER_S = 0.005
"""The third answer of 25 a second comes after 0.12 s, a little sooner or later."""
KNOWN_FROM = 3
"""Answers that an instance must have been in for its gaps to be bridged."""


class TrackingError(InputError):
    """An answer could not be followed up; the next one begins anew."""


@dataclass(frozen=True, slots=True)
class _Track:
    """One instance over answers.

    Attributes:
        instance: where it lies in the newest answered frame; its score is the smoothed one.
        seen_s: when it was last in an answer, as `Tracker.tracked` is told the time.
        seen: answers that held it.
        gone: answers since.
        from_start: whether the scene began with it.
    """

    instance: Instance
    seen_s: float
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
    the picture for up to `BRIDGED_ANSWERS` answers and `bridged_s` seconds: it always belongs to
    the frame that was answered last. The activity is that of the last second, see `CalmActivity`.

    Args:
        meter: who measures the motion; its own where nobody else looks at the same pictures.

    Attributes:
        bridged_s: set it to the age that an overlay may have.
    """

    def __init__(self, meter: MotionMeter | None = None) -> None:
        self.bridged_s = BRIDGED_S
        self._meter = meter or MotionMeter()
        self._tracks: tuple[_Track, ...] = ()
        self._next = 0
        self._activity = CalmActivity()
        self._before: tuple[int, float, Rgb, int] | None = None

    def tracked(
        self,
        prediction: Prediction,
        rgb: Rgb,
        source_id: int = 0,
        time_s: float | None = None,
    ) -> Prediction:
        """The answer with what the answers before it tell.

        Another source, another size, time that goes backwards and a cut begin anew.

        Args:
            prediction: with its candidates.
            rgb: (H, W, 3) uint8, the frame that was answered.
            source_id: where it comes from.
            time_s: its place in a recording, seconds; None: when it was captured counts.

        Raises:
            TrackingError: OpenCV has failed on it.
        """
        now_s = prediction.captured_s if time_s is None else time_s
        try:
            self._follow(prediction, rgb, source_id, now_s)
        except cv2.error as error:
            # What was kept may be what it failed on.
            self._tracks, self._before = (), None
            self._activity.forget()
            raise TrackingError(f"the picture could not be followed ({error.func})") from error
        shown = [track.instance for track in self._tracks if track.is_shown]
        shown.sort(key=lambda entry: -entry.score)
        calmed = self._activity.calmed(prediction, now_s)
        return replace(calmed, instances=tuple(shown), candidates=())

    def forget_activity(self) -> None:
        """Has the activities told so far count no longer: of pictures on which nothing is shown."""
        self._activity.forget()

    def _follow(self, prediction: Prediction, rgb: Rgb, source_id: int, now_s: float) -> None:
        height, width = rgb.shape[:2]
        seen = prediction.frame_index, now_s, rgb, source_id
        motion = self._motion(*seen)
        self._before = seen
        if motion is None:
            self._activity.forget()
            self._tracks = tuple(
                _Track(self._named(entry), now_s, from_start=True) for entry in prediction.instances
            )
        else:
            carried = self._carried(motion, height, width)
            self._tracks = self._continued(carried, prediction, now_s)

    def _motion(self, index: int, now_s: float, rgb: Rgb, source_id: int) -> Motion | None:
        """From the frame answered before to this one; None where it does not follow on.

        Args:
            index: of this frame.
            now_s: its time.
            rgb: (H, W, 3) uint8.
            source_id: where it comes from.
        """
        if self._before is None:
            return None
        index_before, before_s, rgb_before, source_before = self._before
        if source_id != source_before or now_s <= before_s or index < index_before:
            return None
        motion = self._meter.between(rgb_before, rgb)
        return motion if motion is not None and motion.same_scene else None

    def _carried(self, motion: Motion, height: int, width: int) -> list[_Track]:
        """The tracks whose instances are still in the frame, where they are now."""
        by_number = {track.instance.track: track for track in self._tracks}
        before = Prediction(0, 0.0, tuple(track.instance for track in self._tracks), None, "")
        return [
            replace(by_number[entry.track], instance=entry)
            for entry in moved(before, motion, height, width).prediction.instances
        ]

    def _continued(
        self, tracks: list[_Track], prediction: Prediction, now_s: float
    ) -> tuple[_Track, ...]:
        found = (*prediction.instances, *prediction.candidates)
        pairs = _paired([track.instance for track in tracks], found)
        going_on = [
            _met(track, found[pairs[number]], now_s)
            if number in pairs
            else _missed(track, now_s - self.bridged_s)
            for number, track in enumerate(tracks)
        ]
        taken = set(pairs.values())
        new = [
            _Track(self._named(entry), now_s)
            for number, entry in enumerate(prediction.instances)
            if number not in taken
        ]
        return (*(track for track in going_on if track is not None), *new)

    def _named(self, instance: Instance) -> Instance:
        self._next += 1
        return replace(instance, track=self._next)


def _met(track: _Track, found: Instance, now_s: float) -> _Track:
    """The track with what the answer holds of it."""
    before = track.instance
    score = SCORE_SHARE * found.score + (1 - SCORE_SHARE) * before.score
    outline = mixed(found, before, NEW_SHARE)
    instance = replace(outline, score=score, track=before.track, bridged=False)
    return replace(track, instance=instance, seen_s=now_s, seen=track.seen + 1, gone=0)


def _missed(track: _Track, since_s: float) -> _Track | None:
    """The track in a gap; None where the gap has grown too long, or nobody was sure of it yet.

    Args:
        track: as it was.
        since_s: when it must have been seen.
    """
    gone = track.gone + 1
    if gone > BRIDGED_ANSWERS or track.seen_s < since_s - JITTER_S or track.seen < KNOWN_FROM:
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
