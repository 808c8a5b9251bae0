"""A full disk ends no training in the middle of a file, and loses nothing that was there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lmsfa.checkpoint import CheckpointError, write_tensors
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.errors import InputError
from lmsfa.training.curves import Curves
from lmsfa.training.journal import Journal, read_results
from lmsfa.training.loop import Trainer
from lmsfa.training.presets import preset
from lmsfa.training.processes import Processes


def _trainer(root: Path, output: Path) -> Trainer:
    dataset = open_dataset(root)
    recipe = preset("quick", size_px=64, batch=4, epochs=1)
    splits = splits_from_lists(dataset, dataset.splits)
    return Trainer(dataset, output, recipe, Processes("cpu"), splits=splits, command="test")


def _limited(size: int, action: Callable[[], None]) -> None:
    """Acts while no file may grow over `size` bytes: as a full disk, it fails in mid-write."""
    resource = pytest.importorskip("resource", reason="limits on file sizes are Unix's")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        action()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_curves_that_no_longer_fit_on_the_disk_are_given_up_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    curves = Curves(tmp_path, 0)

    def add() -> None:
        for epoch in range(1, 40):
            curves.add(epoch, {"loss": 1.0})

    _limited(600, add)
    curves.close()
    assert [record.message for record in caplog.records] == [
        "no curves for TensorBoard from now on (File too large)"
    ]


def test_a_curve_is_not_cut_by_a_disk_that_is_full_when_a_training_goes_on(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    _trainer(shapes_dataset, tmp_path).train(resume=False)
    before = read_results(tmp_path)

    def go_on() -> None:
        with pytest.raises(InputError, match="cannot be written"):
            Journal(tmp_path, 1, Processes("cpu"))

    _limited(20, go_on)
    assert read_results(tmp_path) == before


def test_weights_can_be_read_by_whom_the_folder_lets_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    former = os.umask(0o022)
    try:
        write_tensors({"a": torch.zeros(2)}, path)
    finally:
        os.umask(former)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_the_last_good_state(shapes_dataset: Path, tmp_path: Path) -> None:
    trainer = _trainer(shapes_dataset, tmp_path)
    trainer.train(resume=False)
    state = tmp_path / "last.safetensors"
    before = state.read_bytes()

    def save() -> None:
        with pytest.raises(CheckpointError, match="free some space"):
            trainer.save(2)

    _limited(len(before) // 2, save)
    assert state.read_bytes() == before
