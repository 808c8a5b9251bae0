"""Small pictures of a data set side by side, with what is annotated in them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Sample, Truth

COLUMNS, MOST_PICTURES = 8, 64
WIDTH_PX, HEIGHT_PX, CAPTION_PX, LEGEND_PX = 240, 180, 18, 34
VOID_GREY = 128
INK = (230, 230, 230)


def contact_sheet(dataset: AnnotatedSet) -> NDArray[np.uint8]:
    """A picture (H, W, 3) uint8 RGB of up to `MOST_PICTURES` samples, evenly spaced.

    Instances are filled lightly and outlined in their class's colour; void is grey.

    Raises:
        DatasetError: a picture or its annotation cannot be read.
    """
    count = min(MOST_PICTURES, len(dataset.samples))
    places = np.linspace(0, len(dataset.samples) - 1, count).round().astype(int)
    tiles = [_tile(dataset, dataset.samples[place]) for place in places]
    columns = min(COLUMNS, len(tiles))
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[first : first + columns]) for first in range(0, len(tiles), columns)]
    return np.vstack([*rows, _legend(dataset, rows[0].shape[1])])


def _tile(dataset: AnnotatedSet, sample: Sample) -> NDArray[np.uint8]:
    rgb, truth = dataset.annotated(sample)
    shown = _overlaid(rgb, truth, dataset)
    scale = min(WIDTH_PX / rgb.shape[1], HEIGHT_PX / rgb.shape[0])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA))
    tile = np.zeros((HEIGHT_PX + CAPTION_PX, WIDTH_PX, 3), dtype=np.uint8)
    top, left = (HEIGHT_PX - size[1]) // 2, (WIDTH_PX - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    write_words(tile, sample.name[-38:], (4, HEIGHT_PX + CAPTION_PX - 5), INK)
    return tile


def _overlaid(rgb: NDArray[np.uint8], truth: Truth, dataset: AnnotatedSet) -> NDArray[np.uint8]:
    shown = rgb.copy()
    shown[truth.void] = shown[truth.void] // 2 + VOID_GREY // 2
    # Lines that are still seen when the picture has become small.
    thick = max(1, round(max(rgb.shape[:2]) / WIDTH_PX * 1.5))
    for number, class_id in enumerate(truth.classes, 1):
        mask, colour = truth.mask(number), np.array(dataset.classes[class_id].colour)
        shown[mask] = (0.75 * shown[mask] + 0.25 * colour).astype(np.uint8)
        lines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(shown, lines, -1, dataset.classes[class_id].colour, thick)
    return shown


def _legend(dataset: AnnotatedSet, width: int) -> NDArray[np.uint8]:
    lines: list[list[tuple[str, tuple[int, int, int]]]] = [[("Research use only.", INK)]]
    left = 12 + 9 * len("Research use only.")
    for entry in dataset.classes:
        length = 24 + 9 * len(entry.name)
        if left + length > width:
            lines.append([])
            left = 12
        lines[-1].append((entry.name, entry.colour))
        left += length
    legend = np.zeros((LEGEND_PX * len(lines), width, 3), dtype=np.uint8)
    for row, words in enumerate(lines):
        left = 12
        for text, colour in words:
            write_words(legend, text, (left, LEGEND_PX * row + 22), colour)
            left += 24 + 9 * len(text)
    return legend


def write_words(
    rgb: NDArray[np.uint8], text: str, place: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Writes small words onto a picture, (H, W, 3) uint8; `place`: x and y of their lower left."""
    # OpenCV's letters are those of ASCII.
    shown = text.encode("ascii", "replace").decode("ascii")
    cv2.putText(rgb, shown, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)
