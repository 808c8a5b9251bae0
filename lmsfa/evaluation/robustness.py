"""How much of a model's accuracy is left under glare, blood, smoke and the like."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
from lmsfa.evaluation.answers import gather
from lmsfa.evaluation.coco import judge, mean
from lmsfa.prediction import Prediction
from lmsfa.registry import Engine

SHEET_HEIGHT_PX = 220
"""Of one picture on the contact sheet."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class RobustnessRow:
    """One corruption at one level, 0..1; None where no true instance was looked at."""

    corruption: str
    level: int
    mask_ap50: float | None
    mask_ap: float | None


@dataclass(frozen=True, slots=True)
class Robustness:
    """Figures on clean and on corrupted pictures, from the same frames.

    Attributes:
        clean_ap50: mask AP50 of the clean pictures, 0..1.
        clean_ap: mask AP of the clean pictures, 0..1.
        rows: corruption by corruption, each from level 1 to 5.
        images: pictures that were looked at.
    """

    clean_ap50: float | None
    clean_ap: float | None
    rows: tuple[RobustnessRow, ...]
    images: int

    def of(self, corruption: str) -> tuple[RobustnessRow, ...]:
        """The rows of one corruption, level 1 first."""
        return tuple(row for row in self.rows if row.corruption == corruption)

    def retention(self, corruption: str | None = None) -> float | None:
        """Corrupted by clean mask AP, mean over the levels; None where nothing can be kept.

        Args:
            corruption: of this one alone; of all without it.
        """
        kept = mean(row.mask_ap for row in self.rows if corruption in (None, row.corruption))
        return kept / self.clean_ap if kept is not None and self.clean_ap else None

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        by_name = {name: self.retention(name) for name in CORRUPTIONS}
        return {**asdict(self), "retention": self.retention(), "retention_of": by_name}


class CorruptedView:
    """An engine that sees every frame through one corruption.

    Args:
        engine: what answers.
        corruption: a name of `CORRUPTIONS`.
        level: 1..5.
    """

    def __init__(self, engine: Engine, corruption: str, level: int) -> None:
        self._engine, self._corrupt, self._level = engine, CORRUPTIONS[corruption], level

    @property
    def card(self) -> ModelCard:
        """The engine's."""
        return self._engine.card

    @property
    def runtime(self) -> str:
        """The engine's."""
        return self._engine.runtime

    @property
    def device(self) -> str:
        """The engine's."""
        return self._engine.device

    @property
    def reason(self) -> str:
        """The engine's."""
        return self._engine.reason

    def predict(self, rgb: Rgb, frame_index: int = 0, captured_s: float = 0.0) -> Prediction:
        """As `Engine.predict`, on the corrupted frame."""
        made = self._corrupt(rgb, self._level, seed_of(rgb))
        return self._engine.predict(made, frame_index, captured_s)

    def close(self) -> None:
        """Leaves the engine open: other views go on with it."""


def seed_of(rgb: Rgb) -> int:
    """The same for a picture in every run, another one for every picture."""
    return zlib.crc32(rgb.tobytes())


def judge_robustness(
    engine: Engine, dataset: AnnotatedSet, samples: Sequence[Sample]
) -> Robustness:
    """Judges the engine on clean pictures and on every corruption and level of them.

    Args:
        engine: best from `load_whole_curve`; its classes must be the set's.
        dataset: where pictures and truth are read.
        samples: which; each costs 31 answers.

    Raises:
        DatasetError: as `gather`.
        EngineError: as `Engine.predict`.
    """
    clean = judge(gather(engine, dataset, samples))
    rows = []
    for name in CORRUPTIONS:
        for level in LEVELS:
            seen = judge(gather(CorruptedView(engine, name, level), dataset, samples))
            rows.append(RobustnessRow(name, level, seen.mask_ap50, seen.mask_ap))
    return Robustness(clean.mask_ap50, clean.mask_ap, tuple(rows), len(samples))


def contact_sheet(rgb: Rgb) -> Rgb:
    """A row a corruption: the clean picture, then levels 1 to 5; (H, W, 3) uint8 RGB."""
    rows = []
    for corrupt in CORRUPTIONS.values():
        pictures = [rgb, *(corrupt(rgb, level, seed_of(rgb)) for level in LEVELS)]
        rows.append(np.hstack([_small(picture) for picture in pictures]))
    return np.vstack(rows)


def _small(rgb: Rgb) -> Rgb:
    width = max(1, round(SHEET_HEIGHT_PX * rgb.shape[1] / rgb.shape[0]))
    small = cv2.resize(rgb, (width, SHEET_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
