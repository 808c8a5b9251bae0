"""Task-aligned assignment (TOOD, Feng et al. 2021): which cell answers for which instance."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lmsfa.training.boxes import iou

CANDIDATES = 10
SCORE_POWER = 0.5
OVERLAP_POWER = 6.0


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which cell answers for what.

    Attributes:
        instance: (B, N) int64 index of the instance a cell answers for, -1 for background.
        target: (B, N) float 0..1, how well the cell is aligned: the class score to give.
    """

    instance: Tensor
    target: Tensor


@torch.no_grad()
def assign(
    scores: Tensor, boxes: Tensor, points: Tensor, true_boxes: Tensor, true_classes: Tensor
) -> Assignment:
    """Gives every instance the `CANDIDATES` cells inside its box that answer it best.

    Args:
        scores: (B, N, classes) probabilities.
        boxes: (B, N, 4) answered boxes, input pixels.
        points: (N, 2) cell centres, input pixels.
        true_boxes: (B, M, 4).
        true_classes: (B, M), -1 where there is no instance.
    """
    batch, cells, _ = scores.shape
    if true_boxes.shape[1] == 0:
        nothing = torch.full((batch, cells), -1, dtype=torch.int64, device=scores.device)
        return Assignment(nothing, torch.zeros(batch, cells, device=scores.device))
    real = true_classes >= 0
    picked = true_classes.clamp(min=0)[:, None, :].expand(-1, cells, -1)
    score = scores.gather(2, picked).transpose(1, 2)
    overlap = iou(true_boxes[:, :, None], boxes[:, None])
    inside = _inside(points, true_boxes) & real[:, :, None]
    alignment = score.pow(SCORE_POWER) * overlap.pow(OVERLAP_POWER) * inside
    chosen = _best(alignment, inside)
    # A cell wanted by several instances goes to the one that it overlaps most.
    rival = torch.where(chosen, overlap, overlap.new_tensor(-1.0)).argmax(1)
    chosen &= torch.zeros_like(chosen).scatter_(1, rival[:, None], True)
    return Assignment(*_targets(chosen, alignment, overlap))


def _inside(points: Tensor, true_boxes: Tensor) -> Tensor:
    """(B, M, N): whether a cell's centre lies inside an instance's box."""
    low = points - true_boxes[:, :, None, :2]
    high = true_boxes[:, :, None, 2:] - points
    return torch.cat([low, high], -1).amin(-1) > 0


def _best(alignment: Tensor, inside: Tensor) -> Tensor:
    """(B, M, N): the most aligned cells of each instance."""
    count = min(CANDIDATES, alignment.shape[2])
    # The small term still ranks cells inside the box when every answer is far off, at the start.
    rank = alignment + inside * 1e-9
    best = rank.topk(count, dim=2).indices
    return torch.zeros_like(inside).scatter_(2, best, True) & inside


def _targets(chosen: Tensor, alignment: Tensor, overlap: Tensor) -> tuple[Tensor, Tensor]:
    alignment = alignment * chosen
    strongest = alignment.amax(2, keepdim=True)
    widest = (overlap * chosen).amax(2, keepdim=True)
    # An instance's best cell is asked for the score of its overlap, the others in proportion.
    normalised = (alignment / (strongest + 1e-9) * widest).amax(1)
    instance = torch.where(chosen.any(1), chosen.int().argmax(1), -1)
    return instance, normalised
