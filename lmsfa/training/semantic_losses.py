"""What semantic networks are trained on: the class of every cell, and what is being done."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from lmsfa.data.activities import UNKNOWN
from lmsfa.models.semantic import SemanticLogits
from lmsfa.training.batch import Batch
from lmsfa.training.losses import LossWeights, dice_loss, semantic_truth

FOCUS = 2.0
"""Focal loss's gamma (Lin et al. 2017, arXiv:1708.02002)."""


def semantic_losses(
    logits: SemanticLogits, batch: Batch, weights: LossWeights
) -> dict[str, Tensor]:
    """Weighted losses of one batch by name; their sum is what is minimised.

    A class belongs to a cell as far as its instances cover it. Cells of which nothing is labelled
    (void) carry no loss, pictures without a known activity none of that.

    Args:
        logits: answers of the network, any float type; losses are computed in float32.
        batch: the pictures that were answered.
        weights: how much each loss counts.
    """
    maps = logits.maps.float()
    truth = semantic_truth(batch, maps.shape[1])
    known = (batch.known.float() / 255)[:, None]
    parts = {
        "dice": weights.dice * _dice(maps.sigmoid(), truth, known),
        "focal": weights.focal * _focal(maps, truth, known),
    }
    if logits.activities is not None:
        parts["activity"] = weights.activity * _activity(logits.activities.float(), batch)
    return parts


def _dice(probability: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Mean over the classes that each picture shows; the others' cells are the focal loss's."""
    present = (truth * known).sum((-2, -1)) > 0
    each = dice_loss(probability, truth, known)
    return (each * present).sum() / present.sum().clamp(min=1)


def _focal(maps: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Mean over cells and classes.

    Without alpha: it would move the probability at which masks are cut away from one half.
    """
    each = functional.binary_cross_entropy_with_logits(maps, truth, reduction="none")
    probability = maps.sigmoid()
    off = (probability - truth).abs()
    return (each * off**FOCUS * known).sum() / (known.sum() * maps.shape[1]).clamp(min=1.0)


def _activity(activities: Tensor, batch: Batch) -> Tensor:
    """Cross entropy, a mean over the pictures whose activity is known."""
    told = (batch.activities != UNKNOWN).sum()
    summed = functional.cross_entropy(
        activities, batch.activities, ignore_index=UNKNOWN, reduction="sum"
    )
    return summed / told.clamp(min=1)
