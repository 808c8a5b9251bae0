"""A training that a hospital can leave alone: what goes wrong at night costs nothing."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lmsfa.card import read_card
from lmsfa.cli import main
from lmsfa.commands import train
from lmsfa.data.dataset import TrainingSet, collate
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.errors import InputError
from lmsfa.models.families import family_of
from lmsfa.training.batch import Batch
from lmsfa.training.journal import read_results
from lmsfa.training.loop import Trainer
from lmsfa.training.losses import LossWeights
from lmsfa.training.patience import VALIDATION_LOSS
from lmsfa.training.presets import PRESETS, preset
from lmsfa.training.processes import Processes
from lmsfa.training.sampling import SharedBatches
from lmsfa.training.step import BAD_BATCH_FILE, LossModule, Stepper, TrainingError

ROOT = Path(__file__).parents[2]


def _trainer(root: Path, output: Path, **changes: object) -> Trainer:
    recipe = preset("quick", **{"size_px": 64, "batch": 4, **changes})
    dataset = open_dataset(root)
    splits = splits_from_lists(dataset, dataset.splits)
    return Trainer(dataset, output, recipe, Processes("cpu"), splits=splits, command="test")


def _command_trainer(root: Path, output: Path, part_size: int) -> Trainer:
    dataset = open_dataset(root)
    return Trainer(
        dataset,
        output,
        preset("quick", size_px=64, batch=4),
        Processes("cpu"),
        splits=splits_from_lists(dataset, dataset.splits),
        command="test",
        part_size=part_size,
    )


def _batch(root: Path) -> Batch:
    pictures = TrainingSet(open_dataset(root), open_dataset(root).in_split("train"), 64, 0)
    pictures.start_epoch(0, 0.0, augment=False)
    return collate([pictures[index] for index in range(4)])


def test_the_papers_preset_says_what_the_paper_says() -> None:
    peld = PRESETS["peld"]
    assert (peld.size_px, peld.epochs, peld.batch) == (640, 300, 8)
    assert (peld.optimizer, peld.learning_rate) == ("sgd", 1e-3)
    quick = PRESETS["quick"]
    assert (quick.size_px, quick.epochs, quick.batch) == (320, 40, 8)


def test_a_change_to_nothing_is_a_change_too() -> None:
    parser = ArgumentParser()
    train.add(parser)
    options = parser.parse_args(["--data", "D", "--output", "O", "--spoil", "0", "--epochs", "3"])
    assert train._changed(options) == ["epochs 3", "spoil_chance 0.0"]


def test_a_chance_is_a_share() -> None:
    with pytest.raises(InputError, match="0 to 1, got 30"):
        preset("best", spoil_chance=30)


def test_ctrl_c_in_the_very_last_step_stops_with_its_epoch_kept(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1)
    steps = iter(range(1, 1 + trainer.steps_per_epoch))

    def at_the_last(*_: object) -> None:
        if next(steps) == trainer.steps_per_epoch:
            os.kill(os.getpid(), signal.SIGINT)

    trainer.network.backbone.register_forward_hook(at_the_last)
    with pytest.raises(KeyboardInterrupt):
        trainer.train(resume=False)
    assert len(read_results(tmp_path)) == 1
    assert not trainer.weights.exists()
    _trainer(shapes_dataset, tmp_path, epochs=1).train(resume=True)
    assert len(read_results(tmp_path)) == 1
    assert trainer.weights.is_file()


def test_a_batch_too_large_for_the_memory_is_learned_in_parts(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1)
    sizes = []

    def two_fit(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    trainer.network.backbone.register_forward_pre_hook(two_fit)
    trainer.train(resume=False)
    assert sizes == [4, 2, 2, 2, 2]
    assert (tmp_path / "weights.safetensors").is_file()


def test_parts_give_the_gradient_of_the_whole_batch(shapes_dataset: Path, tmp_path: Path) -> None:
    # The same picture four times, and the one loss whose divisor does not depend on the network:
    # each part then says what the whole says.
    one = _batch(shapes_dataset)
    batch = Batch(*(getattr(one, name)[:1].repeat_interleave(4, 0) for name in Batch.__slots__))
    masks_only = LossWeights(box=0, classes=0, distribution=0)
    gradients = []
    for part_size in (4, 1):
        torch.manual_seed(0)
        family = family_of("yolo_baseline")
        network = family.make(replace(family.config, classes=2)).eval()
        stepper = Stepper(LossModule(network, masks_only), Processes("cpu"), tmp_path, part_size)
        stepper.gather(batch)
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    whole, parts = gradients
    assert torch.nn.functional.cosine_similarity(whole, parts, dim=0) > 0.99
    assert (whole.norm() / parts.norm()).item() == pytest.approx(1, abs=0.05)


def test_one_picture_that_does_not_fit_is_said_in_one_line(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1)

    def nothing_fits(_module: torch.nn.Module, _inputs: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    trainer.network.backbone.register_forward_pre_hook(nothing_fits)
    with pytest.raises(TrainingError, match="smaller --size"):
        trainer.train(resume=False)


def test_a_batch_that_gave_no_number_is_kept(shapes_dataset: Path, tmp_path: Path) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1)
    with torch.no_grad():
        trainer.network.head.classes.bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match="not a number") as said:
        trainer.train(resume=False)
    assert BAD_BATCH_FILE in str(said.value)
    kept = load_file(tmp_path / BAD_BATCH_FILE)
    assert kept["rgb"].shape == (4, 3, 64, 64)
    assert set(kept) == set(Batch.__slots__)


def test_a_gradient_that_is_no_number_stops_the_training(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1)
    trainer.network.backbone.stem.conv.weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(TrainingError, match="not a number"):
        trainer.train(resume=False)
    assert (tmp_path / BAD_BATCH_FILE).is_file()
    assert not (tmp_path / "last.safetensors").exists()


def test_parts_of_no_picture_are_refused(shapes_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at least 1"):
        _command_trainer(shapes_dataset, tmp_path, part_size=-1)


def test_too_many_processes_for_a_batch_are_refused() -> None:
    class FourProcesses(Processes):
        def __init__(self) -> None:
            self.count, self.index = 4, 0

    with pytest.raises(InputError, match="raise --batch"):
        SharedBatches(100, 8, torch.Generator(), FourProcesses())


def test_validation_takes_fewer_pictures_at_a_time_where_memory_is_short(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=1, patience_epochs=3)
    sizes = []

    def two_fit(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        sizes.append(len(inputs[0]))
        if sizes[-1] > 2:
            raise RuntimeError("CUDA out of memory.")

    trainer.network.backbone.register_forward_pre_hook(two_fit)
    found = trainer.patience.judge(trainer.network, torch.device("cpu"), 4)
    assert math.isfinite(found[VALIDATION_LOSS])
    assert sizes == [4, 3, 2, 2]


def test_a_batch_too_small_for_the_norms_is_said(
    shapes_dataset: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _trainer(shapes_dataset, tmp_path, batch=1)
    assert "start from trained weights" in caplog.text


@pytest.mark.slow
def test_validation_losses_that_rise_stop_a_training(shapes_dataset: Path, tmp_path: Path) -> None:
    trainer = _trainer(shapes_dataset, tmp_path, epochs=30, patience_epochs=1, learning_rate=0.3)
    trainer.train(resume=False)
    rows = read_results(tmp_path)
    losses = [row[VALIDATION_LOSS] for row in rows]
    assert 2 <= len(losses) < 30
    assert losses.index(min(losses)) == len(losses) - 2
    assert (tmp_path / "weights.safetensors").is_file()


def test_curves_can_be_watched_in_tensorboard(shapes_dataset: Path, tmp_path: Path) -> None:
    _trainer(shapes_dataset, tmp_path, epochs=2).train(resume=False)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    seen = [event.value for event in events.Scalars("loss")]
    assert seen == pytest.approx([row["loss"] for row in read_results(tmp_path)], rel=1e-4)
    assert "learning_rate" in events.Tags()["scalars"]


def _command(root: Path, output: Path, *more: str) -> list[str]:
    command = ["-m", "lmsfa", "train", "--data", str(root), "--output", str(output)]
    command += ["--preset", "quick", "--size", "64", "--epochs", "1", "--batch", "4"]
    return [*command, *more]


@pytest.mark.slow
def test_seeds_are_trained_in_turn_and_go_on_after_a_stop(
    shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = _command(shapes_dataset, tmp_path, "--seeds", "2", "--resume")[2:]
    assert main(command) == 0
    answer = capsys.readouterr().out
    weights = [tmp_path / f"seed-{seed}" / "weights.safetensors" for seed in (0, 1)]
    cards = [read_card(path.with_suffix(".json")) for path in weights]
    assert cards[0].sha256 != cards[1].sha256
    assert main(command) == 0
    assert capsys.readouterr().out == answer


@pytest.mark.slow
def test_two_processes_train_one_network(shapes_dataset: Path, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert main(_command(shapes_dataset, alone, "--batch", "8")[2:]) == 0
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    answer = subprocess.run(
        [*launch, *_command(shapes_dataset, shared, "--batch", "8")],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert "2 processes" in answer.stderr
    rows = [json.loads(line) for line in (shared / "results.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1]
    expected = read_results(alone)[0]["loss"]
    assert rows[0]["loss"] == pytest.approx(expected, rel=0.1)
    assert read_card(shared / "weights.json").sha256


@pytest.mark.slow
def test_a_finished_training_leaves_its_figures_once(
    shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "experiments.jsonl"
    more = ("--record", str(record), "--variant", "as it is", "--resume")
    command = _command(shapes_dataset, tmp_path / "run", *more)[2:]
    assert main(command) == 0
    assert "recall" in capsys.readouterr().out
    first = record.read_text()
    assert main(command) == 0
    assert record.read_text() == first
    row = json.loads(first)
    assert {"model", "variant", "protocol", "seed", "command"} < row.keys()
    assert row["per_class"].keys() == {"bright square", "dark disc"}
    card = read_card(tmp_path / "run" / "weights.json")
    for name in ("mask_ap50", "miou", "dice"):
        assert round(card.metrics[name], 4) == row[name]
    assert card.grouped_by == "given lists"


def test_a_set_that_leaks_is_trained_on_only_by_force(
    shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaky = tmp_path / "leaky"
    shutil.copytree(shapes_dataset, leaky)
    for folder in ("images", "labels"):
        shutil.copy(leaky / folder / "train" / "000.png", leaky / folder / "val" / "000.png")
    command = _command(leaky, tmp_path / "run")[2:]
    assert main(command) == 2
    assert "are the same file" in capsys.readouterr().err
    assert main([*command, "--force-leak"]) == 0
    leaks = read_card(tmp_path / "run" / "weights.json").leaks
    assert len(leaks) == 1
    assert "train/000.png" in leaks[0]
