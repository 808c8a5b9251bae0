"""What training pictures are like, measured, and how well other pictures are told from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from lmsfa.data.annotated import Sample
from lmsfa.data.augmentation import relight, spoil
from lmsfa.data.corruptions import CORRUPTIONS
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.pictures import read_rgb
from lmsfa.errors import InputError
from lmsfa.evaluation.quality import rooms
from lmsfa.evaluation.robustness import seed_of
from lmsfa.familiarity.features import COUNT, KIND, features
from lmsfa.familiarity.judgement import FAR, UNLIKE, Yardstick
from lmsfa.familiarity.statistics import Familiarity
from lmsfa.quality.field import field_of

VIEWS = 3
"""Of each training picture, besides the picture as it is."""
SPOILT = 0.75
"""Of these views: an eighth in each corruption."""
RELIT = 0.5
"""Of these views. Where all are, every colour is usual, and fewer pictures can be told apart."""
ZOOM = 1.6
"""As far as training zooms in. It zooms out too, onto grey that no camera shows."""
HELD_OUT_SHARE = 0.995
"""Of the held-out training pictures, below the bound."""
LEVELS = (1, 2, 3)
"""Of the corruptions: what training sees, and what must not be called unlike."""
FEWEST_PICTURES = 2 * COUNT
MADE_PICTURES = 42
"""Of each kind that the program makes."""
MADE_SIZE_PX = (540, 360)
APART_S = 11.0
"""Between two pictures of a made scene: by then the lens is elsewhere."""

Rgb = NDArray[np.uint8]
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LikenessRow:
    """What is said of one kind of pictures.

    Attributes:
        name: which.
        pictures: how many.
        auroc: how well their unlikeness tells them from all that must pass; None for those.
        unlike: share that is named UNLIKE TRAINING.
        far: share on which no overlay is drawn.
        least: the unlikeness that a tenth stays below.
        middle: their median.
        most: the greatest.
    """

    name: str
    pictures: int
    auroc: float | None
    unlike: float
    far: float
    least: float
    middle: float
    most: float


@dataclass(frozen=True, slots=True)
class LikenessReport:
    """How well pictures are told from those that are like the training's.

    Attributes:
        known: those that must pass, kind by kind.
        others: those that must be named, kind by kind.
        auroc: between all of the one and all of the other; None without one of them.
        false_alarms: share of the known that is named.
        named: share of the others that is named.
    """

    known: tuple[LikenessRow, ...]
    others: tuple[LikenessRow, ...]
    auroc: float | None
    false_alarms: float
    named: float

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def measure_familiarity(samples: Sequence[Sample], seed: int = 0) -> Familiarity:
    """Measures training pictures, as they are and as training changes them.

    The bound is that of pictures that were not measured: each group is left out in turn.

    Args:
        samples: the training split.
        seed: of the augmentation.

    Raises:
        InputError: these are too few pictures, or of one group only.
        DatasetError: one cannot be read.
    """
    names = sorted({sample.group for sample in samples})
    if len(names) < 2 or len(samples) < FEWEST_PICTURES:
        raise InputError(
            f"at least {FEWEST_PICTURES} training pictures of 2 groups are needed to say what they "
            f"are like, got {len(samples)} of {len(names)}"
        )
    rows, groups = [], []
    for number, sample in enumerate(samples):
        rgb, group = _seen(read_rgb(sample.frame_path)), names.index(sample.group)
        for view in views(rgb, np.random.default_rng([seed, number])):
            rows.append(features(view))
            groups.append(group)
    measured, of = np.array(rows), np.array(groups)
    held_out = np.concatenate(
        [_distances(_fitted(measured[of != held], 1.0), measured[of == held]) for held in set(of)]
    )
    return _fitted(measured, float(np.quantile(held_out, HELD_OUT_SHARE)))


def views(rgb: Rgb, rng: np.random.Generator) -> Iterator[Rgb]:
    """A picture as it is, then `VIEWS` times zoomed and flipped, some relit and most spoilt."""
    yield rgb
    for _ in range(VIEWS):
        view = _zoomed(rgb, rng)
        if rng.random() < RELIT:
            view = relight(view, rng)
        yield spoil(view, rng) if rng.random() < SPOILT else view


def judge_familiarity(
    familiarity: Familiarity, samples: Sequence[Sample], others: Iterable[tuple[str, Iterable[Rgb]]]
) -> LikenessReport:
    """Judges pictures that must pass, clean and corrupted, and pictures that must not.

    Args:
        familiarity: of the features that are measured here.
        samples: those that must pass; best of groups that training did not see.
        others: by name.

    Raises:
        DatasetError: a sample cannot be read.
    """
    yardstick = Yardstick(familiarity)
    known = {
        "as they are": [
            yardstick.unlikeness(_seen(read_rgb(entry.frame_path))) for entry in samples
        ]
    }
    for name, corrupt in CORRUPTIONS.items():
        for level in LEVELS:
            pictures = (read_rgb(entry.frame_path) for entry in samples)
            known[f"{name} {level}"] = [
                yardstick.unlikeness(_seen(corrupt(rgb, level, seed_of(rgb)))) for rgb in pictures
            ]
    strange = {
        name: [yardstick.unlikeness(_seen(rgb)) for rgb in pictures] for name, pictures in others
    }
    strange = {name: values for name, values in strange.items() if values}
    all_known, all_strange = (np.concatenate([*kind.values()]) for kind in (known, strange))
    return LikenessReport(
        tuple(_row(name, values, None) for name, values in known.items()),
        tuple(_row(name, values, all_known) for name, values in strange.items()),
        _auroc(all_known, all_strange),
        float((all_known >= UNLIKE).mean()),
        float((all_strange >= UNLIKE).mean()),
    )


def made_pictures() -> Iterator[tuple[str, Iterator[Rgb]]]:
    """Pictures that the program makes: its scene, rooms, colour bars, and slates with words."""
    yield "made scene", _scenes()
    yield "made rooms", rooms(MADE_PICTURES)
    yield "colour bars", (_bars(level) for level in (150, 191, 255))
    yield "plain slates", (_slate(seed) for seed in range(MADE_PICTURES))


def _scenes() -> Iterator[Rgb]:
    for seed, events in enumerate(SCENES.values()):
        phantom = Phantom(events, seed, *MADE_SIZE_PX)
        for number in range(MADE_PICTURES // len(SCENES)):
            yield phantom.at(number * APART_S, number).rgb


def _bars(level: int) -> Rgb:
    width, height = MADE_SIZE_PX
    on = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1]])
    row = on[np.arange(width) * len(on) // width] * level
    return np.broadcast_to(row, (height, width, 3)).astype(np.uint8)


def _slate(seed: int) -> Rgb:
    rng = np.random.default_rng(seed)
    width, height = MADE_SIZE_PX
    slate = np.broadcast_to(rng.integers(0, 256, 3), (height, width, 3)).astype(np.uint8)
    top, left = rng.integers(0, height - 60), rng.integers(0, width - 200)
    slate[top : top + 60, left : left + 200][rng.random((60, 200)) < 0.3] = 255
    return slate


def _seen(rgb: Rgb) -> Rgb:
    """What the network gets of a picture: bars and words beside it are cut off."""
    return field_of(rgb).rectangle.cut(rgb)


def _zoomed(rgb: Rgb, rng: np.random.Generator) -> Rgb:
    """A part of a picture, flipped by chance along each axis."""
    factor = float(np.exp(rng.uniform(0, np.log(ZOOM))))
    window = []
    for side_px in rgb.shape[:2]:
        part_px = max(1, int(side_px / factor))
        first = int(rng.integers(0, side_px - part_px + 1))
        window.append(slice(first, first + part_px))
    flips = (slice(None, None, -1 if rng.random() < 0.5 else 1) for _ in range(2))
    return np.ascontiguousarray(rgb[window[0], window[1]][tuple(flips)])


def _fitted(rows: Rows, bound: float) -> Familiarity:
    """Statistics of (N, F) features."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    precision = LedoitWolf().fit((rows - mean) / spread).precision_
    whitening = np.linalg.cholesky(precision).T / spread
    return Familiarity.of(KIND, mean, whitening, bound, len(rows))


def _distances(familiarity: Familiarity, rows: Rows) -> NDArray[np.float64]:
    away = (rows - familiarity.mean()) @ familiarity.whitening().T
    return np.asarray(np.linalg.norm(away, axis=1) / familiarity.bound, dtype=np.float64)


def _row(name: str, values: list[float], known: NDArray[np.float64] | None) -> LikenessRow:
    found = np.array(values)
    least, middle, most = (float(value) for value in np.quantile(found, (0.1, 0.5, 1.0)))
    return LikenessRow(
        name,
        len(found),
        None if known is None else _auroc(known, found),
        float((found >= UNLIKE).mean()),
        float((found >= FAR).mean()),
        least,
        middle,
        most,
    )


def _auroc(known: NDArray[np.float64], strange: NDArray[np.float64]) -> float | None:
    if not known.size or not strange.size:
        return None
    is_strange = np.r_[np.zeros(known.size), np.ones(strange.size)]
    return float(roc_auc_score(is_strange, np.r_[known, strange]))
