"""The field of view: where in a frame a picture is seen, in one picture and over many."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.quality.circle import OUTSIDE_LIT, Circle, Scan, find_circle
from lmsfa.quality.rectangle import Rectangle, find_rectangle, holds_picture_beside

CONFIRMING_FRAMES = 3
"""One odd picture neither makes a field nor takes it away."""
SAME = 0.02
"""Circles that differ by a smaller share of the height are one, that moves."""
NEW_WEIGHT = 0.3
"""Of the newest picture in the circle that is followed."""
STANDS_PX = 1.0
"""A smaller movement is not told: what is drawn inside need not be drawn anew."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Field:
    """Where a frame shows a picture; bars, words beside it and a lens's black are outside.

    Attributes:
        rectangle: the part that a network is given. Of a round picture the black around it is in
            it: networks are trained on such pictures as they are.
        circle: where the lens sees, in frame pixels; None: all of the rectangle.
    """

    rectangle: Rectangle
    circle: Circle | None = None

    @classmethod
    def whole(cls, height: int, width: int) -> Field:
        """All of a frame."""
        return cls(Rectangle.whole(height, width))

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width): 255 inside, 0 outside."""
        inside = np.zeros((height, width), dtype=np.uint8)
        self.rectangle.cut(inside)[:] = 255
        if self.circle is not None:
            cv2.min(inside, self.circle.mask(height, width), inside)
        return inside

    def scaled(self, x: float, y: float) -> Field:
        """The same in a frame so many times as wide and as high, by nearly the same factor."""
        circle = None if self.circle is None else self.circle.scaled(y)
        return Field(self.rectangle.scaled(x, y), circle)

    @property
    def area_px(self) -> float:
        """Pixels of it, about."""
        height, width = self.rectangle.shape
        if self.circle is None:
            return height * width
        return min(height * width, math.pi * self.circle.radius_px**2)


def field_of(rgb: Rgb) -> Field:
    """The field of view of one picture, by that picture alone; where it is not certain, all of it.

    Args:
        rgb: (H, W, 3) uint8 RGB.
    """
    return FieldOfView().follow(rgb)


class FieldOfView:
    """Knows the field of view of one source; on one thread.

    Its first picture decides at once, later ones only several in a row.
    """

    def __init__(self) -> None:
        self._size, self._is_round = (0, 0), False
        self._forget(Rectangle.whole(0, 0))

    def follow(self, rgb: Rgb) -> Field:
        """The field of this picture, by those before it too.

        Args:
            rgb: (H, W, 3) uint8 RGB, the next picture of the source.
        """
        if rgb.shape[:2] != self._size:
            self._size = rgb.shape[0], rgb.shape[1]
            self._forget(find_rectangle(rgb))
            self._needed = 1
        elif not self._is_round:
            self._follow_rectangle(rgb)
        scan = Scan(self._bars.cut(rgb), self._bars.left, self._bars.top)
        found = find_circle(scan, self._circle)
        # Beside a circle that is seen bars add nothing, and looking for them takes the longest.
        self._is_round = found is not None and self._circle is not None
        if found is None:
            self._miss(scan)
        else:
            self._take(found)
        self._needed = CONFIRMING_FRAMES
        self._tell()
        return self._field

    def _forget(self, bars: Rectangle) -> None:
        """Begins anew with what is known of the bars."""
        self._bars, self._smaller = bars, bars
        self._field = Field(bars)
        self._circle: Circle | None = None
        self._told: Circle | None = None
        self._candidate: Circle | None = None
        self._seen = self._refuted = self._seen_smaller = self._strange = 0
        self._needed = CONFIRMING_FRAMES
        self._is_round = False

    def _follow_rectangle(self, rgb: Rgb) -> None:
        """Lets bars go where a picture stands, and takes those that are new."""
        strange = holds_picture_beside(rgb, self._bars)
        self._strange = self._strange + 1 if strange else 0
        smaller = find_rectangle(rgb, None if strange else self._bars)
        same = smaller == self._smaller
        self._smaller = smaller
        self._seen_smaller = self._seen_smaller + 1 if same else 1
        is_new = smaller != self._bars and self._seen_smaller >= CONFIRMING_FRAMES
        if is_new or self._strange >= CONFIRMING_FRAMES:
            # A bar that is found again where it was is one that holds more than words.
            if smaller != self._bars:
                self._forget(smaller)
            self._strange = 0

    def _take(self, found: Circle) -> None:
        self._refuted = 0
        reach_px = SAME * self._size[0]
        if self._circle is not None and self._circle.is_near(found, reach_px):
            self._candidate, self._seen = None, 0
            self._move(_between(self._circle, found))
            return
        same = self._candidate is not None and self._candidate.is_near(found, reach_px)
        self._seen = self._seen + 1 if same else 1
        self._candidate = found
        if self._seen >= self._needed:
            self._move(found)

    def _move(self, circle: Circle) -> None:
        self._circle = circle
        if self._told is None or not self._told.is_near(circle, STANDS_PX):
            self._told = circle

    def _miss(self, scan: Scan) -> None:
        """A dark picture says nothing of its rim; light outside of it says that it is gone."""
        self._candidate, self._seen = None, 0
        if self._circle is None:
            return
        self._refuted = self._refuted + 1 if scan.lit_shares(self._circle)[1] > OUTSIDE_LIT else 0
        if self._refuted >= CONFIRMING_FRAMES:
            self._forget(self._bars)

    def _tell(self) -> None:
        """Brings the field up to date; the same object while nothing has changed."""
        if self._told is self._field.circle:
            return
        self._field = Field(self._bars, self._told)


def _between(old: Circle, new: Circle) -> Circle:
    return replace(
        old,
        x=old.x + NEW_WEIGHT * (new.x - old.x),
        y=old.y + NEW_WEIGHT * (new.y - old.y),
        radius_px=old.radius_px + NEW_WEIGHT * (new.radius_px - old.radius_px),
    )
