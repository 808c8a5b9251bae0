"""Training: what is assigned, what is lost, and that a stop costs nothing."""

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lmsfa.card import CardError
from lmsfa.checkpoint import CheckpointError
from lmsfa.cli import main
from lmsfa.data.annotated import Truth
from lmsfa.data.dataset import TrainingSet, as_example, collate
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.errors import InputError
from lmsfa.letterbox import Letterbox
from lmsfa.models.families import FAMILIES, family_of
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.postprocess import RawAnswer, to_instances
from lmsfa.training.assigner import assign
from lmsfa.training.batch import Batch
from lmsfa.training.boxes import complete_iou, iou
from lmsfa.training.loop import Trainer
from lmsfa.training.losses import LossWeights, losses, semantic_truth
from lmsfa.training.optimizer import make_average, make_optimizer, make_schedule
from lmsfa.training.presets import PRESETS, preset
from lmsfa.training.processes import Processes
from lmsfa.training.state import load_state, save_state


def _plain_batch(root: Path, size_px: int, repeat: int) -> Batch:
    dataset = open_dataset(root)
    pictures = TrainingSet(dataset, dataset.in_split("train"), size_px, 0)
    pictures.start_epoch(0, 0.0, augment=False)
    return collate([pictures[0]] * repeat)


def test_overlap_of_known_boxes() -> None:
    a = torch.tensor([0.0, 0.0, 10.0, 10.0])
    b = torch.tensor([5.0, 0.0, 15.0, 10.0])
    assert iou(a, b).item() == pytest.approx(1 / 3, abs=1e-4)
    assert complete_iou(a, a).item() == pytest.approx(1, abs=1e-4)
    assert complete_iou(a, b).item() < iou(a, b).item()


def test_cells_outside_a_box_never_answer_for_it() -> None:
    points = torch.tensor([[4.0, 4.0], [12.0, 4.0], [40.0, 40.0]])
    true_boxes = torch.tensor([[[0.0, 0.0, 16.0, 8.0]]])
    boxes = true_boxes.expand(1, 3, 4).clone()
    found = assign(torch.full((1, 3, 2), 0.5), boxes, points, true_boxes, torch.tensor([[1]]))
    assert found.instance.tolist() == [[0, 0, -1]]
    assert found.target[0, 0] == pytest.approx(1.0, abs=1e-4)


def test_a_cell_wanted_twice_goes_to_the_box_it_overlaps_most() -> None:
    true_boxes = torch.tensor([[[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 32.0, 32.0]]])
    boxes = torch.tensor([[[0.0, 0.0, 31.0, 31.0]]])
    found = assign(
        torch.full((1, 1, 1), 0.5),
        boxes,
        torch.tensor([[4.0, 4.0]]),
        true_boxes,
        torch.zeros(1, 2).long(),
    )
    assert found.instance.item() == 1


def test_pictures_without_instances_train_too(shapes_dataset: Path) -> None:
    batch = _plain_batch(shapes_dataset, 96, 4)
    empty = replace(
        batch, boxes=batch.boxes[:, :0], classes=batch.classes[:, :0], masks=batch.masks[:, :0]
    )
    logits = Lmsfa(LmsfaConfig(classes=2)).training_logits(empty.rgb.float() / 255)
    parts = losses(logits, empty, LossWeights())
    assert all(torch.isfinite(value) for value in parts.values())
    assert parts["box"].item() == 0


def test_void_carries_no_loss(shapes_dataset: Path) -> None:
    batch = _plain_batch(shapes_dataset, 96, 4)
    torch.manual_seed(0)
    network = Lmsfa(LmsfaConfig(classes=2)).eval()
    with torch.no_grad():
        logits = network.training_logits(batch.rgb.float() / 255)
        all_void = replace(
            batch,
            boxes=batch.boxes[:, :0],
            classes=batch.classes[:, :0],
            masks=batch.masks[:, :0],
            known=batch.known * 0,
        )
        parts = losses(logits, all_void, LossWeights())
    for name in ("box", "classes", "distribution", "mask", "edge"):
        assert parts[name].item() == 0, name


def test_semantic_truth_keeps_classes_apart(shapes_dataset: Path) -> None:
    truth = semantic_truth(_plain_batch(shapes_dataset, 96, 1), 2)
    assert truth.shape == (1, 2, 24, 24)
    assert truth[0, 0].sum() == pytest.approx(36 * 36 / 16, rel=0.02)
    assert truth[0, 1].sum() == pytest.approx(np.pi * 16**2 / 16, rel=0.06)


def test_an_example_covers_exactly_its_square() -> None:
    instances = np.zeros((32, 32), np.uint16)
    instances[8:20, 4:30] = 1
    example = as_example(
        np.zeros((32, 32, 3), np.uint8), Truth(instances[None], (0,), np.zeros((32, 32), bool))
    )
    assert example.boxes.tolist() == [[4, 8, 30, 20]]
    assert example.masks[0, 2:5, 1:7].min() == 255
    assert example.masks[0, :, 7].max() == pytest.approx(128, abs=2)
    assert example.masks.astype(float).sum() / 255 == pytest.approx(12 * 26 / 16, rel=0.01)


@pytest.mark.slow
def test_one_picture_is_learned_by_heart(shapes_dataset: Path) -> None:
    torch.manual_seed(0)
    four = _plain_batch(shapes_dataset, 96, 4)
    one = _plain_batch(shapes_dataset, 192, 1)
    network = Lmsfa(LmsfaConfig(classes=2)).train()
    # Four pictures give the norms their statistics; one alone then learns with what they stored,
    # which is also what answers in the end.
    for pictures, rate, steps in (
        (four, 2e-3, 70),
        (one, 1e-3, 140),
    ):
        optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
        rgb = pictures.rgb.float() / 255
        for _ in range(steps):
            optimizer.zero_grad()
            parts = losses(network.training_logits(rgb), pictures, LossWeights())
            torch.stack(list(parts.values())).sum().backward()
            optimizer.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        detections, prototypes = network(rgb)
    # Judged as the window shows it, at the picture's own size: on the coarse grid a box that is off
    # by less than a cell would cost a whole row.
    raw = RawAnswer(detections[0].numpy(), prototypes[0].permute(1, 2, 0).numpy())
    # Masks are learned before their scores: these are not what is asked here.
    found = to_instances(raw, 2, 0.3, 0.6, Letterbox.fit(96, 96, 192))
    dataset = open_dataset(shapes_dataset)
    truth = dataset.truth(dataset.in_split("train")[0])
    for number, class_id in enumerate(truth.classes, 1):
        best = next(instance for instance in found if instance.class_id == class_id)
        region = best.region(96, 96)
        mask = np.zeros((96, 96), bool)
        mask[region.window] = region.mask
        true = truth.mask(number)
        overlap = np.count_nonzero(mask & true) / np.count_nonzero(mask | true)
        assert overlap > 0.95, f"instance {number}: IoU {overlap:.3f}"


@pytest.mark.slow
def test_batch_one_trains_without_nan(shapes_dataset: Path) -> None:
    torch.manual_seed(0)
    batch = _plain_batch(shapes_dataset, 96, 1)
    network = Lmsfa(LmsfaConfig(classes=2)).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    history = []
    for _ in range(25):
        optimizer.zero_grad()
        parts = losses(network.training_logits(batch.rgb.float() / 255), batch, LossWeights())
        loss = torch.stack(list(parts.values())).sum()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert np.isfinite(history).all()
    assert np.mean(history[-5:]) < 0.8 * history[0]


def test_the_same_seed_epoch_and_index_give_the_same_picture(shapes_dataset: Path) -> None:
    dataset = open_dataset(shapes_dataset)
    first = TrainingSet(dataset, dataset.in_split("train"), 64, 5)
    second = TrainingSet(dataset, dataset.in_split("train"), 64, 5)
    for pictures in (first, second):
        pictures.start_epoch(3, 0.5)
    assert all(np.array_equal(first[i].rgb, second[i].rgb) for i in range(4))
    second.start_epoch(4, 0.5)
    assert not np.array_equal(first[0].rgb, second[0].rgb)


def test_spoiling_changes_pictures_and_nothing_that_is_asked_of_them(shapes_dataset: Path) -> None:
    dataset = open_dataset(shapes_dataset)
    plain, spoilt = (
        TrainingSet(dataset, dataset.in_split("train"), 64, 5, spoil_chance=chance)
        for chance in (0.0, 1.0)
    )
    for pictures in (plain, spoilt):
        pictures.start_epoch(3, 0.5)
    for index in range(4):
        before, after = plain[index], spoilt[index]
        assert not np.array_equal(before.rgb, after.rgb)
        assert np.array_equal(before.masks, after.masks)
        assert np.array_equal(before.boxes, after.boxes)
        assert np.array_equal(after.rgb, spoilt[index].rgb)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("model", FAMILIES)
def test_every_preset_trains_every_model_without_a_size_being_given(name: str, model: str) -> None:
    size_px, usual_px = preset(name, model=model).size_px, PRESETS[name].size_px
    multiple_px = family_of(model).network.input_multiple_px
    assert size_px % multiple_px == 0
    assert abs(size_px - usual_px) <= multiple_px / 2


def test_a_size_that_is_given_is_taken_as_it_is_or_refused() -> None:
    assert preset("best", model="endoarss", size_px=280).size_px == 280
    with pytest.raises(InputError, match="multiple of 28 px"):
        preset("best", model="endoarss", size_px=320)


def test_a_resumed_schedule_goes_on_where_it_was() -> None:
    recipe = preset("quick", epochs=6)
    network = torch.nn.Linear(2, 2)
    whole = make_schedule(make_optimizer(network, recipe), recipe, 5)
    rates = []
    for _ in range(30):
        rates.append(whole.get_last_lr()[0])
        whole.optimizer.step()
        whole.step()
    for done in (1, 7, 20):
        resumed = make_schedule(make_optimizer(network, recipe), recipe, 5, done)
        assert resumed.get_last_lr()[0] == pytest.approx(rates[done], rel=1e-9)


def test_a_state_of_another_recipe_or_kind_is_refused(tmp_path: Path) -> None:
    recipe = preset("quick", size_px=64, epochs=2)
    network = torch.nn.Linear(2, 2)
    average, optimizer = make_average(network, recipe), make_optimizer(network, recipe)
    path = tmp_path / "last.safetensors"
    parts = (network, average, optimizer)
    here = {"splits": "these"}
    save_state(path, *parts, recipe=recipe, origin=here, epoch=1)
    assert load_state(path, *parts, recipe=recipe, origin=here) == 1
    with pytest.raises(CheckpointError, match="other pictures"):
        load_state(path, *parts, recipe=recipe, origin={"splits": "others"})
    with pytest.raises(CheckpointError, match="another recipe"):
        load_state(path, *parts, recipe=replace(recipe, seed=1), origin=here)
    save_file({"a": torch.zeros(1)}, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match="no training state"):
        load_state(path, *parts, recipe=recipe, origin=here)


def test_colours_that_no_card_takes_are_refused_before_the_first_epoch(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(shapes_dataset)
    splits = splits_from_lists(dataset, dataset.splits)
    gaudy = replace(dataset.classes[0], colour=(300, 0, 0))
    dataset = replace(dataset, classes=(gaudy, *dataset.classes[1:]))
    recipe = preset("quick", size_px=64, epochs=1)
    with pytest.raises(CardError, match="colour"):
        Trainer(dataset, tmp_path, recipe, Processes("cpu"), splits=splits, command="test")


def _command(root: Path, output: Path, *more: str) -> list[str]:
    command = ["train", "--data", str(root), "--output", str(output)]
    return [*command, "--size", "64", "--epochs", "3", "--batch", "4", *more]


def _train(root: Path, output: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lmsfa", *_command(root, output, *more)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _losses(output: Path) -> list[float]:
    lines = (output / "results.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_curve(shapes_dataset: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main(_command(shapes_dataset, whole)) == 0
    process = _train(shapes_dataset, broken)
    deadline = time.monotonic() + 120
    while not (broken / "last.safetensors").is_file():
        assert time.monotonic() < deadline
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert not (broken / "weights.safetensors").exists()
    assert _train(shapes_dataset, broken, "--resume").wait(120) == 0
    assert len(_losses(broken)) == 3
    # Sums over threads are not always taken in one order, and a young network amplifies that.
    assert _losses(broken) == pytest.approx(_losses(whole), rel=0.05)
    assert (broken / "weights.json").is_file()
