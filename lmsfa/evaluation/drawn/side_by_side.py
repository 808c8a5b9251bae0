"""Painted pictures of a split, and two sets of them side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.cropping import predict_within
from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.data.contact_sheet import CAPTION_PX, INK, write_words
from lmsfa.data.pictures import read_rgb
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import check_classes
from lmsfa.evaluation.drawn.painting import AS_SHOWN
from lmsfa.overlay import Painter, blend
from lmsfa.quality.field import field_of
from lmsfa.registry import Engine
from lmsfa.whole_file import write_whole

PICTURES = 12
PAIRS_ACROSS = 3
SINGLE_PX, PAIRED_PX = 512, 320
"""Longer side of a picture by itself, and of one in a sheet."""
GAP_PX = 12
JPEG_QUALITY = 88

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Painted:
    """A sample's name and its picture with the overlay, (H, W, 3) uint8 RGB."""

    name: str
    rgb: Rgb


def evenly_spaced(samples: Sequence[Sample]) -> list[Sample]:
    """`PICTURES` of them, or all where there are fewer."""
    count = min(PICTURES, len(samples))
    places = np.linspace(0, len(samples) - 1, count).round().astype(int)
    return [samples[place] for place in places]


def painted(engine: Engine, dataset: AnnotatedSet, samples: Sequence[Sample]) -> Iterator[Painted]:
    """Pictures as the window shows them, at their own size.

    Args:
        engine: with the card's thresholds.
        dataset: that the engine's classes are of.
        samples: whose pictures.

    Raises:
        DatasetError: the engine knows other classes, or a picture cannot be read.
        EngineError: as `Engine.predict`.
    """
    check_classes(engine.card, dataset)
    painter = Painter()
    for sample in samples:
        rgb = read_rgb(sample.frame_path)
        height, width = rgb.shape[:2]
        field = field_of(rgb)
        prediction = predict_within(engine, rgb, field.rectangle)
        layer = painter.paint(prediction, engine.card, AS_SHOWN, height, width, field=field)
        yield Painted(sample.name, blend(rgb, layer))


def write_singles(folder: Path, pictures: Sequence[Painted]) -> None:
    """Writes a JPEG a picture into a new or empty folder.

    Raises:
        InputError: there is something in the folder, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder}: is not empty; name a new folder")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    for picture in pictures:
        write_whole(folder / _file_name(picture.name), _jpeg(_fitted(picture.rgb, SINGLE_PX)))


def read_singles(folder: Path, names: Sequence[str]) -> list[Painted]:
    """The pictures of these samples that `write_singles` has written.

    Raises:
        InputError: one of them is not there or cannot be read.
    """
    return [Painted(name, read_rgb(folder / _file_name(name))) for name in names]


def write_sheet(path: Path, sides: Mapping[str, Sequence[Painted]]) -> None:
    """Writes a JPEG with pairs of pictures, the first side to the left.

    Args:
        path: what to write.
        sides: two sides by their titles; of the same samples, in the same order.

    Raises:
        InputError: it cannot be written.
    """
    titles = list(sides)
    pairs = [_pair(titles, pair) for pair in zip(*sides.values(), strict=True)]
    height = max(pair.shape[0] for pair in pairs)
    blank = np.zeros((height, 2 * PAIRED_PX + GAP_PX, 3), dtype=np.uint8)
    pairs = [np.vstack([pair, blank[pair.shape[0] :]]) for pair in pairs]
    pairs += [blank] * (-len(pairs) % PAIRS_ACROSS)
    rows = [pairs[first : first + PAIRS_ACROSS] for first in range(0, len(pairs), PAIRS_ACROSS)]
    write_whole(path, _jpeg(np.vstack([np.hstack(row) for row in rows])))


def _pair(titles: Sequence[str], pair: Sequence[Painted]) -> Rgb:
    """Both pictures, as wide as all pairs are, with a line of words above each."""
    shown = [_fitted(picture.rgb, PAIRED_PX) for picture in pair]
    height = max(picture.shape[0] for picture in shown)
    tile = np.zeros((CAPTION_PX + height + GAP_PX, 2 * PAIRED_PX + GAP_PX, 3), dtype=np.uint8)
    words = (f"{titles[0]}: {pair[0].name[-28:]}", titles[1])
    for left, picture, text in zip((0, PAIRED_PX), shown, words, strict=True):
        rows, columns = picture.shape[:2]
        tile[CAPTION_PX : CAPTION_PX + rows, left : left + columns] = picture
        write_words(tile, text, (left + 4, CAPTION_PX - 5), INK)
    return tile


def _fitted(rgb: Rgb, side_px: int) -> Rgb:
    scale = side_px / max(rgb.shape[:2])
    size = [max(1, round(side * scale)) for side in rgb.shape[1::-1]]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _file_name(name: str) -> str:
    """A sample's name without folders, so that one folder holds all."""
    return Path(name.replace("/", "-")).with_suffix(".jpg").name


def _jpeg(rgb: Rgb) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
