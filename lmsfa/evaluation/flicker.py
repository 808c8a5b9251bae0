"""How restless a model's answers are on a clip, apart from what really moves.

An outline that blinks or trembles draws a surgeon's eye and hides what matters. Nobody annotated
the clip: these figures say how steady answers are, not whether they are right. A structure that is
never found does not flicker.

Between neighbouring frames the answers of the frame before are carried along by the measured
motion of the picture (optical flow) and then compared, class by class. Pixels that the frame before
did not show, at the border or behind a tool, are left out. Where two frames show different scenes
(a cut) nothing is compared and everything begins again.

What real motion still adds: a structure that comes into view and leaves it within a few frames
counts as a flash; one that is covered and freed again counts as a dropout; the flow is blind on
smooth tissue, in smoke and behind glare, so that some motion stays in the carried IoU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.cropping import CroppedFrames
from lmsfa.data.clips import USUAL_RATE_FPS
from lmsfa.evaluation.motion import LONGER_SIDE_PX, CheckedMotion, Mask, motion_between
from lmsfa.following.flow import Grey, small_grey
from lmsfa.following.tracker import Tracker
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

BRIEF_FRAMES = 5
"""What lasts under this many frames is seen as a blink: 0.2 s at 25 frames a second."""
SAME_IOU = 0.3
"""From here on two masks of a class in neighbouring frames are the same instance."""

Rgb = NDArray[np.uint8]
Way = Callable[[Prediction, Rgb], Prediction]
"""What is done with a frame's answer before it is judged."""


@dataclass(frozen=True, slots=True)
class ClassFlicker:
    """How steady one class is; means are None where there was nothing to compare.

    Attributes:
        frames: frames with an instance of the class.
        appeared: instances that came up, per 100 frames, for whatever reason.
        flashes: instances that came up and were gone again in under `BRIEF_FRAMES` frames, per
            100 frames.
        dropouts: instances that were gone for under `BRIEF_FRAMES` frames and came back in their
            place, per 100 frames.
        iou: mean IoU of the class's pixels in neighbouring frames, 0..1; motion lowers it.
        iou_carried: the same after the frame before was carried along by the motion. What is
            missing to 1 is trembling, and what the flow did not see.
        area_jump: mean change of the class's area from frame to frame after carrying, as a share
            of the larger of both.
        pairs: neighbouring frames that both show the class, over which these three are means.
        unrest: mean of 1 - IoU after carrying, over neighbouring frames of which at least one shows
            the class: trembling and blinking in one number, 0..1.
    """

    frames: int
    appeared: float
    flashes: float
    dropouts: float
    iou: float | None
    iou_carried: float | None
    area_jump: float | None
    pairs: int
    unrest: float | None


@dataclass(frozen=True, slots=True)
class Flicker:
    """A clip's figures.

    Attributes:
        frames: frames that were answered.
        scenes: stretches between cuts.
        moved: mean over frames of the picture's median motion to the next, as a share of its
            longer side; None where no two frames were compared.
        unrest: `ClassFlicker.unrest` over all classes; the one number to compare by.
        classes: by class name.
    """

    frames: int
    scenes: int
    moved: float | None
    unrest: float | None
    classes: dict[str, ClassFlicker]

    @property
    def blinks(self) -> float:
        """What appeared, flashed up or dropped out, per 100 frames, over all classes."""
        return sum(row.appeared + row.flashes + row.dropouts for row in self.classes.values())

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return {**asdict(self), "blinks": self.blinks, "brief_frames": BRIEF_FRAMES}


def judge_flicker(engine: Engine, frames: Iterable[Rgb]) -> Flicker:
    """Answers every frame in turn and compares neighbours.

    Args:
        engine: with the card's thresholds, as an application shows it.
        frames: (H, W, 3) uint8 RGB; another size begins a new scene.

    Raises:
        EngineError: as `Engine.predict`.
    """
    (plain,) = judge_ways(engine, frames, [lambda prediction, _: prediction], USUAL_RATE_FPS)
    return plain


def judge_tracking(
    engine: Engine, frames: Iterable[Rgb], rate_fps: float
) -> tuple[Flicker, Flicker]:
    """The same answers as the model gave them, and after tracking. As `judge_ways`."""
    tracked = Tracker().tracked
    plain, calm = judge_ways(engine, frames, [lambda prediction, _: prediction, tracked], rate_fps)
    return plain, calm


def judge_ways(
    engine: Engine, frames: Iterable[Rgb], ways: Sequence[Way], rate_fps: float
) -> list[Flicker]:
    """Judges the same answers after each way of treating them. As `judge_flicker`.

    Args:
        engine: as `judge_flicker`.
        frames: as `judge_flicker`.
        ways: what is done with the answers.
        rate_fps: frames a second, for ways that know of time.
    """
    names = [spec.name for spec in engine.card.classes]
    cropped = CroppedFrames(engine)
    watches = [[_ClassWatch() for _ in names] for _ in ways]
    before: Grey | None = None
    moved: list[float] = []
    count = scenes = 0
    for count, rgb in enumerate(frames, 1):
        now = small_grey(rgb, LONGER_SIDE_PX)
        time_s = count / rate_fps
        answer = cropped.predict(rgb, count - 1, time_s, source_id=0, time_s=time_s)
        comparable = before is not None and before.shape == now.shape
        motion = motion_between(before, now) if before is not None and comparable else None
        if motion is not None and not motion.same_scene:
            motion = None
        for way, classes in zip(ways, watches, strict=True):
            masks = _masks(way(answer, rgb), len(names), rgb.shape[:2], now.shape)
            for watch, found in zip(classes, masks, strict=True):
                watch.see(found, motion)
        scenes += motion is None
        moved += [] if motion is None else [motion.moved]
        before = now
    return [
        Flicker(
            count,
            scenes,
            _mean(moved),
            _mean([value for watch in classes for value in watch.unrest]),
            {name: watch.figures(count) for name, watch in zip(names, classes, strict=True)},
        )
        for classes in watches
    ]


def _masks(
    prediction: Prediction, classes: int, size: tuple[int, ...], small: tuple[int, ...]
) -> list[list[Mask]]:
    """By class, the masks of its instances on the scale of the flow, those that have a pixel."""
    masks: list[list[Mask]] = [[] for _ in range(classes)]
    for instance in prediction.instances:
        region = instance.region(size[0], size[1])
        whole = np.zeros(size, dtype=np.uint8)
        whole[region.window] = region.mask
        mask = cv2.resize(whole * 255, (small[1], small[0]), interpolation=cv2.INTER_AREA) > 127
        if mask.any():
            masks[instance.class_id].append(np.asarray(mask))
    return masks


@dataclass(slots=True)
class _Track:
    """One instance through the frames.

    Attributes:
        mask: where it was last seen, carried to the frame now.
        seen: frames with it.
        gone: frames since it was seen.
        from_start: True where the scene began with it, so that its age is not known.
    """

    mask: Mask
    seen: int = 1
    gone: int = 0
    from_start: bool = False


@dataclass(slots=True)
class _ClassWatch:
    """Follows one class from frame to frame."""

    tracks: list[_Track] = field(default_factory=list)
    whole: Mask | None = None
    frames: int = 0
    appeared: int = 0
    flashes: int = 0
    dropouts: int = 0
    ious: list[float] = field(default_factory=list)
    carried_ious: list[float] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    unrest: list[float] = field(default_factory=list)

    def see(self, masks: list[Mask], motion: CheckedMotion | None) -> None:
        """A frame, and the motion that led to it; None where it begins a scene."""
        if motion is None:
            self.begin(masks)
        else:
            self.go_on(masks, motion)

    def begin(self, masks: list[Mask]) -> None:
        """The first frame of a scene: what is there did not appear."""
        self.tracks = [_Track(mask, from_start=True) for mask in masks]
        self._remember(masks)

    def go_on(self, masks: list[Mask], motion: CheckedMotion) -> None:
        """The next frame of the same scene."""
        self._compare(masks, motion)
        for track in self.tracks:
            track.mask = motion.carried(track.mask)
        pairs = _paired([track.mask for track in self.tracks], masks)
        for number, track in enumerate(self.tracks):
            if number in pairs:
                self.dropouts += track.gone > 0
                track.mask, track.gone = masks[pairs[number]], 0
                track.seen += 1
            else:
                track.gone += 1
        over = [track for track in self.tracks if track.gone >= BRIEF_FRAMES]
        self.flashes += sum(t.seen < BRIEF_FRAMES and not t.from_start for t in over)
        self.tracks = [track for track in self.tracks if track.gone < BRIEF_FRAMES]
        new = [mask for number, mask in enumerate(masks) if number not in pairs.values()]
        self.appeared += len(new)
        self.tracks += [_Track(mask) for mask in new]
        self._remember(masks)

    def figures(self, frames: int) -> ClassFlicker:
        """What was seen in `frames` frames."""
        per_100 = 100 / max(frames, 1)
        return ClassFlicker(
            frames=self.frames,
            appeared=self.appeared * per_100,
            flashes=self.flashes * per_100,
            dropouts=self.dropouts * per_100,
            iou=_mean(self.ious),
            iou_carried=_mean(self.carried_ious),
            area_jump=_mean(self.jumps),
            pairs=len(self.ious),
            unrest=_mean(self.unrest),
        )

    def _remember(self, masks: list[Mask]) -> None:
        self.whole = np.any(masks, axis=0) if masks else None
        self.frames += bool(masks)

    def _compare(self, masks: list[Mask], motion: CheckedMotion) -> None:
        now = np.any(masks, axis=0) if masks else None
        carried = motion.carried(self.whole) if self.whole is not None else None
        if carried is None or now is None:
            shown = carried if now is None else now
            if shown is not None and (shown & motion.followed).any():
                self.unrest.append(1.0)
            return
        self.ious.append(_iou(np.asarray(self.whole), now))
        before, now = carried & motion.followed, now & motion.followed
        self.carried_ious.append(_iou(before, now))
        self.unrest.append(1 - self.carried_ious[-1])
        area_before, area_now = int(np.count_nonzero(before)), int(np.count_nonzero(now))
        self.jumps.append(abs(area_before - area_now) / max(area_before, area_now, 1))


def _paired(before: Sequence[Mask], now: Sequence[Mask]) -> dict[int, int]:
    """Places in `before` -> places in `now`, the greatest overlaps first."""
    if not before or not now:
        return {}
    ones, others = (
        np.stack(masks).reshape(len(masks), -1).astype(np.float32) for masks in (before, now)
    )
    both = ones @ others.T
    ious = both / np.maximum(ones.sum(1)[:, None] + others.sum(1) - both, 1)
    pairs: dict[int, int] = {}
    for place in np.argsort(-ious, axis=None, kind="stable"):
        i, j = divmod(int(place), len(now))
        if ious[i, j] < SAME_IOU:
            break
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _iou(one: Mask, other: Mask) -> float:
    """0..1; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
