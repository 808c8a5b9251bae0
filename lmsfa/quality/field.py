"""Follows the field of view over a source's pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lmsfa.quality.circle import OUTSIDE_LIT, Circle, Scan, find_circle

CONFIRMING_FRAMES = 3
"""One odd picture neither makes a circle nor takes it away."""
SAME = 0.02
"""Circles that differ by a smaller share of the height are one, that moves."""
NEW_WEIGHT = 0.3
"""Of the newest picture in the circle that is followed."""
STANDS_PX = 1.0
"""A smaller movement is not told: what is drawn inside need not be drawn anew."""


class FieldOfView:
    """Knows the circle that a source's lens shows; on one thread."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._forget()

    def follow(self, rgb: NDArray[np.uint8]) -> Circle | None:
        """The circle of this picture, or None: all of it is field, or no circle is certain.

        Args:
            rgb: (H, W, 3) uint8 RGB, the next picture of the source.
        """
        if rgb.shape[:2] != self._size:
            self._size = rgb.shape[0], rgb.shape[1]
            self._forget()
        scan = Scan(rgb)
        found = find_circle(scan, self._circle)
        if found is None:
            self._miss(scan)
        else:
            self._take(found)
        return self._told

    def _forget(self) -> None:
        self._circle: Circle | None = None
        self._told: Circle | None = None
        self._candidate: Circle | None = None
        self._seen = self._refuted = 0

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
        if self._seen >= CONFIRMING_FRAMES:
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
            self._forget()


def _between(old: Circle, new: Circle) -> Circle:
    return replace(
        old,
        x=old.x + NEW_WEIGHT * (new.x - old.x),
        y=old.y + NEW_WEIGHT * (new.y - old.y),
        radius_px=old.radius_px + NEW_WEIGHT * (new.radius_px - old.radius_px),
    )
