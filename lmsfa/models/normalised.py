"""Pictures as networks that began with photographs like them: every channel about zero."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's training pictures, red, green, blue in 0..1, as torchvision's networks take them
(pytorch.org/vision, "Models and pre-trained weights")."""


class Normalised(nn.Module):
    """Takes each channel's mean away and divides by its standard deviation.

    Both are the network's, not learned: they lie in no weights file.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        deviation: Sequence[float] = IMAGENET_DEVIATION,
    ) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("deviation", deviation)):
            self.register_buffer(name, torch.tensor(values).reshape(-1, 1, 1), persistent=False)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 -> the same shape, normalised."""
        return (rgb - self.mean) / self.deviation
