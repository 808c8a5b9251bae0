"""What LMSF-A is trained on: boxes, classes, masks, and the paper's three auxiliary losses."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lmsfa.models.detection import BOX_BINS, AuxiliaryLogits, TrainingLogits, decode_boxes
from lmsfa.models.head import sobel
from lmsfa.models.mask_logits import mask_logits
from lmsfa.postprocess import MASK_STRIDE
from lmsfa.training.assigner import Assignment, assign
from lmsfa.training.batch import Batch
from lmsfa.training.boxes import complete_iou, inside


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each loss counts.

    Boxes, classes, distributions: the ratio task-aligned detectors settled on (7.5, 0.5, 1.5).
    Masks: start value, as much as boxes. The paper names lambda_gc [16], lambda_edge [22] and the
    semantic loss without values; ours are start values that keep each below a tenth of the sum.

    Of semantic networks: Dice and focal loss, which HRMedSeg's paper (4.2) sums without naming
    weights. SAM's 20 focal losses to one of Dice are halved: alpha, which we leave out, weighs
    one quarter and three quarters there. Activities: as much as Dice.
    """

    box: float = 7.5
    classes: float = 0.5
    distribution: float = 1.5
    mask: float = 5.0
    semantic: float = 1.0
    gradient: float = 0.1
    edge: float = 0.2
    dice: float = 1.0
    focal: float = 10.0
    activity: float = 1.0


SPECULAR = 0.9
"""A grey value from here on (0..1) is glare: its edges are not the tissue's [16]."""

WHOLE_MASKS = 3
"""Cells an instance that learn whole masks: those that may come to answer for it, and the time that
more would take goes into steps."""
BORDER_CELLS = 1
"""Cells of the coarse grid on both sides of a border that count once more in the masks' loss."""


def losses(logits: TrainingLogits, batch: Batch, weights: LossWeights) -> dict[str, Tensor]:
    """Weighted losses of one batch by name; their sum is what is minimised.

    Args:
        logits: answers of the network, any float type; losses are computed in float32.
        batch: the pictures that were answered.
        weights: how much each loss counts.
    """
    head = logits.head
    boxes = decode_boxes(head.boxes.float(), head.points, head.strides)
    class_logits = head.classes.float()
    found = assign(
        class_logits.sigmoid().detach(), boxes.detach(), head.points, batch.boxes, batch.classes
    )
    total = found.target.sum().clamp(min=1.0)
    box, distribution = _box_losses(logits, boxes, batch, found, total)
    known = batch.known.float() / 255
    parts = {
        "box": weights.box * box,
        "classes": weights.classes * _class_loss(logits, class_logits, batch, found, total),
        "distribution": weights.distribution * distribution,
        "mask": weights.mask * _mask_loss(logits, boxes, batch, found, known),
    }
    if logits.auxiliary is not None:
        parts |= _auxiliary_losses(logits.auxiliary, batch, known, weights)
    return parts


def _auxiliary_losses(
    logits: AuxiliaryLogits, batch: Batch, known: Tensor, weights: LossWeights
) -> dict[str, Tensor]:
    return {
        "semantic": weights.semantic * _semantic_loss(logits.semantic.float(), batch, known),
        "gradient": weights.gradient * _gradient_loss(logits.edge_feature.float(), batch.rgb),
        "edge": weights.edge * _edge_loss(logits.edge.float(), batch, known),
    }


def _class_loss(
    logits: TrainingLogits, class_logits: Tensor, batch: Batch, found: Assignment, total: Tensor
) -> Tensor:
    """Binary cross entropy against the alignment; background cells on void say nothing."""
    target = torch.zeros_like(class_logits)
    at = (found.instance >= 0).nonzero(as_tuple=True)
    target[(*at, batch.classes[at[0], found.instance[at]])] = found.target[at]
    each = functional.binary_cross_entropy_with_logits(class_logits, target, reduction="none")
    cells = (logits.head.points / 4).long()
    counts = (batch.known[:, cells[:, 1], cells[:, 0]] >= 128) | (found.instance >= 0)
    return (each * counts[..., None]).sum() / total


def _box_losses(
    logits: TrainingLogits, boxes: Tensor, batch: Batch, found: Assignment, total: Tensor
) -> tuple[Tensor, Tensor]:
    """CIoU and distribution focal loss of the assigned cells, weighted by their alignment."""
    head = logits.head
    picture, cell = (found.instance >= 0).nonzero(as_tuple=True)
    if picture.numel() == 0:
        nothing = head.boxes.float().sum() * 0
        return nothing, nothing
    truth = batch.boxes[picture, found.instance[picture, cell]]
    weight = found.target[picture, cell]
    overlap = complete_iou(boxes[picture, cell], truth)
    box = ((1 - overlap) * weight).sum() / total
    point, stride = head.points[cell], head.strides[cell, None]
    distances = torch.cat([point - truth[:, :2], truth[:, 2:] - point], 1) / stride
    distances = distances.clamp(0, BOX_BINS - 1.01)
    answered = head.boxes.float().transpose(1, 2)[picture, cell].reshape(-1, 4, BOX_BINS)
    return box, (_distribution_loss(answered, distances) * weight).sum() / total


def _distribution_loss(answered: Tensor, distances: Tensor) -> Tensor:
    """Distribution focal loss (Li et al. 2020): both neighbouring bins share the distance; (K,)."""
    low = distances.floor()
    share_high = distances - low
    log_p = answered.log_softmax(2)
    at_low = log_p.gather(2, low.long()[..., None])[..., 0]
    at_high = log_p.gather(2, low.long()[..., None] + 1)[..., 0]
    return -(at_low * (1 - share_high) + at_high * share_high).mean(1)


def _mask_loss(
    logits: TrainingLogits, boxes: Tensor, batch: Batch, found: Assignment, known: Tensor
) -> Tensor:
    """Mean over cells of what their masks miss, void left out.

    Of masks inside boxes all assigned cells count, of whole ones an instance's `WHOLE_MASKS` best.
    """
    head = logits.head
    whole = head.coefficients.shape[2] != head.prototypes.shape[1]
    summed = head.prototypes.float().sum() * 0
    answered = 0
    for index, prototypes in enumerate(head.prototypes.float()):
        cells = (found.instance[index] >= 0).nonzero()[:, 0]
        if whole:
            cells = _best_cells(cells, found.instance[index], found.target[index])
        if cells.numel() == 0:
            continue
        instance = found.instance[index, cells]
        # Where a mask lies is the box's to learn, not the other way round.
        answer = mask_logits(
            head.coefficients[index].float()[cells], prototypes, boxes[index, cells].detach()
        )
        within = inside(batch.boxes[index] / MASK_STRIDE, *answer.shape[1:])
        truth = batch.masks[index].float() / 255
        judge = _whole_mask_losses if whole else _boxed_mask_losses
        summed = summed + judge(answer, truth, within, known[index], instance).sum()
        answered += cells.numel()
    return summed / max(answered, 1)


def _best_cells(cells: Tensor, instance: Tensor, target: Tensor) -> Tensor:
    """Of (K,) assigned cells the `WHOLE_MASKS` best aligned ones of each instance."""
    order = cells[target[cells].argsort(descending=True)]
    mine = instance[order]
    # How many better cells answer for the same instance.
    better = (mine[:, None] == mine).tril(-1).sum(1)
    return order[better < WHOLE_MASKS]


def _boxed_mask_losses(
    answer: Tensor, truth: Tensor, within: Tensor, known: Tensor, instance: Tensor
) -> Tensor:
    """BCE, a mean over the box, and Dice inside the box (YOLACT).

    Args:
        answer: (K, H, W) logits.
        truth: (M, H, W) share of each cell that each instance covers, 0..1.
        within: (M, H, W), whether a cell lies in its box.
        known: (H, W) share of each cell that is labelled.
        instance: (K,) whose masks these are.

    Returns:
        (K,) a loss a mask.
    """
    truth, weight = truth[instance], (within * known)[instance]
    each = functional.binary_cross_entropy_with_logits(answer, truth, reduction="none")
    return _mean(each, weight) + dice_loss(answer.sigmoid(), truth, weight)


def _whole_mask_losses(
    answer: Tensor, truth: Tensor, within: Tensor, known: Tensor, instance: Tensor
) -> Tensor:
    """Dice over the whole picture and the mean of three BCE; as `_boxed_mask_losses`.

    The three are means over the box, over all outside of it, and over the cells near the truth's
    border, which are few and are what the eye sees of an outline.
    """
    reach = 2 * BORDER_CELLS + 1
    grown = functional.max_pool2d(truth, reach, 1, BORDER_CELLS)
    shrunk = -functional.max_pool2d(-truth, reach, 1, BORDER_CELLS)
    parts = torch.stack([within * known, ~within * known, (grown - shrunk) * known])
    # A weight that sums to one a part: one product in place of three.
    weight = (parts / parts.sum((2, 3), keepdim=True).clamp(min=1.0)).mean(0)
    truth = truth[instance]
    each = functional.binary_cross_entropy_with_logits(
        answer, truth, weight[instance], reduction="none"
    )
    return each.sum((1, 2)) + dice_loss(answer.sigmoid(), truth, known)


def _mean(each: Tensor, weight: Tensor) -> Tensor:
    """(K,) weighted means over the last two axes of (K, H, W)."""
    return (each * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1.0)


def dice_loss(probability: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """One less Dice over the last two axes; all three (..., H, W), 0..1."""
    shared = (probability * truth * weight).sum((-2, -1))
    both = ((probability + truth) * weight).sum((-2, -1))
    return 1 - (2 * shared + 1) / (both + 1)


def _semantic_loss(semantic: Tensor, batch: Batch, known: Tensor) -> Tensor:
    """BCE a class and Dice on L4 [21]."""
    truth = semantic_truth(batch, semantic.shape[1])
    each = functional.binary_cross_entropy_with_logits(semantic, truth, reduction="none")
    weight = known[:, None]
    bce = (each * weight).sum() / (weight.sum() * semantic.shape[1]).clamp(min=1.0)
    dice = dice_loss(semantic.sigmoid(), truth, weight)
    present = truth.sum((-2, -1)) > 0
    return bce + (dice * present).sum() / present.sum().clamp(min=1)


def semantic_truth(batch: Batch, classes: int) -> Tensor:
    """(B, classes, S / 4, S / 4): share of each cell that a class covers, 0..1."""
    size, count = batch.masks.shape[-1], batch.masks.shape[1]
    truth = torch.zeros(batch.masks.shape[0], classes + 1, size, size, device=batch.masks.device)
    if count:
        # Class -1 (no instance) collects in a last map that is cut away.
        index = torch.where(batch.classes >= 0, batch.classes, classes)
        spread = index[:, :, None, None].expand(-1, -1, size, size)
        truth.scatter_add_(1, spread, batch.masks.float() / 255)
    return truth[:, :classes].clamp(max=1.0)


def _gradient_loss(edge_feature: Tensor, rgb: Tensor) -> Tensor:
    """L_gc [16]: the feature's Sobel magnitude follows the grey picture's, each over its mean."""
    grey = rgb.float().mean(1, keepdim=True) / 255
    small = functional.avg_pool2d(grey, 8)
    picture, feature = sobel(small), sobel(edge_feature)
    picture = picture / (picture.mean((2, 3), keepdim=True) + 1e-6)
    feature = feature / (feature.mean((2, 3), keepdim=True) + 1e-6)
    dull = (functional.max_pool2d(grey, 8) < SPECULAR).float()
    return ((feature - picture).abs() * dull).sum() / dull.sum().clamp(min=1.0)


def _edge_loss(edge: Tensor, batch: Batch, known: Tensor) -> Tensor:
    """L_edge [22]: BCE against the masks' 3x3 morphological gradient, max-pooled to stride 8."""
    if batch.masks.shape[1] == 0:
        return edge.sum() * 0
    masks = batch.masks.float() / 255
    grown = functional.max_pool2d(masks, 3, 1, 1)
    shrunk = -functional.max_pool2d(-masks, 3, 1, 1)
    border = (grown - shrunk).amax(1, keepdim=True)
    truth = functional.max_pool2d(border, 2)
    weight = (functional.avg_pool2d(known[:, None], 2) > 0.5).float()
    each = functional.binary_cross_entropy_with_logits(edge, truth, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1.0)
