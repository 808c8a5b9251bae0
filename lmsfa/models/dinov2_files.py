"""Published DINOv2 weights: safetensors by the names of transformers or of timm, read strictly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lmsfa.errors import InputError, one_line
from lmsfa.models.dinov2 import HEAD_WIDTH, Dinov2, Dinov2Config

MOST_LAYERS = 64

Tensors = Mapping[str, Tensor]
Names = Mapping[str, tuple[str, ...]]
"""A library's name -> ours, several where it keeps several of ours in one tensor."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a library names the tensors.

    Attributes:
        library: its name, for people.
        positions: the tensor by which its files are known.
        outside: names outside the blocks.
        block: the list of blocks.
        inside: names in a block.
        unused: names that a file may have and that no answer needs.
    """

    library: str
    positions: str
    outside: Names
    block: str
    inside: Names
    unused: tuple[str, ...]

    def names(self, layers: int) -> dict[str, tuple[str, ...]]:
        """Names of all tensors."""
        every = dict(self.outside)
        for number in range(layers):
            for theirs, ours in self.inside.items():
                parts = tuple(f"blocks.{number}.{part}" for part in ours)
                every[f"{self.block}.{number}.{theirs}"] = parts
        return every


def _weights_and_biases(names: Names) -> Names:
    return {
        f"{theirs}.{kind}": tuple(f"{part}.{kind}" for part in ours)
        for theirs, ours in names.items()
        for kind in ("weight", "bias")
    }


TRANSFORMERS = Naming(
    "transformers",
    positions="embeddings.position_embeddings",
    outside={
        "embeddings.cls_token": ("class_token",),
        "embeddings.position_embeddings": ("positions",),
        **_weights_and_biases(
            {"embeddings.patch_embeddings.projection": ("patch",), "layernorm": ("norm",)}
        ),
    },
    block="encoder.layer",
    inside={
        "layer_scale1.lambda1": ("scale_1",),
        "layer_scale2.lambda1": ("scale_2",),
        **_weights_and_biases(
            {
                "norm1": ("norm_1",),
                "attention.attention.query": ("attention.query",),
                "attention.attention.key": ("attention.key",),
                "attention.attention.value": ("attention.value",),
                "attention.output.dense": ("attention.leave",),
                "norm2": ("norm_2",),
                "mlp.fc1": ("mlp.enter",),
                "mlp.fc2": ("mlp.leave",),
            }
        ),
    },
    unused=("embeddings.mask_token",),
)
TIMM = Naming(
    "timm",
    positions="pos_embed",
    outside={
        "cls_token": ("class_token",),
        "pos_embed": ("positions",),
        **_weights_and_biases({"patch_embed.proj": ("patch",), "norm": ("norm",)}),
    },
    block="blocks",
    inside={
        "ls1.gamma": ("scale_1",),
        "ls2.gamma": ("scale_2",),
        **_weights_and_biases(
            {
                "norm1": ("norm_1",),
                "attn.qkv": ("attention.query", "attention.key", "attention.value"),
                "attn.proj": ("attention.leave",),
                "norm2": ("norm_2",),
                "mlp.fc1": ("mlp.enter",),
                "mlp.fc2": ("mlp.leave",),
            }
        ),
    },
    unused=("mask_token",),
)
"""Those of DINOv2's authors too."""


@dataclass(frozen=True, slots=True)
class Dinov2File:
    """A DINOv2 as it was read.

    Attributes:
        path: where it was read, for errors.
        config: the shape of the encoder.
        tensors: all of its weights by the names of `Dinov2.state_dict`, float32, on the CPU.
    """

    path: Path
    config: Dinov2Config
    tensors: Tensors


def read_dinov2(path: Path) -> Dinov2File:
    """Reads a file that has every tensor of a DINOv2, of the right shape, and no other.

    Raises:
        InputError: in one line: the file cannot be read, is foreign, or of an unsupported DINOv2.
    """
    stored = _stored(path)
    naming = _naming(path, stored)
    config = _config(path, naming, stored)
    tensors = _apart(path, naming, config, stored)
    return Dinov2File(path, config, tensors)


def _stored(path: Path) -> Tensors:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of DINOv2 weights") from None
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file ({one_line(error)}); no other format is "
            "opened: convert it first"
        ) from None


def _naming(path: Path, stored: Tensors) -> Naming:
    for naming in (TRANSFORMERS, TIMM):
        if naming.positions in stored:
            return naming
    names = " nor ".join(f"{n.positions} ({n.library})" for n in (TRANSFORMERS, TIMM))
    raise InputError(f"{path}: no DINOv2: neither {names} is among its {len(stored)} tensors")


def _config(path: Path, naming: Naming, stored: Tensors) -> Dinov2Config:
    """What names and shapes say; each tensor is compared with it later."""
    if any(name.startswith(f"{naming.block}.0.mlp.w") for name in stored):
        raise InputError(f"{path}: a DINOv2 giant (SwiGLU); take small, base or large")
    positions = tuple(stored[naming.positions].shape)
    numbered = re.compile(rf"{re.escape(naming.block)}\.(\d{{1,4}})\.")
    layers = len({found[1] for name in stored if (found := numbered.match(name))})
    usual = (
        len(positions) == 3 and positions[1] > 1 and positions[2] % HEAD_WIDTH == 0 < positions[2]
    )
    if not usual or not 1 <= layers <= MOST_LAYERS:
        raise InputError(
            f"{path}: positions of shape {positions} and {layers} blocks; a DINOv2 has (1, 1 + "
            f"patches, a multiple of {HEAD_WIDTH}) and 1 to {MOST_LAYERS}"
        )
    width = positions[2]
    return Dinov2Config(width, layers, width // HEAD_WIDTH, math.isqrt(positions[1] - 1))


def _apart(path: Path, naming: Naming, config: Dinov2Config, stored: Tensors) -> Tensors:
    """All tensors by our names, each compared with what the encoder has."""
    with torch.device("meta"):
        wanted = Dinov2(config).state_dict()
    left = {name: tensor for name, tensor in stored.items() if name not in naming.unused}
    tensors: dict[str, Tensor] = {}
    for theirs, ours in naming.names(config.layers).items():
        shape = tuple(wanted[ours[0]].shape)
        shape = (len(ours) * shape[0], *shape[1:])
        tensor = left.pop(theirs, None)
        found = None if tensor is None else tuple(tensor.shape)
        if tensor is None or found != shape:
            raise InputError(
                f"{path}: tensor {theirs} is {found or 'missing'}, a DINOv2 of width "
                f"{config.width} with {config.layers} layers has {shape}"
            )
        if not tensor.is_floating_point() or not tensor.isfinite().all():
            raise InputError(f"{path}: tensor {theirs} holds other than finite floats")
        tensors.update(zip(ours, tensor.float().chunk(len(ours)), strict=True))
    if left:
        raise InputError(
            f"{path}: tensor {min(left)} is none of a DINOv2's; take the plain encoder's file, "
            "without registers or head"
        )
    return tensors
