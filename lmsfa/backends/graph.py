"""The network as every runtime runs it: bytes in, decoded answer out, one picture."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from lmsfa.card import ModelCard
from lmsfa.checkpoint import CheckpointError, load_strictly, read_weights
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.registry import EngineError


class PictureGraph(nn.Module):
    """(1, S, S, 3) uint8 RGB -> detections (N, 4 + classes + P), prototypes (P, S / 4, S / 4)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, canvas: Tensor) -> tuple[Tensor, Tensor]:
        """As the class says; float answers of the network's own precision."""
        weight = next(self.network.parameters())
        rgb = canvas.permute(0, 3, 1, 2).to(weight.dtype) / 255
        detections, prototypes = self.network(rgb)
        return detections[0], prototypes[0]


def load_network(weights: Path) -> tuple[Lmsfa, ModelCard]:
    """The network of a weights file, unfused, in evaluation mode, on the CPU.

    Raises:
        EngineError: in one line: the file is missing, truncated, foreign, or not the card's.
    """
    try:
        tensors, card = read_weights(weights)
        network = Lmsfa(_config(card, weights))
        load_strictly(network, tensors, weights)
    except CheckpointError as error:
        raise EngineError(str(error)) from None
    return network.eval(), card


def load_graph(weights: Path) -> PictureGraph:
    """The fused network of a weights file, ready for a runtime. Raises as `load_network`."""
    return PictureGraph(load_network(weights)[0].fuse()).eval()


def _config(card: ModelCard, weights: Path) -> LmsfaConfig:
    fields = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in card.architecture.items()
    }
    try:
        config = LmsfaConfig(**fields)  # type: ignore[arg-type]  # a wrong type fails below
    except TypeError as error:
        raise CheckpointError(
            f"{weights}: the card's architecture is not LMSF-A's ({error})"
        ) from None
    if config.classes != len(card.classes):
        raise CheckpointError(
            f"{weights}: the architecture has {config.classes} classes, "
            f"the card names {len(card.classes)}; weights and card do not belong together"
        )
    return config


def blank_canvas(size_px: int) -> Tensor:
    """A black picture of the input's size, (1, S, S, 3) uint8."""
    return torch.zeros(1, size_px, size_px, 3, dtype=torch.uint8)
