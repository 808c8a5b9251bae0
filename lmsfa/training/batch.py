"""One batch of training pictures with their truth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures and their instances; M is the largest number of instances in one picture.

    Attributes:
        rgb: (B, 3, S, S) uint8, RGB.
        boxes: (B, M, 4) float, left, top, right, bottom in input pixels; zeros where there is none.
        classes: (B, M) int64 class ids, -1 where there is no instance.
        masks: (B, M, S / 4, S / 4) uint8, share of each cell that the instance covers, 0..255.
        known: (B, S / 4, S / 4) uint8, share of each cell that is labelled (not void), 0..255.
    """

    rgb: Tensor
    boxes: Tensor
    classes: Tensor
    masks: Tensor
    known: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        parts = (self.rgb, self.boxes, self.classes, self.masks, self.known)
        return Batch(*(part.to(device, non_blocking=True) for part in parts))
