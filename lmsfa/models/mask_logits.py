"""Mask logits of instances in tensors: by filters of their own, or as sums of prototypes."""

from __future__ import annotations

import torch
from torch import Tensor

from lmsfa.mask_filters import FARTHEST, FILTER_UNITS, LEAST_SCALE_PX
from lmsfa.postprocess import MASK_STRIDE


def mask_logits(coefficients: Tensor, prototypes: Tensor, boxes: Tensor) -> Tensor:
    """The masks of K instances of one picture on the whole coarse grid.

    Args:
        coefficients: (K, X) float32: as many as there are prototypes, for their sum, or what
            `mask_filters` says.
        prototypes: (P, H / 4, W / 4) float32.
        boxes: (K, 4) left, top, right, bottom in input pixels; only filters read them.

    Returns:
        (K, H / 4, W / 4) logits.
    """
    count, height, width = prototypes.shape
    flat = prototypes.flatten(1)
    if coefficients.shape[1] == count:
        return (coefficients @ flat).reshape(-1, height, width)
    units = FILTER_UNITS
    sizes = [units * (count + 2), units, units, 1]
    first, bias, second, last = torch.split(coefficients, sizes, 1)
    first = first.reshape(-1, units, count + 2)
    hidden = (first[..., :count].reshape(-1, count) @ flat).reshape(-1, units, height, width)
    u, v = _ways(boxes, height, width)
    across = first[..., count, None, None] * u[:, None, None, :]
    down = first[..., count + 1, None, None] * v[:, None, :, None]
    hidden = torch.relu(hidden + across + (down + bias[..., None, None]))
    logits: Tensor = (hidden * second[..., None, None]).sum(1) + last[..., None]
    return logits


def _ways(boxes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """As `mask_filters.ways`, for (K, 4): (K, W) and (K, H)."""
    low, high = boxes[:, :2], boxes[:, 2:]
    middle = (low + high) / 2
    scale = ((high - low).sum(1, keepdim=True) / 2).clamp(min=LEAST_SCALE_PX)
    x, y = (
        (torch.arange(count, device=boxes.device, dtype=boxes.dtype) + 0.5) * MASK_STRIDE
        for count in (width, height)
    )
    u = ((x - middle[:, :1]) / scale).clamp(-FARTHEST, FARTHEST)
    v = ((y - middle[:, 1:]) / scale).clamp(-FARTHEST, FARTHEST)
    return u, v
