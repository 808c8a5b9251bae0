"""Where each place of a picture was in an earlier one: optical flow on a small grid."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from weakref import ReferenceType, ref

import cv2
import numpy as np
from numpy.typing import NDArray

LONGER_SIDE_PX = 320
"""Frames are brought to this longer side. On made scenes 240 follows a point of IoU less well, and
480 gains nothing that masks on a coarse grid could show."""
FINEST_SCALE = 1
"""Of the search, a power of two. OpenCV's own fast settings stop at 4 pixels, which costs two
points of IoU; down to single pixels the search takes four times as long for one point more."""
PATCH_STRIDE_PX = 5
DESCENTS = 12
SMALLEST_SIDE_PX = 16
"""The search looks at patches; smaller pictures hold none."""
LIT_FROM = 16
"""Grey value; what is darker in both pictures, as the black around a round one is, says nothing."""
WINDOW_PX = 5
"""Side of the windows, on half the scale, in which the carried picture is compared with the new."""
NOISE = 4.0
"""Variance of grey values in a window that may be noise alone."""
ALIKE = 0.5
"""Correlation in a window from which on it was followed."""
FEWEST_FOLLOWED = 0.7
"""Share of windows. Between made pictures 100 ms apart it is 0.88 at least, under water, smoke and
a moving forceps too; over cuts 0.58 at most, between key frames of one patient's larynx as well."""

REMEMBERED = 8
"""Pictures, and pairs of them: as many as pass at 60 a second until an answer is too old."""

Rgb = NDArray[np.uint8]
Grey = NDArray[np.uint8]
Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Motion:
    """How the picture moved between two frames of one size.

    Attributes:
        back: (h, w, 2) float32, on the small grid: x and y from where a place is now to where it
            was before, in pixels of the frame.
        followed: share of the lit picture that the frame before shows too, 0..1.
    """

    back: Field
    followed: float

    @property
    def same_scene(self) -> bool:
        """Whether the picture could be followed at all: there was no cut, no leap, no curtain."""
        return self.followed >= FEWEST_FOLLOWED


def small_grey(rgb: Rgb, longer_side_px: int = LONGER_SIDE_PX) -> Grey:
    """(H, W, 3) uint8 RGB -> (h, w) uint8, its longer side as asked, or less."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, longer_side_px / max(grey.shape))
    size = [max(1, round(side * scale)) for side in grey.shape[::-1]]
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def flow(search: cv2.DISOpticalFlow, of: Grey, to: Grey) -> Field:
    """(h, w, 2): where each pixel of one picture lies in the other, x and y ahead.

    Dense inverse search, Kroeger et al., ECCV 2016.
    """
    return np.asarray(search.calc(of, to, np.zeros((*of.shape, 2), np.float32)), dtype=np.float32)


class MotionMeter:
    """Measures motion between pictures, in about two milliseconds, once for all who ask.

    Whoever moves an overlay and whoever follows instances look at the same pairs. Any thread; who
    asks for what another is measuring waits for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._search.setFinestScale(FINEST_SCALE)
        self._search.setPatchStride(PATCH_STRIDE_PX)
        self._search.setGradientDescentIterations(DESCENTS)
        self._search.setVariationalRefinementIterations(0)
        # Weakly held: to remember a picture's motion must not keep the picture.
        self._greys: deque[tuple[ReferenceType[Rgb], Grey]] = deque(maxlen=REMEMBERED)
        self._motions: deque[tuple[ReferenceType[Rgb], ReferenceType[Rgb], Motion | None]] = deque(
            maxlen=REMEMBERED
        )

    def between(self, before: Rgb, now: Rgb) -> Motion | None:
        """The motion from one frame to a later one.

        Args:
            before: (H, W, 3) uint8 RGB; not written to from now on.
            now: a later one, the same.

        Returns:
            None where the pictures differ in size or are too small to be compared.
        """
        with self._lock:
            for known_before, known_now, motion in self._motions:
                if known_before() is before and known_now() is now:
                    return motion
            motion = self._measured(before, now)
            self._motions.append((ref(before), ref(now), motion))
            return motion

    def _measured(self, before: Rgb, now: Rgb) -> Motion | None:
        # A signal may change its size; an old answer then belongs to no pixel of the new picture.
        if before.shape != now.shape:
            return None
        greys = self._grey(before), self._grey(now)
        if min(greys[0].shape) < SMALLEST_SIDE_PX:
            return None
        back = flow(self._search, greys[1], greys[0])
        followed = _followed(*greys, back)
        return Motion(back * np.float32(now.shape[1] / greys[1].shape[1]), followed)

    def _grey(self, rgb: Rgb) -> Grey:
        """Its small picture: today's newest frame is the next answered one."""
        for known, grey in self._greys:
            if known() is rgb:
                return grey
        grey = small_grey(rgb)
        self._greys.append((ref(rgb), grey))
        return grey


def _followed(before: Grey, now: Grey, back: Field) -> float:
    """The share of windows that are alike once the picture before is carried along."""
    size = now.shape[1] // 2, now.shape[0] // 2
    half = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (before, now)]
    ways = cv2.resize(back, size, interpolation=cv2.INTER_AREA) * 0.5
    columns, rows = _pixels(size[1], size[0])
    carried = cv2.remap(
        half[0],
        columns + ways[..., 0],
        rows + ways[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    lit = cv2.max(carried, half[1]) >= LIT_FROM
    if not lit.any():
        return 1.0
    one, other = carried.astype(np.float32), half[1].astype(np.float32)
    ones, others = _mean(one), _mean(other)
    both = _mean(one * other) - ones * others
    spreads = (_mean(one * one) - ones * ones) * (_mean(other * other) - others * others)
    alike = (both + NOISE) / (np.sqrt(np.maximum(spreads, 0)) + NOISE)
    return float((alike >= ALIKE)[lit].mean())


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(values, (WINDOW_PX, WINDOW_PX)), dtype=np.float32)


def _pixels(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(height, width) each: x and y of every pixel."""
    columns = np.arange(width, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    return np.broadcast_to(columns, (height, width)), np.broadcast_to(rows, (height, width))
