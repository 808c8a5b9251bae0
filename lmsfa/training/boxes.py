"""Overlap of boxes: plain and complete IoU."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_TINY = 1e-7


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes (..., 4) left, top, right, bottom, broadcast -> (...)."""
    shared, union = _intersection_and_union(a, b)
    return shared / union


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """Complete IoU (Zheng et al. 2020): IoU less centre distance and aspect difference, <= 1."""
    shared, union = _intersection_and_union(a, b)
    overlap = shared / union
    outer = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    diagonal = outer.square().sum(-1) + _TINY
    centres = (a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]).square().sum(-1) / 4
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    angle_a = torch.atan(size_a[..., 0] / (size_a[..., 1] + _TINY))
    angle_b = torch.atan(size_b[..., 0] / (size_b[..., 1] + _TINY))
    aspect = (4 / math.pi**2) * (angle_a - angle_b).square()
    with torch.no_grad():
        weight = aspect / (1 - overlap + aspect + _TINY)
    return overlap - centres / diagonal - weight * aspect


def _intersection_and_union(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    corner_low = torch.maximum(a[..., :2], b[..., :2])
    corner_high = torch.minimum(a[..., 2:], b[..., 2:])
    shared = (corner_high - corner_low).clamp(min=0).prod(-1)
    area_a = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)
    return shared, area_a + area_b - shared + _TINY


def inside(boxes: Tensor, height: int, width: int) -> Tensor:
    """Boxes (..., 4) in cells -> (..., height, width), whether a cell's centre lies inside."""
    rows = torch.arange(height, device=boxes.device)[:, None] + 0.5
    columns = torch.arange(width, device=boxes.device) + 0.5
    left, top, right, bottom = boxes[..., None, None].unbind(-3)
    return (columns > left) & (columns < right) & (rows > top) & (rows < bottom)
