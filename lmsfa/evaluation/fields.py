"""How often the field of view is found: in pictures that are shown as endoscopes show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import Sample
from lmsfa.data.pictures import read_rgb
from lmsfa.quality.circle import Circle
from lmsfa.quality.field import Field, field_of
from lmsfa.quality.rectangle import Rectangle

HEIGHT, WIDTH = 540, 960
NEAR_PX = 9
"""A glaring rim shines so far over its edge."""
NOISE = 1.5
"""Grey values of a cable's noise, its deviation."""

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "all of the frame": Field(Rectangle.whole(HEIGHT, WIDTH)),
        "pillars": Field(Rectangle(210, 0, 750, HEIGHT)),
        "letterbox": Field(Rectangle(0, 68, WIDTH, 472)),
        "beside a panel": Field(Rectangle(300, 0, WIDTH, HEIGHT)),
        "in a corner": Field(Rectangle(420, 200, 950, 530)),
        "round": Field(Rectangle.whole(HEIGHT, WIDTH), Circle(480, 270, 240)),
        "round, cut": Field(Rectangle.whole(HEIGHT, WIDTH), Circle(480, 270, 330)),
        "round, cut below": Field(Rectangle.whole(HEIGHT, WIDTH), Circle(480, 330, 250)),
        "round, off centre": Field(Rectangle.whole(HEIGHT, WIDTH), Circle(340, 262, 245)),
    }
)
ADDED = ("", "words", "bright rim", "notch")
"""What is drawn beside the picture or at its rim."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """How often a field was found in single pictures.

    Attributes:
        field: a name of `FIELDS`.
        added: one of `ADDED`.
        pictures: how many.
        found: in how many it was found, within `NEAR_PX`.
    """

    field: str
    added: str
    pictures: int
    found: int

    def as_json(self) -> dict[str, Any]:
        """Plain numbers for `json.dumps`."""
        return asdict(self)


def judge_fields(samples: Sequence[Sample], every: int) -> list[FieldRow]:
    """Shows each so many-th picture in every field, and looks for that in each by itself."""
    pictures = [read_rgb(sample.frame_path) for sample in samples[::every]]
    rows = []
    for name, field in FIELDS.items():
        for added in ADDED if field.circle else ADDED[:2]:
            found = sum(is_found(field_of(shown(rgb, field, added)), field) for rgb in pictures)
            rows.append(FieldRow(name, added, len(pictures), found))
    return rows


def is_found(found: Field, truth: Field) -> bool:
    """Whether a field is where it should be."""
    if truth.circle is not None:
        return found.circle is not None and found.circle.is_near(truth.circle, NEAR_PX)
    edges = (
        (one.left, one.top, one.right, one.bottom) for one in (found.rectangle, truth.rectangle)
    )
    return (
        found.circle is None
        and max(abs(one - other) for one, other in zip(*edges, strict=True)) <= NEAR_PX
    )


def shown(rgb: Rgb, field: Field, added: str) -> Rgb:
    """(540, 960, 3): a picture that fills a field, on black, with a cable's noise."""
    box = field.rectangle if field.circle is None else field.circle.box(1)
    frame = np.zeros((3 * HEIGHT, 3 * WIDTH, 3), dtype=np.uint8)
    rows = slice(HEIGHT + box.top, HEIGHT + box.bottom)
    columns = slice(WIDTH + box.left, WIDTH + box.right)
    frame[rows, columns] = cv2.resize(rgb, box.shape[::-1])
    frame = np.ascontiguousarray(frame[HEIGHT:-HEIGHT, WIDTH:-WIDTH])
    frame[field.mask(HEIGHT, WIDTH) == 0] = 0
    if field.circle is not None:
        frame = _with_rim(frame, field.circle, added)
    if added == "words":
        _write(frame, field)
    noise = np.random.default_rng(1).normal(3, NOISE, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


def _write(frame: Rgb, field: Field) -> None:
    """Words as towers write them, where no picture is."""
    words = np.zeros_like(frame)
    for number, text in enumerate(("DOE JANE", "1970-01-01", "12:00:31", "F 56")):
        for x in (8, WIDTH - 130):
            cv2.putText(words, text, (x, 30 + 150 * number), 0, 0.7, (240, 240, 240), 2)
    outside = field.mask(HEIGHT, WIDTH) == 0
    frame[outside] = words[outside]


def _with_rim(frame: Rgb, circle: Circle, added: str) -> Rgb:
    middle, radius_px = (round(circle.x), round(circle.y)), round(circle.radius_px)
    if added == "bright rim":
        ring = np.zeros_like(frame)
        cv2.circle(ring, middle, radius_px, (225, 205, 190), 5, cv2.LINE_AA)
        glare = cv2.max(ring, cv2.GaussianBlur(ring, (0, 0), 3))
        return np.asarray(cv2.max(frame, glare), dtype=np.uint8)
    if added == "notch":
        turns = np.array([-0.9, -0.83, -0.97])
        far = circle.radius_px * np.array([0.9, 1.02, 1.02])
        corners = np.stack([circle.x + far * np.cos(turns), circle.y + far * np.sin(turns)], axis=1)
        cv2.fillConvexPoly(frame, np.round(corners).astype(np.int32), (0, 0, 0))
    return frame
