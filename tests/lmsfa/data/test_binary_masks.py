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
    for name, stored in (("grey", mask), ("colour", np.dstack([mask] * 3))):
        cv2.imwrite(str(tmp_path / "frames" / f"{name}.png"), np.full((48, 64, 3), 90, np.uint8))
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), stored)
    return tmp_path


@pytest.mark.parametrize("name", ["grey.png", "colour.png"])
def test_a_mask_of_black_and_white_is_one_instance_however_it_was_saved(
    polyps: Path, name: str
) -> None:
    dataset = open_dataset(polyps)
    (sample,) = [entry for entry in dataset.samples if entry.name == name]
    _, truth = dataset.annotated(sample)
    assert truth.classes == (0,)
    assert truth.mask(1).sum() == 20 * 30


def test_a_map_in_real_colours_is_refused(polyps: Path) -> None:
    coloured = np.zeros((48, 64, 3), np.uint8)
    coloured[10:30, 20:50, 2] = 255
    cv2.imwrite(str(polyps / "masks" / "colour.png"), coloured)
    dataset = open_dataset(polyps)
    with pytest.raises(DatasetError, match=r"colour\.png: expected a one-channel 8-bit label map"):
        list(map(dataset.annotated, dataset.samples))
