"""Small data sets and weights that the model tests share."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lmsfa.card import ClassSpec, ModelCard, card_path
from lmsfa.checkpoint import save_weights
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig

CLASSES = ("bright square", "dark disc")


@pytest.fixture(scope="session")
def shapes_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A label-map set of 12 pictures with squares, discs and a void stripe."""
    root = tmp_path_factory.mktemp("shapes")
    rng = np.random.default_rng(3)
    for split, count in (("train", 8), ("val", 4)):
        for number in range(count):
            rgb, values = _shapes(rng)
            for folder, picture in (("images", rgb), ("labels", values)):
                path = root / folder / split / f"{number:03d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), picture)
    described = {
        "name": "shapes",
        "format": "label-map",
        "images": "images",
        "labels": "labels",
        "classes": [
            {"id": 1, "name": CLASSES[0], "colour": [255, 0, 0]},
            {"id": 2, "name": CLASSES[1], "colour": [0, 255, 0]},
        ],
        "void": [9],
        "instances": {"from": "connected components", "connectivity": 8, "min_area_px": 16},
        "splits": {"train": ["train"], "val": ["val"]},
    }
    (root / "dataset.json").write_text(json.dumps(described))
    return root


def _shapes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rgb = rng.normal(110, 6, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    values = np.zeros((96, 96), np.uint8)
    left, top = (int(edge) for edge in rng.integers(4, 30, 2))
    rgb[top : top + 36, left : left + 36] = (230, 220, 240)
    values[top : top + 36, left : left + 36] = 1
    cv2.circle(rgb, (68, 70), 16, (20, 25, 15), -1)
    cv2.circle(values, (68, 70), 16, 2, -1)
    values[:, 92:] = 9
    return rgb, values


@pytest.fixture(scope="session")
def card() -> ModelCard:
    """The card of an untrained network for the two shapes."""
    config = LmsfaConfig(classes=2)
    return ModelCard(
        system="lmsfa",
        name="untrained",
        classes=(ClassSpec(CLASSES[0], (255, 0, 0)), ClassSpec(CLASSES[1], (0, 255, 0))),
        draw_priority=CLASSES,
        input_size_px=96,
        input_multiple_px=32,
        score_threshold=0.3,
        nms_iou=0.6,
        training_domain="nothing",
        architecture={name: getattr(config, name) for name in LmsfaConfig.__slots__},
    )


@pytest.fixture(scope="session")
def _untrained(tmp_path_factory: pytest.TempPathFactory, card: ModelCard) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("untrained") / "untrained.safetensors"
    save_weights(Lmsfa(LmsfaConfig(classes=2)), card, path)
    return path


@pytest.fixture
def weights(tmp_path: Path, _untrained: Path) -> Path:
    """An untrained weights file with its card, for each test its own."""
    shutil.copy(card_path(_untrained), card_path(tmp_path / _untrained.name))
    return shutil.copy(_untrained, tmp_path / _untrained.name)
