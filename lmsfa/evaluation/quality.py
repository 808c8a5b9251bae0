"""How often each cause of a weak overlay is said: on pictures as they are, and on spoilt ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import Sample
from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
from lmsfa.data.pictures import read_rgb
from lmsfa.data.smooth_noise import smooth_noise
from lmsfa.evaluation.robustness import seed_of
from lmsfa.quality.condition import Condition, Quality
from lmsfa.quality.monitor import TAKING_BACK, UNJUDGED, QualityMonitor, View

NAMED: Mapping[str, Quality] = MappingProxyType(
    {
        "glare": Quality.GLARE,
        "blood": Quality.BLOOD,
        "smoke": Quality.SMOKE,
        "blur": Quality.BLURRED,
        "low light": Quality.DARK,
    }
)
"""The word for each corruption; a noisy picture has none."""
SHOWN_FRAMES = 2 * TAKING_BACK + 6
"""Of each picture: by then what was said of the one before is taken back."""
MOVED_PX = 6
NOISE = 2.0
"""Grey values of a sensor's noise, its deviation."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class QualityRow:
    """What was said of the pictures under one corruption at one level; level 0: as they are.

    Attributes:
        corruption: a name of `CORRUPTIONS`, "" for none, or that of a made room.
        level: 0..5.
        pictures: how many.
        lines: pictures under each line; "" where nothing was said.
        named: pictures of which the corruption's own word was said.
        off: pictures on which no overlay would be drawn.
        circles: pictures in which a round field of view was found.
    """

    corruption: str
    level: int
    pictures: int
    lines: dict[str, int]
    named: int
    off: int
    circles: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def judge_quality(samples: Sequence[Sample], every: int) -> list[QualityRow]:
    """Judges pictures as a camera would show them: each for a moment, moving, with noise.

    Args:
        samples: all are judged as they are.
        every: each so many-th is judged under every corruption too.
    """
    pictures = [sample.frame_path for sample in samples]
    rows = [_row("", 0, _said([read_rgb(path)] for path in pictures))]
    for name, corrupt in CORRUPTIONS.items():
        for level in LEVELS:
            # Spoilt while it is looked at: a source that never was clear cannot be known for soft.
            spoilt = (
                [rgb, corrupt(rgb, level, seed_of(rgb))] for rgb in map(read_rgb, pictures[::every])
            )
            rows.append(_row(name, level, _said(spoilt)))
    rows.append(_row("a made room", 0, _said([room] for room in rooms(len(pictures[::every])))))
    return rows


def rooms(count: int, height: int = 360, width: int = 480) -> Iterator[Rgb]:
    """Made walls, drapes and ceilings: what a lens shows before it is in the body."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        cloth = np.array(
            [(150, 150, 150), (60, 130, 105), (70, 105, 150), (215, 216, 214)][seed % 4]
        )
        folds = 0.15 * smooth_noise(rng, (height, width), 0.3)
        weave = 0.05 * smooth_noise(rng, (height, width), 0.02)
        yield np.clip(cloth * (0.85 + folds + weave)[..., None], 0, 255).astype(np.uint8)


def _said(moments: Iterator[list[Rgb]]) -> list[View]:
    """What is said at the end of each moment, by one monitor that sees them all."""
    monitor = QualityMonitor()
    found = []
    for pictures in moments:
        view = UNJUDGED
        for frame in chain.from_iterable(map(_shown, pictures)):
            view = monitor.judge(frame)
        found.append(view)
    return found


def _shown(rgb: Rgb) -> Iterator[Rgb]:
    rng = np.random.default_rng(seed_of(rgb))
    noise = rng.normal(0, NOISE, rgb.shape).astype(np.float32)
    height, width = rgb.shape[:2]
    for number in range(SHOWN_FRAMES):
        x, y = MOVED_PX * np.sin(number / 5), MOVED_PX * np.cos(number / 7)
        moved = cv2.warpAffine(
            rgb,
            np.array([[1, 0, x], [0, 1, y]]),
            (width, height),
            borderMode=cv2.BORDER_REFLECT,
        )
        grain = np.roll(noise, number * 37, axis=1)
        yield np.asarray(cv2.add(moved, grain, dtype=cv2.CV_8U), dtype=np.uint8)


def _row(name: str, level: int, views: list[View]) -> QualityRow:
    said: list[Condition] = [view.condition for view in views]
    word = NAMED.get(name, Quality.OUT_OF_BODY)
    return QualityRow(
        corruption=name,
        level=level,
        pictures=len(said),
        lines=dict(Counter(condition.line for condition in said)),
        named=sum(condition.quality is word for condition in said),
        off=sum(condition.is_off for condition in said),
        circles=sum(view.field is not None and view.field.circle is not None for view in views),
    )
