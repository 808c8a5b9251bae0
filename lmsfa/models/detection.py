"""What the networks have in common: cells that answer boxes, classes and mask coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lmsfa.models.network import Network

Levels = tuple[Tensor, Tensor, Tensor]
"""Features at strides 8, 16 and 32."""
STRIDES = (8, 16, 32)
INPUT_MULTIPLE_PX = 32
BOX_BINS = 16
"""Bins of a box side's distance distribution (generalised focal loss, Li et al. 2020)."""


@dataclass(frozen=True, slots=True)
class HeadLogits:
    """Raw answers of a head; N counts the cells of all levels, finest first.

    Attributes:
        boxes: (B, 4 x BOX_BINS, N) logits of the distances left, top, right, bottom.
        classes: (B, N, classes) logits.
        coefficients: (B, N, X) what makes a cell's mask of the prototypes, see `mask_logits`.
        prototypes: (B, prototypes, H / 4, W / 4).
        points: (N, 2) cell centres x, y in input pixels.
        strides: (N,) pixels a cell.
    """

    boxes: Tensor
    classes: Tensor
    coefficients: Tensor
    prototypes: Tensor
    points: Tensor
    strides: Tensor


@dataclass(frozen=True, slots=True)
class AuxiliaryLogits:
    """Answers of the layers that only training has.

    Attributes:
        semantic: L4 [21], (B, classes, H / 4, W / 4) logits.
        edge: E [22], (B, 1, H / 8, W / 8) logits.
        edge_feature: 1x1 projection of the refined stride-8 level [16], (B, 1, H / 8, W / 8).
    """

    semantic: Tensor
    edge: Tensor
    edge_feature: Tensor


@dataclass(frozen=True, slots=True)
class TrainingLogits:
    """Everything that the losses read; a network without training layers has no `auxiliary`."""

    head: HeadLogits
    auxiliary: AuxiliaryLogits | None


class InstanceNetwork(Network):
    """A network of this kind, whatever its layers."""

    input_multiple_px = INPUT_MULTIPLE_PX

    def head_logits(self, rgb: Tensor) -> HeadLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        raise NotImplementedError

    def training_logits(self, rgb: Tensor) -> TrainingLogits:
        """(B, 3, H, W) in 0..1 -> what the losses read. Not after `fuse`."""
        return TrainingLogits(self.head_logits(rgb), None)

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Answers pictures.

        Args:
            rgb: (B, 3, H, W) float, RGB in 0..1, H and W multiples of `INPUT_MULTIPLE_PX`.

        Returns:
            (B, N, 4 + classes + X): box left, top, right, bottom in input pixels, class
            probabilities, mask coefficients; and (B, prototypes, H / 4, W / 4) prototypes. Masks
            are made of both by `mask_logits`.
        """
        logits = self.head_logits(rgb)
        boxes = decode_boxes(logits.boxes, logits.points, logits.strides)
        per_cell = [
            boxes,
            logits.classes.sigmoid(),
            logits.coefficients,
        ]
        return torch.cat(per_cell, 2), logits.prototypes


def rows_of_cells(maps: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H x W, C): a cell a row."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2)


def start_unsure(boxes: nn.Conv2d, classes: nn.Conv2d) -> None:
    """Starts classes at a probability of one in a hundred (focal loss, Lin et al. 2017)."""
    assert classes.bias is not None
    assert boxes.bias is not None
    nn.init.constant_(classes.bias, -4.6)
    nn.init.constant_(boxes.bias, 1.0)


def cell_centres(levels: Levels) -> tuple[Tensor, Tensor]:
    """Centres (N, 2) x, y and strides (N,) of all cells in input pixels, finest level first."""
    points, strides = [], []
    for level, stride in zip(levels, STRIDES, strict=True):
        height, width = level.shape[2:]
        rows = torch.arange(height, device=level.device, dtype=torch.float32) + 0.5
        columns = torch.arange(width, device=level.device, dtype=torch.float32) + 0.5
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        points.append(torch.stack([x, y], 2).reshape(-1, 2) * stride)
        strides.append(torch.full((height * width,), float(stride), device=level.device))
    return torch.cat(points), torch.cat(strides)


def decode_boxes(boxes: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Boxes left, top, right, bottom in input pixels from distance distributions.

    Args:
        boxes: (B, 4 x BOX_BINS, N) logits.
        points: (N, 2) cell centres.
        strides: (N,).

    Returns:
        (B, N, 4); each side is the mean of its distribution, in strides from the centre.
    """
    batch, _, cells = boxes.shape
    distribution = boxes.reshape(batch, 4, BOX_BINS, cells).softmax(2)
    bins = torch.arange(BOX_BINS, device=boxes.device, dtype=distribution.dtype)
    distances = (distribution * bins[:, None]).sum(2).transpose(1, 2) * strides[:, None]
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], 2)
