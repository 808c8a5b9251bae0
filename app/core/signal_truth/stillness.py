"""Whether a picture stands: a paused tower repeats one picture, without its sensor's noise.

Equal pictures stand, unless an encoder leaves out what hardly changes. Behind one of these a
standing picture still changes a little, and leaps with every key picture: most of its steps must
fall far below those that the source takes while it lives, which are learned in its first seconds.

Two things cannot be told. Noise that comes in after the pause, as by an analogue cable, looks like
a sensor's. And an encoder that drops the sensor's noise makes a camera at rest and a paused tower
one and the same: of a source that has rested so nothing is said, one that first does after having
moved is called frozen until it moves again.
"""

from __future__ import annotations

from collections import deque
from statistics import median

import numpy as np

from app.core.signal_truth.looks import Colours

TILE = 4
"""Cells of the coarse picture along a tile's side."""
LIT_FROM = 24
"""Darker tiles say nothing: the black around a round picture always stands."""
STANDING_SHARE = 0.9
"""Of the lit tiles: a paused tower may still show its clock."""
EQUAL_S = 0.7
"""Equal pictures stand after so long; the promise is one second."""
WINDOW_S = 0.75
"""Steps of so long are looked at together."""
LEAST_RATE_S = 0.2
"""Pictures that come less often are not judged by their steps."""
MOST = 0.55
"""Share of them that counts; a key picture and those that mend it are fewer."""
FALLEN = 0.1
"""Of a source's own step; behind H.264 of 0.3 bits a pixel 0.08 when it stands, 0.13 at rest."""
BACK = 0.3
"""Of that step; most of the last pictures moving by more show that it lives again."""
BACK_PICTURES = 5
LIFE = (0.15, 0.8)
"""Grey values. Sources that move less are not judged by it; more is motion, not noise."""
SETTLING_S = 3.0
"""An encoder that has just begun is generous; what it shows then is not learned."""
LIVED_S = 1.5
"""After so long what was not named is taken for life; so much of it makes a source known."""
LIFE_PICTURES = 900
"""The last ones, at most, that a source's own step is learned from."""
CALM = 0.1
"""Quantile of a source's steps that is its own: motion comes and goes, noise stays."""


class Stillness:
    """Follows one source's pictures. On one thread.

    Args:
        leaves_out: as in `SourceInfo`; then equal pictures stand only once it has lived otherwise.

    Attributes:
        is_frozen: whether the picture stands.
        stands_s: for how long nearly all of it has been equal, seconds.
    """

    def __init__(self, *, leaves_out: bool) -> None:
        self._leaves_out = leaves_out
        self.is_frozen = False
        self.stands_s = 0.0
        self._begun_s: float | None = None
        self._kept: Colours | None = None
        self._since_s = 0.0
        self._last: Colours | None = None
        self._steps: deque[tuple[float, float]] = deque()
        self._doubtful: deque[tuple[float, float]] = deque()
        self._lived: deque[tuple[float, float]] = deque(maxlen=LIFE_PICTURES)

    def follow(self, coarse: Colours, captured_s: float) -> None:
        """Looks at the next picture.

        Args:
            coarse: as `looks.coarse_colours`.
            captured_s: when it was captured, monotonic clock, seconds.
        """
        if self._begun_s is None:
            self._begun_s = captured_s
        if self._kept is None or not _same(self._kept, coarse):
            self._kept, self._since_s = coarse, captured_s
        self.stands_s = captured_s - self._since_s
        step = None if self._last is None else _step(self._last, coarse)
        self._last = coarse
        if step is None:
            self._steps.clear()
        else:
            self._steps.append((captured_s, step))
        while self._steps and self._steps[0][0] <= captured_s - WINDOW_S:
            self._steps.popleft()
        self._judge(captured_s)

    def _judge(self, captured_s: float) -> None:
        own = self._own_step()
        if self.is_frozen:
            self.is_frozen = not self._lives_again(own)
            return
        usual = self._usual_step(captured_s)
        is_known = own is not None and own >= LIFE[0]
        is_equal = self.stands_s >= EQUAL_S and (is_known or not self._leaves_out)
        has_fallen = own is not None and is_known and usual is not None and usual < FALLEN * own
        self.is_frozen = is_equal or has_fallen
        if self.is_frozen:
            self._doubtful.clear()
        elif usual is not None and captured_s - (self._begun_s or 0.0) >= SETTLING_S:
            self._learn(usual, captured_s)

    def _lives_again(self, own: float | None) -> bool:
        if self.stands_s >= EQUAL_S:
            return False
        last = [step for _, step in self._steps][-BACK_PICTURES:]
        lives = own is None or not last or median(last) > BACK * own
        if lives:
            self._steps.clear()
        return lives

    def _usual_step(self, captured_s: float) -> float | None:
        """What most steps of the last time stay below, grey values; None while that is short."""
        if not self._steps or captured_s - self._steps[0][0] < WINDOW_S - LEAST_RATE_S:
            return None
        return float(np.quantile([step for _, step in self._steps], MOST, method="higher"))

    def _own_step(self) -> float | None:
        """How much the source changes from picture to picture while it lives; None: not known."""
        lived = self._lived
        if not lived or lived[-1][0] - lived[0][0] < LIVED_S:
            return None
        return min(float(np.quantile([usual for _, usual in lived], CALM)), LIFE[1])

    def _learn(self, usual: float, captured_s: float) -> None:
        self._doubtful.append((captured_s, usual))
        while self._doubtful[0][0] < captured_s - LIVED_S:
            self._lived.append(self._doubtful.popleft())


def _step(first: Colours, second: Colours) -> float | None:
    """Mean change of the lit cells, grey values; None where all is dark, or of another size."""
    if first.shape != second.shape:
        return None
    lit = np.maximum(first, second).max(axis=2) >= LIT_FROM
    return float(np.abs(first - second)[lit].mean()) if lit.any() else None


def _same(first: Colours, second: Colours) -> bool:
    """Whether nearly all lit tiles are equal, value by value: a sensor's noise never is."""
    if first.shape != second.shape:
        return False
    rows, columns = (side // TILE for side in first.shape[:2])
    if not rows or not columns:
        return np.array_equal(first, second)
    area = first[: rows * TILE, : columns * TILE], second[: rows * TILE, : columns * TILE]
    tiles = [part.reshape(rows, TILE, columns, TILE, 3) for part in area]
    # In one of the two: after a black picture the light that comes back is a change.
    lit = np.maximum(*tiles).max(axis=(1, 3, 4)) >= LIT_FROM
    if not lit.any():
        return True
    stands = (tiles[0] == tiles[1]).all(axis=(1, 3, 4))
    return bool(stands[lit].mean() >= STANDING_SHARE)
