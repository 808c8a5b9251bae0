"""Trained weights as a start for other classes, and a large network's as a small one's teacher."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lmsfa.card import ClassSpec, ModelCard, read_card
from lmsfa.checkpoint import CheckpointError, read_tensors, save_weights
from lmsfa.cli import main
from lmsfa.models.detection import HeadLogits, cell_centres
from lmsfa.models.families import FAMILIES, family_of
from lmsfa.training.initial import class_axes, start_from
from lmsfa.training.journal import read_results
from lmsfa.training.losses import LossWeights
from lmsfa.training.teacher import taught_losses


@pytest.mark.parametrize("model", FAMILIES)
def test_the_axes_that_run_over_classes_are_found(model: str) -> None:
    family = family_of(model)
    # As many classes as some layers have channels: shapes alone would not tell them apart.
    network = family.make(replace(family.config, classes=64))
    axes = class_axes(family, network)
    ours = {name for name, found in axes.items() if found}
    assert ours
    known = ("class", "semantic", "wise", "maps.leave")
    assert all(any(word in name for word in known) for name in ours), ours


def _weights(folder: Path, card: ModelCard, *names: str) -> Path:
    family = family_of("lmsfa")
    config = replace(family.config, classes=len(names))
    architecture = {name: getattr(config, name) for name in config.__slots__}
    classes = tuple(ClassSpec(name, (0, 0, number)) for number, name in enumerate(names))
    card = replace(card, classes=classes, draw_priority=names, architecture=architecture)
    torch.manual_seed(7)
    save_weights(family.make(config), card, folder / "other.safetensors")
    return folder / "other.safetensors"


def test_other_weights_give_what_both_networks_share(tmp_path: Path, card: ModelCard) -> None:
    weights = _weights(tmp_path, card, "nerve", "bone", "fat")
    theirs = read_tensors(weights)
    family = family_of("lmsfa")
    torch.manual_seed(0)
    network = family.make(replace(family.config, classes=2))
    fresh = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    start = start_from(network, family, ("bone", "disc"), weights)
    assert start.classes == ("bone",)
    ours = network.state_dict()
    stem = "backbone.stem.conv.weight"
    assert torch.equal(ours[stem], theirs[stem])
    rows = "head.classes.weight"
    assert torch.equal(ours[rows][0], theirs[rows][1])
    assert torch.equal(ours[rows][1], fresh[rows][1])
    square = "training_layers.pointwise.weight"
    assert torch.equal(ours[square][0, 0], theirs[square][1, 1])
    assert torch.equal(ours[square][0, 1], fresh[square][0, 1])


def test_weights_of_another_model_are_no_start(tmp_path: Path, card: ModelCard) -> None:
    weights = _weights(tmp_path, card, "nerve")
    family = family_of("yolo_baseline")
    with pytest.raises(CheckpointError, match="same model"):
        start_from(family.make(family.config), family, ("nerve",), weights)


def test_a_narrower_network_starts_with_evenly_spaced_channels(
    tmp_path: Path, card: ModelCard
) -> None:
    weights = _weights(tmp_path, card, "nerve", "bone")
    theirs = read_tensors(weights)
    family = family_of("lmsfa_small")
    network = family.make(replace(family.config, classes=2))
    start_from(network, family, ("nerve", "bone"), weights)
    ours = network.state_dict()
    stem = "backbone.stem.conv.weight"
    assert torch.equal(ours[stem], theirs[stem])
    # Stage 2: 32 hidden channels give 24; the halves of the 1x1 before the split stay halves.
    kept = [0, 1, 2, 4, 5, 6, 8]
    unit = "backbone.stages.1.units.0.token_mixer.wide.weight"
    assert torch.equal(ours[unit][:7], theirs[unit][kept])
    enter = "backbone.stages.1.enter.conv.weight"
    assert torch.equal(ours[enter][24:31], theirs[enter][[32 + row for row in kept]])
    leave = "backbone.stages.1.leave.conv.weight"
    assert torch.equal(ours[leave][:, 72:79], theirs[leave][:, [96 + row for row in kept]])


def test_a_wider_network_cannot_start_from_a_narrower_ones_weights(
    tmp_path: Path, card: ModelCard
) -> None:
    small = family_of("lmsfa_small")
    config = replace(small.config, classes=2)
    architecture = {name: getattr(config, name) for name in config.__slots__}
    weights = tmp_path / "small.safetensors"
    save_weights(
        small.make(config), replace(card, system="lmsfa_small", architecture=architecture), weights
    )
    family = family_of("lmsfa")
    network = family.make(replace(family.config, classes=2))
    with pytest.raises(CheckpointError, match="or of a larger one"):
        start_from(network, family, ("bright square", "dark disc"), weights)


def _answers(seed: int) -> HeadLogits:
    """A head's answers to two pictures of 64 px: one cell is sure of its class."""
    made = torch.Generator().manual_seed(seed)
    levels = tuple(torch.zeros(2, 1, side, side) for side in (8, 4, 2))
    points, strides = cell_centres(levels)  # type: ignore[arg-type]  # mypy forgets the length
    cells = len(points)
    classes = torch.full((2, cells, 3), -6.0)
    classes[:, 20, 1] = 4.0
    return HeadLogits(
        torch.randn(2, 64, cells, generator=made),
        classes,
        torch.randn(2, cells, 4, generator=made),
        torch.randn(2, 4, 16, 16, generator=made),
        points,
        strides,
    )


def test_who_answers_as_the_teacher_has_no_more_to_learn() -> None:
    teacher = _answers(0)
    learner = replace(
        teacher,
        **{
            name: getattr(teacher, name).clone().requires_grad_()
            for name in ("boxes", "classes", "coefficients", "prototypes")
        },
    )
    parts = taught_losses(learner, teacher, LossWeights())
    assert parts["taught_distribution"].item() == pytest.approx(0, abs=1e-5)
    sum(parts.values()).backward()  # type: ignore[union-attr]
    for name in ("boxes", "classes", "coefficients", "prototypes"):
        assert getattr(learner, name).grad.abs().max() < 1e-5, name


@pytest.mark.parametrize(
    ("changed", "loss"),
    [
        ("boxes", "taught_distribution"),
        ("classes", "taught_classes"),
        ("coefficients", "taught_mask"),
        ("prototypes", "taught_mask"),
    ],
)
def test_each_answer_is_taught(changed: str, loss: str) -> None:
    teacher = _answers(0)
    same = taught_losses(teacher, teacher, LossWeights())
    other = replace(teacher, **{changed: getattr(teacher, changed).roll(1, 1)})
    parts = taught_losses(other, teacher, LossWeights())
    assert parts[loss] > same[loss] + 0.01
    assert all(parts[name] == same[name] for name in parts.keys() - {loss})


def _training(root: Path, output: Path, *more: str) -> list[str]:
    command = ["train", "--data", str(root), "--output", str(output), "--preset", "quick"]
    return [*command, "--size", "64", "--epochs", "1", "--batch", "4", *more]


def test_a_small_network_learns_from_a_large_one_and_says_so(
    shapes_dataset: Path, weights: Path, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    sources = ("--init", str(weights), "--teacher", str(weights))
    assert main(_training(shapes_dataset, output, "--model", "lmsfa_small", *sources)) == 0
    figures = read_results(output)[0]
    assert {"taught_classes", "taught_distribution", "taught_mask"} < figures.keys()
    theirs = read_card(weights.with_suffix(".json")).sha256
    card = read_card(output / "weights.json")
    assert card.started_from == f"nothing, {theirs}; taught by nothing, {theirs}"


def test_a_training_goes_on_only_with_its_own_teacher(
    shapes_dataset: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = _training(shapes_dataset, tmp_path / "run", "--resume")
    assert main([*command, "--teacher", str(weights)]) == 0
    assert main(command) == 2
    assert "from other weights" in capsys.readouterr().err


def test_a_teacher_of_other_classes_is_refused_in_one_line(
    shapes_dataset: Path, tmp_path: Path, card: ModelCard, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = _weights(tmp_path, card, "nerve", "bone")
    command = _training(shapes_dataset, tmp_path / "run", "--teacher", str(weights))
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "knows nerve, bone, the data bright square, dark disc" in said
    assert len(said.splitlines()) == 1
