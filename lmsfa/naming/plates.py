"""Words on plates of their own, as pixels."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lmsfa.card import Colour

PLATE_RGB = (19, 24, 28)
NAME_RGB = (238, 242, 245)
FIGURE_RGB = (181, 192, 201)
"""Over the whitest picture, through the plate, still 6 : 1 in contrast."""
PLATE_OPACITY = 0.86
CAPITAL_SHARE = 0.022
"""Of the picture's height: to be read from two metres."""
CAPITAL_OF_LETTER = 0.729
"""How high a capital of the font is, of its size."""
SMALLEST_LETTER_PX = 11
KEPT_PLATES = 64
WIDEST_FIGURE = "88 %"
"""The figures have one width; no network is certain, and none is shown as 100 %."""

Plate = NDArray[np.uint8]


def letter_px(height: int) -> int:
    """The font size for names on a picture of this height, both in pixels."""
    return max(SMALLEST_LETTER_PX, int(np.ceil(height * CAPITAL_SHARE / CAPITAL_OF_LETTER)))


def plate_size(name: str, size_px: int, *, figure: bool) -> tuple[int, int]:
    """Width and height of a plate, pixels, whatever its figure.

    Args:
        name: what stands on it, never shortened.
        size_px: of the font.
        figure: whether the confidence stands beside it.
    """
    _, width, height = _measures(name, size_px, figure=figure)
    return width, height


@lru_cache(maxsize=KEPT_PLATES)
def plate(
    name: str, figure: str, colour: Colour, size_px: int, order: tuple[int, ...] = (0, 1, 2, 3)
) -> Plate:
    """A name on its plate, its structure's colour on the left.

    Args:
        name: what stands on it.
        figure: its confidence ("87 %"); empty for none.
        colour: of the structure.
        size_px: of the font.
        order: of the layer's channels, each a place in RGBA.

    Returns:
        (h, w, 4) uint8, colours multiplied by alpha; not to be written to.
    """
    figure_left, width, height = _measures(name, size_px, figure=bool(figure))
    image = Image.new("RGB", (width, height), PLATE_RGB)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, _bar_px(size_px) - 1, height), fill=colour)
    base = height - (height - round(CAPITAL_OF_LETTER * size_px)) // 2
    left = _bar_px(size_px) + _gap_px(size_px)
    pen.text((left, base), name, font=font(size_px), fill=NAME_RGB, anchor="ls")
    pen.text((figure_left, base), figure, font=font(size_px), fill=FIGURE_RGB, anchor="ls")
    # Where the plate shows the picture through, letters must not.
    rgb = np.asarray(image)
    ground = (rgb == PLATE_RGB).all(axis=2)
    alpha = np.where(ground, PLATE_OPACITY, 1.0)
    pixels = np.empty((height, width, 4), dtype=np.uint8)
    pixels[..., :3] = np.rint(rgb * alpha[..., None])
    pixels[..., 3] = np.rint(255 * alpha)
    pixels = np.ascontiguousarray(pixels[..., order])
    pixels.flags.writeable = False
    return pixels


@lru_cache(maxsize=8)
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The font of all words in pictures: it knows most of Europe's letters, which few do."""
    # It comes with Matplotlib, which takes half a second to import.
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed", name="matplotlib")
    fonts = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(fonts / "DejaVuSans-Bold.ttf", size_px)


@lru_cache(maxsize=KEPT_PLATES)
def _measures(name: str, size_px: int, *, figure: bool) -> tuple[int, int, int]:
    """Where the figure begins, width and height, pixels."""
    gap_px = _gap_px(size_px)
    right = _bar_px(size_px) + gap_px + round(font(size_px).getlength(name)) + gap_px
    figure_px = round(font(size_px).getlength(WIDEST_FIGURE)) + gap_px
    # A descender below the letters, and as much above them.
    return right, right + figure_px * figure, round(1.45 * size_px)


def _bar_px(size_px: int) -> int:
    return max(3, round(size_px * 0.32))


def _gap_px(size_px: int) -> int:
    return max(3, round(size_px * 0.42))
