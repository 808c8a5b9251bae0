"""What it is worth to move an answer to the picture that it is painted on, in made scenes.

True masks of one moment are laid on the picture of a later one, left where they were and moved by
the measured motion, and compared with the true masks of that later moment.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Any

import cv2
import numpy as np

from lmsfa.data.phantom.phantom import Phantom, View
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import LEAST_AREA_PX, true_instances
from lmsfa.following.flow import MotionMeter
from lmsfa.following.moving import moved
from lmsfa.prediction import Instance, Prediction, Region

AGES_MS = (33, 66, 100, 120)
"""Of the answer when it is painted; older than the last it is not."""
MOMENTS = 8
"""Of each scene and seed."""
APART_S = 4.3
TIMED_INSTANCES = 8


@dataclass(frozen=True, slots=True)
class AgeFigures:
    """Means over the instances that show at both moments.

    Attributes:
        age_ms: between the moments.
        way_px: how far structures moved in the picture, measured.
        unmoved_iou: IoU with the true masks of what is left where it was, 0..1.
        moved_iou: the same of what is moved.
        instances: how many were compared.
        withdrawn: pictures whose motion could not be measured; they are in no mean.
    """

    age_ms: int
    way_px: float
    unmoved_iou: float
    moved_iou: float
    instances: int
    withdrawn: int

    @property
    def gain(self) -> float:
        """IoU that moving is worth."""
        return self.moved_iou - self.unmoved_iou


@dataclass(frozen=True, slots=True)
class MovedFigures:
    """Figures of one scene.

    Attributes:
        scene: its name.
        frames: pictures that an answer was moved to.
        ages: a row an age, the youngest first.
        cost_ms: median processor time from frames to moved instances, on one core.
        cost_p95_ms: what one in twenty exceeds.
    """

    scene: str
    frames: int
    ages: tuple[AgeFigures, ...]
    cost_ms: float
    cost_p95_ms: float

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


@dataclass(slots=True)
class _Age:
    """What is collected for one age."""

    ways_px: list[float] = field(default_factory=list)
    unmoved: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    withdrawn: int = 0


def judge_moved_overlays(
    scene: str, seeds: Sequence[int], width: int, height: int, moments: int = MOMENTS
) -> MovedFigures:
    """Moves true masks through made scenes.

    Args:
        scene: a key of `SCENES`.
        seeds: of the scenes to look at.
        width: of the pictures, pixels.
        height: of the pictures, pixels.
        moments: looked at in each.
    """
    ages = {age_ms: _Age() for age_ms in AGES_MS}
    costs_ms: list[float] = []
    meter = MotionMeter()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for seed in seeds:
            phantom = Phantom(SCENES[scene], seed, width, height)
            for moment in range(moments):
                start_s = moment * APART_S + 1
                before = phantom.at(start_s, 0)
                for number, (age_ms, found) in enumerate(ages.items(), 1):
                    later = phantom.at(start_s + age_ms / 1000, number)
                    costs_ms.append(_compare(meter, before, later, found))
    finally:
        cv2.setNumThreads(threads)
    return MovedFigures(
        scene,
        len(costs_ms),
        tuple(_row(age_ms, found) for age_ms, found in ages.items()),
        float(np.median(costs_ms)),
        float(np.percentile(costs_ms, 95)),
    )


def _compare(meter: MotionMeter, before: View, later: View, found: _Age) -> float:
    """Adds two moments' figures; returns what moving took, milliseconds."""
    height, width = later.numbers.shape
    instances = true_instances(before)
    start_s = time.thread_time()
    motion = meter.between(before.rgb, later.rgb)
    if motion is None or not motion.same_scene:
        found.withdrawn += 1
        return (time.thread_time() - start_s) * 1000
    # As many as a full picture has: what moving takes grows with their number.
    many = tuple(islice(cycle(instances), TIMED_INSTANCES))
    timed = moved(Prediction(0, 0.0, many, None, ""), motion, height, width)
    cost_ms = (time.thread_time() - start_s) * 1000
    there = {instance.track: instance for instance in timed.prediction.instances}
    found.ways_px.append(timed.way_px)
    for instance in instances:
        true = Region(0, 0, later.numbers == instance.track)
        if np.count_nonzero(true.mask) >= LEAST_AREA_PX:
            found.unmoved.append(instance.region(height, width).iou(true))
            found.moved.append(_iou(there.get(instance.track), true))
    return cost_ms


def _iou(instance: Instance | None, true: Region) -> float:
    return 0.0 if instance is None else instance.region(*true.mask.shape).iou(true)


def _row(age_ms: int, found: _Age) -> AgeFigures:
    return AgeFigures(
        age_ms,
        float(np.mean(found.ways_px or 0.0)),
        float(np.mean(found.unmoved or 0.0)),
        float(np.mean(found.moved or 0.0)),
        len(found.moved),
        found.withdrawn,
    )
