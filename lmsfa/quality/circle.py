"""Finds the circle in which an endoscope's lens shows something."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.quality.rectangle import Rectangle

ROWS = 48
"""Rows that are looked at, over the whole height."""
BLACK_BELOW = 40
"""What is black around a picture is darker, video black and noise included."""
ABOVE_BLACK = 16
"""How much brighter than its corners a picture's rim is at least."""
DENSE = (1 / 40, 0.7)
"""A rim is followed by a share of the width that is lit to this share: letters are not."""
GUESSES = 48
TOLERANCE = 0.006
"""How far a rim's point may be from the circle, as a share of the height: an octagon's are not."""
LEAST_RADIUS = 0.25
"""Of the height."""
FEWEST_POINTS = 16
RIM_SHARE = 0.4
"""Of the points on the circle; others are dark tissue, instruments and words."""
BEYOND_SHARE = 0.2
"""Of the points beyond the circle: words, logos; but not the corners of an octagon."""
OUTSIDE_SHARE = 0.03
"""Of the picture outside of the circle; a smaller one hides nothing that were worth a circle."""
OUTSIDE_LIT = 0.15
"""Of what lies outside: words and logos."""
INSIDE_LIT = 0.3

Rgb = NDArray[np.uint8]
Points = NDArray[np.float64]

_TRIPLES = np.random.default_rng(0).random((GUESSES, 3))


@dataclass(frozen=True, slots=True)
class Circle:
    """Where a lens sees: centre and radius, pixels; pixel centres lie on halves."""

    x: float
    y: float
    radius_px: float

    def mask(self, height: int, width: int) -> NDArray[np.uint8]:
        """(height, width): 255 inside, 0 outside."""
        inside = np.zeros((height, width), dtype=np.uint8)
        centre = round((self.x - 0.5) * 16), round((self.y - 0.5) * 16)
        cv2.circle(inside, centre, round(self.radius_px * 16), 255, cv2.FILLED, cv2.LINE_8, 4)
        return inside

    def scaled(self, factor: float, share: float = 1.0) -> Circle:
        """The same in a picture `factor` times as large, with a share of its radius."""
        return Circle(self.x * factor, self.y * factor, self.radius_px * factor * share)

    def moved(self, x_px: float, y_px: float) -> Circle:
        """The same so far to the right and down."""
        return Circle(self.x + x_px, self.y + y_px, self.radius_px)

    def box(self, around_px: float) -> Rectangle:
        """The smallest rectangle of whole pixels that holds it and so much around it."""
        reach_px = self.radius_px + around_px
        left, top = (math.floor(middle - reach_px) for middle in (self.x, self.y))
        right, bottom = (math.ceil(middle + reach_px) for middle in (self.x, self.y))
        return Rectangle(left, top, right, bottom)

    def is_near(self, other: Circle, reach_px: float) -> bool:
        """Whether centre and radius differ by so much at most."""
        away_px = np.hypot(self.x - other.x, self.y - other.y)
        return bool(away_px <= reach_px and abs(self.radius_px - other.radius_px) <= reach_px)


class Scan:
    """Which pixels of some rows are brighter than the black around a round picture.

    Points and circles are in the frame's pixels.

    Args:
        rgb: (H, W, 3) uint8 RGB, a frame, or the part of it that bars leave.
        left_px: where that part begins in the frame.
        top_px: where that part begins in the frame.
    """

    def __init__(self, rgb: Rgb, left_px: int = 0, top_px: int = 0) -> None:
        self._left_px = left_px
        self.height, self.width = rgb.shape[:2]
        rows = np.linspace(0.01 * self.height, 0.99 * self.height - 1, ROWS).astype(np.intp)
        chosen = rgb[rows]
        # Flesh is red; two channels are enough.
        light = cv2.max(cv2.extractChannel(chosen, 0), cv2.extractChannel(chosen, 1))
        side = max(1, self.width // 24)
        corners = [light[:3, :side], light[:3, -side:], light[-3:, :side], light[-3:, -side:]]
        black = [value for value in map(np.median, corners) if value < BLACK_BELOW]
        self.has_black_corners = len(black) >= 3
        least = (float(np.median(black)) if black else BLACK_BELOW) + ABOVE_BLACK
        self.lit = cv2.threshold(light, least, 255, cv2.THRESH_BINARY)[1]
        self._middles = rows + 0.5 + top_px

    def rim(self) -> Points:
        """(N, 2) x and y where rows begin and end to be lit; not where the picture's edge cuts."""
        length, share = max(3, round(self.width * DENSE[0])), 255 * DENSE[1]
        begins = (self.lit > 0) & (cv2.blur(self.lit, (length, 1), anchor=(0, 0)) >= share)
        backwards = np.ascontiguousarray(self.lit[:, ::-1])
        ends = (backwards > 0) & (cv2.blur(backwards, (length, 1), anchor=(0, 0)) >= share)
        first, last = begins.argmax(axis=1), ends.argmax(axis=1)
        seen = begins.any(axis=1) & ends.any(axis=1)
        left, right = seen & (first > 1), seen & (last > 1)
        xs = np.concatenate([first[left], self.width - last[right]]).astype(np.float64)
        ys = np.concatenate([self._middles[left], self._middles[right]])
        return np.stack([xs + self._left_px, ys], axis=1)

    def lit_shares(self, circle: Circle) -> tuple[float, float, float]:
        """How much lies outside of a circle, how much of it is lit, and how much of the inside."""
        step = max(1, self.width // 128)
        lit = self.lit[:, ::step] > 0
        x = np.arange(lit.shape[1]) * step + 0.5 + self._left_px
        away_px = np.hypot(x - circle.x, self._middles[:, None] - circle.y)
        outside = away_px > 1.02 * circle.radius_px + 2
        inside = away_px < 0.97 * circle.radius_px
        return float(outside.mean()), _share(lit[outside]), _share(lit[inside])


def find_circle(scan: Scan, expected: Circle | None = None) -> Circle | None:
    """The circle of a round picture on black, or None where it is not certain that there is one.

    Args:
        scan: of the picture.
        expected: where it may be, which is faster than to look everywhere.
    """
    points = scan.rim() if scan.has_black_corners else np.empty((0, 2))
    if len(points) < FEWEST_POINTS:
        return None
    tolerance_px = max(1.5, TOLERANCE * scan.height)
    if expected is not None:
        near = _away(points, expected) < 3 * tolerance_px
        circle = _settled(points, near, tolerance_px, scan)
        if circle is not None:
            return circle
    return _settled(points, _consensus(points, tolerance_px, scan), tolerance_px, scan)


def _consensus(points: Points, tolerance_px: float, scan: Scan) -> NDArray[np.bool_]:
    """(N,) the points on the circle through three of them that most others lie on."""
    guesses = _through(points[(_TRIPLES * len(points)).astype(np.intp)])
    least, most = LEAST_RADIUS * scan.height, float(max(scan.height, scan.width))
    guesses = guesses[(guesses[:, 2] > least) & (guesses[:, 2] < most)]
    if not len(guesses):
        return np.zeros(len(points), dtype=np.bool_)
    away_px = np.hypot(points[:, 0] - guesses[:, :1], points[:, 1] - guesses[:, 1:2])
    near = np.abs(away_px - guesses[:, 2:]) < tolerance_px
    return np.asarray(near[int(near.sum(axis=1).argmax())])


def _settled(
    points: Points, chosen: NDArray[np.bool_], tolerance_px: float, scan: Scan
) -> Circle | None:
    """The circle of the chosen points, then of those on it, if it is certain to be one."""
    circle: Circle | None = None
    for _ in range(2):
        if chosen.sum() < FEWEST_POINTS:
            return None
        circle = _fitted(points[chosen])
        chosen = _away(points, circle) < tolerance_px
    return circle if circle and _is_certain(circle, points, chosen, scan) else None


def _away(points: Points, circle: Circle) -> Points:
    """(N,) distance of points from a circle's line, pixels."""
    from_centre = np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y)
    return np.asarray(np.abs(from_centre - circle.radius_px))


def _is_certain(circle: Circle, points: Points, chosen: NDArray[np.bool_], scan: Scan) -> bool:
    """Whether the rim is seen on three sides, with black outside and a picture inside."""
    if chosen.sum() < max(FEWEST_POINTS, RIM_SHARE * len(points)):
        return False
    beyond = np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y) > circle.radius_px
    if np.count_nonzero(beyond & ~chosen) > BEYOND_SHARE * len(points):
        return False
    x, y = points[chosen].T
    sides = np.bincount(2 * (x > circle.x) + (y > circle.y), minlength=4)
    if np.count_nonzero(sides >= 2) < 3 or circle.radius_px < LEAST_RADIUS * scan.height:
        return False
    outside, outside_lit, inside_lit = scan.lit_shares(circle)
    return outside >= OUTSIDE_SHARE and outside_lit <= OUTSIDE_LIT and inside_lit >= INSIDE_LIT


def _through(triples: Points) -> Points:
    """(G, 3, 2) points -> (G, 3) x, y and radius of the circles through them; inf for lines."""
    (ax, ay), (bx, by), (cx, cy) = (triples[:, k].T for k in range(3))
    bx, by, cx, cy = bx - ax, by - ay, cx - ax, cy - ay
    with np.errstate(divide="ignore", invalid="ignore"):
        twice = 2 * (bx * cy - by * cx)
        x = (cy * (bx**2 + by**2) - by * (cx**2 + cy**2)) / twice
        y = (bx * (cx**2 + cy**2) - cx * (bx**2 + by**2)) / twice
    return np.stack([x + ax, y + ay, np.hypot(x, y)], axis=1)


def _fitted(points: Points) -> Circle:
    """The circle of least squares (Kåsa 1976)."""
    middle = points.mean(axis=0)
    near = points - middle
    system = np.column_stack([2 * near, np.ones(len(near))])
    (x, y, rest), *_ = np.linalg.lstsq(system, (near**2).sum(axis=1), rcond=None)
    return Circle(x + middle[0], y + middle[1], float(np.sqrt(max(0.0, rest + x * x + y * y))))


def _share(lit: NDArray[np.bool_]) -> float:
    return float(lit.mean()) if lit.size else 0.0
