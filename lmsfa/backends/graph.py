"""The network as every runtime runs it: bytes in, decoded answer out, one picture."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from lmsfa.card import ModelCard
from lmsfa.checkpoint import CheckpointError, check_tensors, load_strictly, read_weights
from lmsfa.errors import InputError
from lmsfa.models.families import Config, Family, family_of
from lmsfa.models.network import Network
from lmsfa.registry import EngineError

LARGEST_NUMBER = 4096
"""No width or count of a network that runs live is larger."""


class PictureGraph(nn.Module):
    """(1, S, S, 3) uint8 RGB -> what the network answers, of one picture, channels last.

    An instance network: detections (N, 4 + classes + X), prototypes (S / 4, S / 4, P). A semantic
    one: rows (classes + activities, 1), maps (S / 4, S / 4, classes).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, canvas: Tensor) -> tuple[Tensor, Tensor]:
        """As the class says; float answers of the network's own precision."""
        weight = next(self.network.parameters())
        rgb = (canvas.to(weight.dtype) / 255).permute(0, 3, 1, 2)
        first, second = self.network(rgb)
        return first[0], second.permute(0, 2, 3, 1)[0]


def load_network(weights: Path) -> tuple[Network, ModelCard]:
    """The network of a weights file, unfused, in evaluation mode, on the CPU.

    Raises:
        EngineError: in one line: the file is missing, truncated, foreign, or not the card's.
    """
    try:
        tensors, card = read_weights(weights)
        family = family_of(card.system)
        config = _config(card, family, weights)
        # Shapes alone first: a card that asks for the impossible must not cost the memory for it.
        with torch.device("meta"):
            check_tensors(family.make(config), tensors, weights)
        network = family.make(config)
        load_strictly(network, tensors, weights)
    except InputError as error:
        raise EngineError(str(error)) from None
    return network.eval(), card


def load_graph(weights: Path) -> PictureGraph:
    """The fused network of a weights file, ready for a runtime. Raises as `load_network`."""
    return PictureGraph(load_network(weights)[0].fuse()).eval()


def _config(card: ModelCard, family: Family, weights: Path) -> Config:
    defaults = asdict(family.config)
    for name, said in card.architecture.items():
        if name not in defaults or not _is_like(said, defaults[name]):
            expected = f"like {defaults[name]}" if name in defaults else "no such field"
            raise CheckpointError(
                f"{weights}: the card's architecture is no {family.title}: "
                f"{name!r} is {said!r}, expected {expected}"
            )
    multiple_px = family.network.input_multiple_px
    if card.input_size_px % multiple_px or card.input_multiple_px != multiple_px:
        raise CheckpointError(
            f"{weights}: {family.title} reads inputs of a multiple of {multiple_px} px, "
            f"the card says {card.input_size_px} of a multiple of {card.input_multiple_px}"
        )
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in card.architecture.items()}
    try:
        config = replace(family.config, **fields)  # type: ignore[arg-type]  # each was compared with its default
    except InputError as error:
        raise CheckpointError(f"{weights}: the card's architecture: {error}") from None
    if config.classes != len(card.classes):
        raise CheckpointError(
            f"{weights}: the architecture has {config.classes} classes, "
            f"the card names {len(card.classes)}; weights and card do not belong together"
        )
    told = getattr(config, "activities", 0)
    if told != len(card.activities):
        raise CheckpointError(
            f"{weights}: the architecture tells {told} activities, the card names "
            f"{len(card.activities)}; weights and card do not belong together"
        )
    return config


def _is_like(said: object, default: object) -> bool:
    """Whether a JSON value may stand for a field of a config that has this default."""
    if isinstance(default, tuple):
        fits = isinstance(said, list | tuple) and len(said) == len(default)
        return fits and all(_is_like(part, default[0]) for part in said)  # type: ignore[attr-defined]
    if isinstance(default, str):
        return isinstance(said, str)
    number = isinstance(said, int | float if isinstance(default, float) else int)
    return number and not isinstance(said, bool) and 1 <= said <= LARGEST_NUMBER  # type: ignore[operator]


def blank_canvas(size_px: int) -> Tensor:
    """A black picture of the input's size, (1, S, S, 3) uint8."""
    return torch.zeros(1, size_px, size_px, 3, dtype=torch.uint8)
