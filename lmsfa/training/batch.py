"""One batch of training pictures with their truth."""

from __future__ import annotations

from collections.abc import Iterator
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
        activities: (B,) int64 index of what is being done, -1 where nobody said.
    """

    rgb: Tensor
    boxes: Tensor
    classes: Tensor
    masks: Tensor
    known: Tensor
    activities: Tensor

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.rgb)

    def parts(self, size: int) -> Iterator[Batch]:
        """The batch in parts of at most `size` pictures, in order."""
        for start in range(0, len(self), size):
            yield Batch(*(tensor[start : start + size] for tensor in self._tensors()))

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self._tensors()))

    def _tensors(self) -> tuple[Tensor, ...]:
        return self.rgb, self.boxes, self.classes, self.masks, self.known, self.activities
