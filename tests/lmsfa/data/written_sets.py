"""Small data sets as annotation programs leave them, written by hand."""

import base64
import json
from pathlib import Path

import cv2
import numpy as np


def write_picture(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> Path:
    """A noisy picture, different for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, rgb)[1].tobytes())
    return path


def shape(label: object, points: object, kind: object = "polygon", **more: object) -> dict:
    """A LabelMe shape."""
    return {"label": label, "points": points, "shape_type": kind, "group_id": None} | more


def write_labelme(path: Path, drawn: object, height: int = 40, width: int = 60, **more) -> Path:
    """A LabelMe file with its picture beside; `path` ends in .json."""
    picture = write_picture(path.with_suffix(".png"), height, width, seed=len(path.name))
    said = {"version": "5.5.0", "flags": {}, "shapes": drawn, "imagePath": picture.name}
    said |= {"imageData": None, "imageHeight": height, "imageWidth": width} | more
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def png_text(mask: np.ndarray) -> str:
    """A mask as a PNG in base64."""
    data = cv2.imencode(".png", mask.astype(np.uint8) * 255)[1].tobytes()
    return base64.b64encode(data).decode("ascii")


def square(left: float, top: float, side: float = 10) -> list[list[float]]:
    """Corners of a square."""
    return [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]


def flat(points: list[list[float]]) -> list[float]:
    """Corners as COCO and YOLO write them."""
    return [part for point in points for part in point]


def write_coco(path: Path, annotations: object, names=("a", "b"), frames=None, **more) -> Path:
    """A COCO file; its pictures lie in `images` beside it."""
    frames = frames or [{"id": 1, "file_name": "1.png", "height": 40, "width": 60}]
    for seed, frame in enumerate(frames):
        write_picture(path.parent / "images" / frame["file_name"], 40, 60, seed)
    said = {
        "images": frames,
        "annotations": annotations,
        "categories": [{"id": 10 * (i + 1), "name": name} for i, name in enumerate(names)],
    } | more
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def marked(segmentation: object, category: object = 10, number: int = 1, **more: object) -> dict:
    """A COCO annotation."""
    said = {"id": number, "image_id": 1, "category_id": category, "iscrowd": 0}
    return said | {"segmentation": segmentation} | more


def write_yolo(root: Path, lines: dict[str, str], description: str) -> Path:
    """A YOLO set: label text by picture, `images/train/0.png` for instance."""
    for seed, (name, text) in enumerate(lines.items()):
        write_picture(root / name, 40, 60, seed)
        labels = root / Path(name.replace("images", "labels", 1)).with_suffix(".txt")
        labels.parent.mkdir(parents=True, exist_ok=True)
        labels.write_text(text)
    (root / "data.yaml").write_text(description, encoding="utf-8")
    return root
