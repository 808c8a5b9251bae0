"""Masks of black and white are label maps of one class."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.data.opening import open_dataset
from lmsfa.errors import DatasetError


@pytest.fixture
def polyps(tmp_path: Path) -> Path:
    for folder in ("frames", "masks"):
        (tmp_path / folder).mkdir()
    said = {
        "name": "polyps",
        "format": "label-map",
        "images": "frames",
        "labels": "masks",
        "classes": [{"name": "polyp", "id": 255, "colour": [255, 236, 110]}],
        "instances": {"connectivity": 8, "min_area_px": 64},
    }
    (tmp_path / "dataset.json").write_text(json.dumps(said))
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 20:50] = 255
    stored_as = {
        "grey": mask,
        "colour": np.dstack([mask] * 3),
        "opaque": np.dstack([mask] * 3 + [np.full_like(mask, 255)]),
        "deep": mask.astype(np.uint16),
    }
    for name, stored in stored_as.items():
        cv2.imwrite(str(tmp_path / "frames" / f"{name}.png"), np.full((48, 64, 3), 90, np.uint8))
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), stored)
    return tmp_path


@pytest.mark.parametrize("name", ["grey.png", "colour.png", "opaque.png", "deep.png"])
def test_a_mask_of_black_and_white_is_one_instance_however_it_was_saved(
    polyps: Path, name: str
) -> None:
    dataset = open_dataset(polyps)
    (sample,) = [entry for entry in dataset.samples if entry.name == name]
    _, truth = dataset.annotated(sample)
    assert truth.classes == (0,)
    assert truth.mask(1).sum() == 20 * 30


@pytest.mark.parametrize("channel", [2, 3])
def test_a_map_in_real_colours_or_transparent_is_refused(polyps: Path, channel: int) -> None:
    coloured = np.zeros((48, 64, 4), np.uint8)
    coloured[10:30, 20:50, channel] = 255
    cv2.imwrite(str(polyps / "masks" / "colour.png"), coloured)
    dataset = open_dataset(polyps)
    with pytest.raises(DatasetError, match=r"colour\.png: expected a one-channel 8-bit label map"):
        list(map(dataset.annotated, dataset.samples))
