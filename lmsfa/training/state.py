"""Training state on disk: network, average and optimiser in one safetensors file, resumable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from lmsfa.checkpoint import CheckpointError, load_strictly, read_tensors, write_tensors
from lmsfa.training.recipe import Recipe


def save_state(
    path: Path,
    network: nn.Module,
    average: AveragedModel,
    optimizer: Optimizer,
    *,
    recipe: Recipe,
    origin: Mapping[str, str],
    epoch: int,
) -> None:
    """Writes the state after `epoch` epochs; a crash while writing leaves the former one.

    `origin` says what else makes this training what it is: its pictures, the weights it began with.
    """
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in average.state_dict().items()}
    for index, slots in optimizer.state_dict()["state"].items():
        for slot, value in slots.items():
            tensors[f"optimizer.{index}.{slot}"] = torch.as_tensor(value)
    detached = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
    said = {"epoch": epoch, "recipe": asdict(recipe), "origin": dict(origin)}
    write_tensors(detached, path, said)


def load_state(
    path: Path,
    network: nn.Module,
    average: AveragedModel,
    optimizer: Optimizer,
    *,
    recipe: Recipe,
    origin: Mapping[str, str],
) -> int:
    """Restores the state and returns how many epochs it has behind it.

    Raises:
        CheckpointError: the file is not a state of this network, recipe and origin.
    """
    tensors = read_tensors(path)
    try:
        with safe_open(path, "pt") as file:
            said = {key: json.loads(value) for key, value in (file.metadata() or {}).items()}
        recipe_said, epoch = said["recipe"], int(said["epoch"])
        origin_said = said["origin"]
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path}: no training state; train into a new folder") from None
    if recipe_said != asdict(recipe):
        raise CheckpointError(f"{path}: written by another recipe; train into a new folder")
    if origin_said != dict(origin):
        raise CheckpointError(
            f"{path}: written by a training on other pictures or from other weights; "
            "train into a new folder"
        )
    load_strictly(network, _part(tensors, "network."), path)
    load_strictly(average, _part(tensors, "average."), path)
    _load_optimizer(optimizer, _part(tensors, "optimizer."))
    return epoch


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _load_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, slot = name.split(".")
        state.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )
