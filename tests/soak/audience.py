"""Sees every painting of a window, and judges its overlay by the pixels that were painted."""

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from made_oracle import CARD

from app.core.self_test.time_code import read_code
from app.core.snapshot import Signal
from app.ui.self_test.witness import painted_picture, pixels_of
from app.ui.video_view import _Scaled
from app.ui.window import Window
from tests.soak.sender import RATE_FPS

OF_SIGNAL = ("SIGNAL LOST", *(signal.value for signal in Signal if signal is not Signal.GOOD))
OF_MODEL = ("AI FAULT", "AI LOADING", "NO MODEL", "AI OFF")
"""While one of these stands, no overlay may."""
LEAST_IOU = 0.5
"""Of painted structures with the true ones of the same picture; an old overlay has less."""
LEAST_SHARE = 0.02
"""Of the picture; of smaller structures the outline's pixels decide."""
ON_THE_WAY_S = 0.08
"""Between a painted picture and the one that its overlay was made for may lie the oldest age that
is allowed, and this: ages are judged a moment before, and numbers count from the sender."""
LEFT_S = 1.0
"""Until a painted overlay is painted over, since the picture that it was made for was due."""
REPAINTED_S = 0.25
"""A painting may stand so long beside a word that forbids it, until the next one."""


@dataclass(frozen=True, slots=True)
class Painting:
    """What was on screen from a moment on.

    Attributes:
        at_s: when, monotonic clock, seconds.
        number: of the picture, read from what was painted; None where none can be read.
        answered: number of the picture that the overlay was made for; None without an overlay.
        rgb: what was painted, where any pixel of it is not the picture's own; else None.
    """

    at_s: float
    number: int | None
    answered: int | None = None
    rgb: np.ndarray | None = None


class SeenWindow(Window):
    """A window that remembers its last scene, and every change of its words."""

    def __init__(self, controller):
        super().__init__(controller)
        self.scene, self.said = None, []

    def show_scene(self, scene):
        super().show_scene(scene)
        self.scene = scene
        texts = (*self.chips.texts, *self.top.texts)
        if not self.said or self.said[-1][1] != texts:
            self.said.append((time.monotonic(), texts))

    def fit(self, width, height):
        """Makes room for a picture of this size, and for banners beside it, once it is shown."""
        self.resize(self.width() + width - self.view.width(), self.height())
        self.resize(self.width(), self.height() + 3 * height - self.view.height())

    def said_of(self, words, since_s):
        """Every text with one of the words that came after a moment."""
        said = [text for at_s, texts in self.said if at_s >= since_s for text in texts]
        return sorted({text for text in said if any(word in text for word in words)})

    def stood(self, words):
        """From when until when one of the words was on screen."""
        changes = [*self.said, (time.monotonic(), ())]
        return [
            (at_s, until_s)
            for (at_s, texts), (until_s, _) in pairwise(changes)
            if any(word in text for text in texts for word in words)
        ]


class Audience:
    """Looks at every painting as it happens, and at its overlay when there is time.

    Args:
        window: a `SeenWindow`.
        phantom: what the pictures show.
        due_s: when the picture of a number was due, monotonic clock, seconds.
        max_age_s: of overlays.
    """

    def __init__(self, window, phantom, due_s, max_age_s):
        self._oldest_s = max_age_s + ON_THE_WAY_S
        self._window, self._phantom, self._due_s = window, phantom, due_s
        self._plain = _Scaled()
        self.paintings, self.ious, self.stale, self.counts = [], [], [], Counter()
        window.view.painted.connect(self._on_painted)

    @property
    def has_overlay(self):
        return self._window.scene is not None and self._window.scene.layer is not None

    def _on_painted(self, _judged_s):
        view, now_s = self._window.view, time.monotonic()
        if view._frame is None or self._window.scene is None:
            return
        rgb = painted_picture(view)
        number = read_code(rgb)
        plain = pixels_of(self._plain.image(view._frame.rgb, rgb.shape[:2]))
        if np.array_equal(rgb, plain):
            self.paintings.append(Painting(now_s, number))
            return
        result = self._window.scene.snapshot.result
        answered = None if result is None else read_code(result.frame.rgb)
        self.paintings.append(Painting(now_s, number, answered, rgb))

    def judge(self, bound_s, faulty=()):
        """Looks at all paintings so far, and forgets them.

        Args:
            bound_s: a picture that stands for longer must be named by a word about the signal.
            faulty: from when until when no overlay may stand, whatever the window says.

        Returns:
            What was wrong with overlays, pictures that stood without a word, and for how long any
            picture stood, seconds.
        """
        forbidden = [*self._window.stood((*OF_SIGNAL, *OF_MODEL)), *faulty]
        stands = [*self.paintings, Painting(time.monotonic(), None)]
        left_s = max(LEFT_S, bound_s + self._oldest_s)
        wrong = [self._wrong(one, then.at_s, forbidden, left_s) for one, then in pairwise(stands)]
        stale = [found for found in wrong if found]
        self.stale += stale
        stands_s = [(one.at_s, then.at_s - one.at_s) for one, then in pairwise(self._news())]
        unnamed = self._unnamed(stands_s, bound_s)
        self.paintings = []
        return stale, unnamed, max((stood_s for _, stood_s in stands_s), default=0.0)

    def _news(self):
        """The paintings that showed another picture than those before."""
        return [
            now
            for before, now in pairwise([Painting(0.0, -1), *self.paintings])
            if now.number is None or now.number != before.number
        ]

    def _unnamed(self, stands_s, bound_s):
        """How long pictures stood beyond a bound while no word about the signal came, seconds."""
        words = self._window.stood(OF_SIGNAL)
        return [
            round(stood_s, 3)
            for at_s, stood_s in stands_s
            if stood_s > bound_s + REPAINTED_S
            and not any(a_s < at_s + bound_s and b_s > at_s for a_s, b_s in words)
        ]

    def _wrong(self, painting, until_s, forbidden, longest_s):
        """What is wrong with an overlay that stood until a moment; empty where nothing is."""
        self.counts["painted"] += 1
        if painting.rgb is None:
            self.counts["without an overlay"] += 1
            return {}
        stood_s = (min(until_s, b_s) - max(painting.at_s, a_s) for a_s, b_s in forbidden)
        under_s = max(stood_s, default=0.0)
        said = {"at_s": round(painting.at_s, 3), "number": painting.number}
        if under_s > REPAINTED_S or any(a_s <= painting.at_s < b_s for a_s, b_s in forbidden):
            return {**said, "under_a_fault_s": round(under_s, 3)}
        if painting.number is None or painting.answered is None:
            self.counts["on a faulty picture, before its word was due"] += 1
            return {}
        self.counts["compared with the true masks"] += 1
        age_s = (painting.number - painting.answered) / RATE_FPS
        left_s = until_s - self._due_s(painting.answered)
        iou = self._iou(painting)
        if iou is not None:
            self.ious.append(iou)
        is_true = (
            0 <= age_s <= self._oldest_s
            and left_s <= longest_s
            and (iou is None or iou >= LEAST_IOU)
        )
        figures = {"age_s": round(age_s, 3), "left_s": round(left_s, 3), "iou": iou}
        return {} if is_true else {**said, **figures}

    def _iou(self, painting):
        """Mean over structures of how painted and true pixels agree; None without a large one."""
        view = self._phantom.at(painting.number / RATE_FPS, painting.number)
        size = painting.rgb.shape[1::-1]
        numbers = cv2.resize(view.numbers, size, interpolation=cv2.INTER_NEAREST)
        classes = np.array((-1, *view.classes))[numbers]
        found = []
        for class_id, spec in enumerate(CARD.classes):
            true = classes == class_id
            if true.mean() < LEAST_SHARE:
                continue
            painted = (painting.rgb == np.uint8(spec.colour)).all(axis=2)
            found.append(np.count_nonzero(true & painted) / np.count_nonzero(true | painted))
        return round(float(np.mean(found)), 3) if found else None
