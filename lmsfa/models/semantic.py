"""Networks that tell the class of every cell, and of the whole picture what is being done."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lmsfa.models.network import Network


@dataclass(frozen=True, slots=True)
class SemanticLogits:
    """Raw answers.

    Attributes:
        maps: (B, classes, H / 4, W / 4); a cell may belong to several classes or to none.
        activities: (B, activities), of which one is being done; None where the network knows none.
    """

    maps: Tensor
    activities: Tensor | None = None


class SemanticNetwork(Network):
    """A network of this kind, whatever its layers.

    Attributes:
        config: has `classes`, and `activities` where the network knows activities.
    """

    def semantic_logits(self, rgb: Tensor) -> SemanticLogits:
        """(B, 3, H, W) in 0..1 -> raw answers."""
        raise NotImplementedError

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Answers pictures.

        Args:
            rgb: (B, 3, H, W) float, RGB in 0..1, H and W multiples of `input_multiple_px`.

        Returns:
            (B, classes + activities, 1): the greatest probability of each class anywhere in the
            picture, and behind those rows the probability of each activity, which add up to one;
            and (B, classes, H / 4, W / 4) probabilities of each class in each cell.
        """
        logits = self.semantic_logits(rgb)
        maps = logits.maps.sigmoid()
        rows = [maps.flatten(2).amax(2)]
        if logits.activities is not None:
            rows.append(logits.activities.softmax(1))
        return torch.cat(rows, 1)[..., None], maps
