"""Brings the newest answer to the picture that it is painted on."""

from __future__ import annotations

from dataclasses import replace

from app.core.frame import Frame
from app.core.snapshot import Result, Snapshot, SourceState
from app.core.succession import AT_ONCE_S, follows_at_once
from lmsfa.following.flow import MotionMeter
from lmsfa.following.moving import moved
from lmsfa.lines import THICKNESS_SHARE

LEAST_WAY_PX = 0.3
"""What moved less did not move: the sensor's noise alone measures as much."""
SOON_S = 0.05
"""Until the next picture: so long a newer answer waits for it."""
VISIBLE_SHARE = THICKNESS_SHARE / 2
"""Of the frame's height: half an outline's thickness is seen."""


class Follower:
    """Moves answers by the measured motion, once for every painted picture. On one thread.

    A picture that carries its own answer, as one that stands or waits for the model does, is left
    as it is.

    Args:
        meter: who measures; its own where nobody else looks at the same pictures.
    """

    def __init__(self, meter: MotionMeter | None = None) -> None:
        self._meter = meter or MotionMeter()
        self._asked: tuple[Frame, Result] | None = None
        self._brought: Result | None = None
        self._way_px = 0.0
        self._shown: Snapshot | None = None

    def followed(self, snapshot: Snapshot, now_s: float) -> Snapshot:
        """The same moment with its answer where the structures are in the newest picture.

        Args:
            snapshot: as the pipeline gives it.
            now_s: on the monotonic clock, seconds.

        Returns:
            A snapshot without an answer where the motion between the answered picture and the
            newest cannot be measured: what was true there says nothing here.
        """
        shown = self._shown
        if shown is not None and _suffices(shown, snapshot, now_s):
            return replace(
                snapshot,
                result=shown.result,
                moved_px=shown.moved_px,
                expires_s=shown.expires_s,
            )
        self._shown = self._brought_up(snapshot)
        return self._shown

    def _brought_up(self, snapshot: Snapshot) -> Snapshot:
        frame, result = snapshot.frame, snapshot.result
        if frame is None or result is None or result.frame is frame:
            return snapshot
        if self._asked is None or self._asked[0] is not frame or self._asked[1] is not result:
            self._asked = frame, result
            self._bring(frame, result)
        return replace(snapshot, result=self._brought, moved_px=self._way_px)

    def _bring(self, frame: Frame, result: Result) -> None:
        self._brought, self._way_px = None, 0.0
        height, width = frame.rgb.shape[:2]
        motion = self._meter.between(result.frame.rgb, frame.rgb)
        if motion is None or not motion.same_scene:
            return
        there = moved(result.prediction, motion, height, width)
        self._brought = result
        if there.way_px > LEAST_WAY_PX:
            self._way_px = there.way_px
            self._brought = replace(result, prediction=there.prediction)


def _suffices(shown: Snapshot, snapshot: Snapshot, now_s: float) -> bool:
    """Whether a picture keeps the answer that it was painted with, a newer one notwithstanding.

    To paint it again just when the next one is due would hold that one up. The next one keeps it
    too where it comes `AT_ONCE_S` later.
    """
    if shown.result is None or snapshot.result is None:
        return False
    same_model = shown.result.prediction.model_id == snapshot.result.prediction.model_id
    playing = snapshot.source.state is SourceState.PLAYING
    if not same_model or not playing or now_s > shown.expires_s:
        return False
    within_s = SOON_S if snapshot.frame is shown.frame else AT_ONCE_S
    next_is_near = 0 < snapshot.source.period_s <= within_s
    return next_is_near and follows_at_once(shown.frame, snapshot.frame)


def is_visibly_moved(snapshot: Snapshot) -> bool:
    """Whether an eye would see how far the overlay was moved."""
    if snapshot.frame is None or snapshot.result is None:
        return False
    return bool(snapshot.moved_px >= VISIBLE_SHARE * snapshot.frame.rgb.shape[0])
