"""Weights files: safetensors with a JSON card beside them. Nothing is ever unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from lmsfa.card import (
    CardError,
    ModelCard,
    card_path,
    check_hash,
    read_card,
    sha256_of,
    write_card,
)
from lmsfa.errors import InputError
from lmsfa.whole_file import write_whole


class CheckpointError(InputError):
    """A weights file cannot be used. One line: the file, what was expected, what to do."""


def save_weights(network: nn.Module, card: ModelCard, weights: Path) -> ModelCard:
    """Writes weights and card; the card that is written, with the hash of the file, comes back."""
    write_tensors({name: tensor.cpu() for name, tensor in network.state_dict().items()}, weights)
    final = replace(card, sha256=sha256_of(weights))
    write_card(final, card_path(weights))
    return final


def read_weights(weights: Path) -> tuple[dict[str, Tensor], ModelCard]:
    """Tensors and card of a weights file whose hash is the card's.

    Raises:
        CheckpointError: the file is missing, truncated, no safetensors file, or not the card's.
    """
    if not weights.is_file():
        raise CheckpointError(f"{weights}: no such weights file")
    tensors = read_tensors(weights)
    try:
        card = read_card(card_path(weights))
        check_hash(weights, card)
    except CardError as error:
        raise CheckpointError(str(error)) from None
    return tensors, card


def load_strictly(network: nn.Module, tensors: Mapping[str, Tensor], weights: Path) -> None:
    """Loads tensors that `check_tensors` accepts. Raises as it does."""
    check_tensors(network, tensors, weights)
    network.load_state_dict(dict(tensors))


def check_tensors(network: nn.Module, tensors: Mapping[str, Tensor], weights: Path) -> None:
    """Checks that names, shapes and dtypes are exactly those of `network`, on whatever device.

    Raises:
        CheckpointError: a tensor is missing, unknown or of another kind; the first is named.
    """
    wanted = network.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        have, want = _kind(tensors.get(name)), _kind(wanted.get(name))
        if have != want:
            raise CheckpointError(
                f"{weights}: tensor {name} is {have}, the card's architecture expects {want}; "
                "weights and card do not belong together"
            )


def _kind(tensor: Tensor | None) -> str:
    if tensor is None:
        return "nothing"
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, on the CPU.

    Raises:
        CheckpointError: the file is missing, truncated or of another kind.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such weights file") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path}: not a readable safetensors file ({error}); expected weights written by "
            "'python -m lmsfa train', copy them again"
        ) from None


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, object] | None = None
) -> None:
    """Writes tensors so that a crash or a full disk leaves the file that was there before.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written.
    """
    text = {key: json.dumps(value) for key, value in (metadata or {}).items()}
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()}, text)
    try:
        write_whole(path, content)
    except InputError as error:
        raise CheckpointError(f"{error}; free some space or choose another folder") from None
