"""A made LabelMe "PELD": as many patients, pictures and instances as the paper, all synthetic.

Nothing in it is a recording. Every file, folder, shape and flag says so.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("adipose", "bone", "ligamentum flavum", "nerve")
PICTURES_A_PATIENT = 10
MADE_BY = "synthetic: drawn by a program, not a recording of a patient"

_COLUMNS, _ROWS = 3, 3
MOST_A_CLASS = 2
"""Instances of a class in one picture: four classes then fit into the nine fields of a picture."""


@dataclass(frozen=True)
class MadePart:
    """A split to be made: its patients, and its instances of each of `CLASSES`."""

    patients: int
    instances: tuple[int, int, int, int]


TABLE_I = {
    "train": MadePart(49, (353, 224, 433, 365)),
    "val": MadePart(6, (40, 28, 45, 47)),
    "test": MadePart(6, (42, 25, 32, 43)),
}
"""The paper's Table I."""

FEW = {
    "train": MadePart(3, (12, 10, 14, 12)),
    "val": MadePart(1, (4, 4, 4, 4)),
    "test": MadePart(1, (4, 4, 4, 4)),
}
"""A set of five patients, for tests that need no more."""


def write_made_peld(root, *, parts=TABLE_I, width=96, height=64, seed=0):
    """Writes patient folders with pictures and LabelMe files, and `lists`/train.txt and so on.

    Args:
        root: folder, made if need be.
        parts: by split; see `TABLE_I`.
        width: of every picture, pixels; the paper's are 1080 x 720.
        height: of every picture, pixels.
        seed: the same seed makes the same files.

    Returns:
        The folder of the lists.
    """
    rng = np.random.default_rng(seed)
    patients = [split for split, part in parts.items() for _ in range(part.patients)]
    rng.shuffle(patients)
    pages = {
        split: iter(_pages(part, rng).tolist()) for split, part in parts.items()
    }  # one row a picture
    names = {split: [] for split in parts}
    for patient, split in enumerate(patients, 1):
        folder = Path(root) / f"synthetic-patient-{patient:02d}"
        folder.mkdir(parents=True)
        tint = rng.normal(0, 8, 3)
        for number in range(1, PICTURES_A_PATIENT + 1):
            path = folder / f"synthetic-{patient:02d}-{number:02d}.jpg"
            _write_page(path, next(pages[split]), (width, height), tint, rng)
            names[split].append(f"{folder.name}/{path.name}")
    lists = Path(root) / "lists"
    lists.mkdir()
    for split, members in names.items():
        (lists / f"{split}.txt").write_text("\n".join(members) + "\n")
    return lists


def _pages(part, rng):
    """(pictures, classes) instances in each picture, with the part's sums."""
    pictures = part.patients * PICTURES_A_PATIENT
    counts = np.zeros((pictures, len(CLASSES)), dtype=int)
    for class_id, total in enumerate(part.instances):
        places = rng.choice(pictures * MOST_A_CLASS, total, replace=False)
        np.add.at(counts[:, class_id], places % pictures, 1)
    return counts


def _write_page(path, counts, size, tint, rng):
    width, height = size
    rgb = _tissue(width, height, tint, rng)
    fields = iter(rng.permutation(_COLUMNS * _ROWS).tolist())
    shapes = []
    for label, count in zip(CLASSES, counts, strict=True):
        for _ in range(count):
            points = _outline(label, next(fields), size, rng)
            _paint(rgb, label, points, rng)
            shapes.append(_shape(label, points))
    noisy = rgb + rng.normal(0, 4, rgb.shape)
    bgr = noisy.clip(0, 255).astype(np.uint8)[..., ::-1]
    path.write_bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    page = {
        "version": "5.5.0",
        "flags": {"synthetic": True},
        "shapes": shapes,
        "imagePath": path.name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
        "description": MADE_BY,
    }
    path.with_suffix(".json").write_text(json.dumps(page))


def _shape(label, points):
    return {
        "label": label,
        "points": points.round(2).tolist(),
        "group_id": None,
        "description": MADE_BY,
        "shape_type": "polygon",
        "flags": {"synthetic": True},
    }


def _tissue(width, height, tint, rng):
    """Red, uneven tissue, darker towards the rim as under an endoscope's lamp."""
    coarse = rng.normal(0, 14, (6, 8)).astype(np.float32)
    uneven = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    rgb = np.array([150.0, 62.0, 62.0]) + tint + uneven
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    return rgb * (1 - 0.25 * (x**2 + y**2))[..., None]


def _outline(label, field, size, rng):
    """(N, 2) corners of an instance inside one field of the picture, clear of its neighbours."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    if label == "adipose":  # lobes
        radius = 0.72 + 0.14 * np.sin(5 * angles + rng.uniform(0, 6))
        unit = radius[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    elif label == "bone":  # few sharp corners
        corners = np.sort(rng.uniform(0, 2 * np.pi / 6 * 0.5, 6) + np.arange(6) * np.pi / 3)
        unit = 0.85 * np.column_stack([np.cos(corners), np.sin(corners)])
    else:  # a broad straight band, or a narrow winding one
        bend, broad = (0.05, 0.42) if label == "ligamentum flavum" else (0.4, 0.2)
        along = np.linspace(-0.9, 0.9, 12)
        middle = bend * np.sin(3 * along + rng.uniform(0, 6))
        upper, lower = (np.column_stack([along, middle + side]) for side in (-broad, broad))
        unit = np.vstack([upper, lower[::-1]])
    field_size = np.array([size[0] / _COLUMNS, size[1] / _ROWS])
    middle = (np.array([field % _COLUMNS, field // _COLUMNS]) + 0.5) * field_size
    return middle + unit * rng.uniform(0.75, 0.95) * field_size / 2


_LOOKS = {
    "adipose": ((226, 196, 84), 26, 3),
    "bone": ((232, 226, 208), 12, 1),
    "ligamentum flavum": ((176, 122, 48), 40, 2),
    "nerve": ((196, 210, 240), 10, 1),
}
"""Colour, strength of the texture, and its grain: 1 specks, 2 stripes, 3 bubbles."""


def _paint(rgb, label, points, rng):
    height, width = rgb.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    # The corners count pixel edges, OpenCV pixel centres; 1/16 of a pixel is its finest step.
    cv2.fillPoly(mask, [np.round((points - 0.5) * 16).astype(np.int32)], 1, shift=4)
    left, top = (max(0, int(edge)) for edge in points.min(0))
    right, bottom = (int(edge) + 2 for edge in points.max(0))
    window = (slice(top, bottom), slice(left, right))
    inside = mask[window] > 0
    colour, strength, grain = _LOOKS[label]
    y, x = np.mgrid[: inside.shape[0], : inside.shape[1]] / (height / 64)
    phase = rng.uniform(0, 6)
    texture = {
        1: lambda: rng.normal(0, 0.5, inside.shape),
        2: lambda: np.sin(1.6 * x + phase),
        3: lambda: np.sin(1.3 * x + phase) * np.sin(1.3 * y + phase),
    }[grain]()
    painted = np.array(colour) * rng.uniform(0.9, 1.05) + strength * texture[..., None]
    rgb[window][inside] = painted[inside]
