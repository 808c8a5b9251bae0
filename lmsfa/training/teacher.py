"""Learning from a larger network besides the truth (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from lmsfa.backends.graph import load_network
from lmsfa.errors import InputError
from lmsfa.models.detection import BOX_BINS, HeadLogits, InstanceNetwork, decode_boxes
from lmsfa.models.mask_logits import mask_logits
from lmsfa.postprocess import MASK_STRIDE
from lmsfa.training.boxes import inside
from lmsfa.training.losses import LossWeights

MASKS = 32
"""Of a picture, those that the teacher is surest of; a structure is answered by several cells."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A trained network whose answers another one learns.

    Attributes:
        network: fused, in evaluation mode; its weights do not learn.
        weights: SHA-256 of the weights file.
        domain: what it had seen.
        leaks: what its card says of pictures on both sides.
    """

    network: InstanceNetwork
    weights: str
    domain: str
    leaks: tuple[str, ...]


def read_teacher(weights: Path, classes: tuple[str, ...], device: torch.device) -> Teacher:
    """The teacher of a weights file, on `device`.

    Args:
        weights: of any model.
        classes: names in the order of the learner's logits.
        device: where the learner is.

    Raises:
        InputError: the file cannot be read, or is of other classes.
    """
    network, card = load_network(weights)
    theirs = tuple(spec.name for spec in card.classes)
    if theirs != classes:
        raise InputError(
            f"{weights}: knows {', '.join(theirs)}, the data {', '.join(classes)}; "
            "a teacher knows the same classes in the same order"
        )
    if not isinstance(network, InstanceNetwork):
        raise InputError(f"{weights}: a {card.system} answers no instances that could be taught")
    network = network.fuse().requires_grad_(False)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return Teacher(network, card.sha256, card.training_domain, card.leaks)


def taught_losses(
    learner: HeadLogits, teacher: HeadLogits, weights: LossWeights
) -> dict[str, Tensor]:
    """Weighted losses by name of two heads' answers to the same pictures, in float32.

    Classes: binary cross entropy against the teacher's probabilities. Distribution: the
    Kullback-Leibler divergence of the box sides' distances. Mask: binary cross entropy inside the
    teacher's boxes, of the `MASKS` surest cells, of assembled masks: the two networks' prototypes
    need not be alike. Distribution and mask are means over cells, which count by the teacher's
    highest probability; classes are a sum over all cells, in shares of all that certainty. Each
    weighs what the same answer's loss against the truth does.
    """
    probability = teacher.classes.float().sigmoid()
    sure = probability.amax(2)
    total = sure.sum().clamp(min=1.0)
    classes = functional.binary_cross_entropy_with_logits(
        learner.classes.float(), probability, reduction="sum"
    )
    distribution = (_divergence(learner.boxes, teacher.boxes) * sure).sum()
    surest, cells = sure.topk(min(MASKS, sure.shape[1]))
    mask = (_mask_distances(learner, teacher, cells) * surest).sum()
    return {
        "taught_classes": weights.classes * classes / total,
        "taught_distribution": weights.distribution * distribution / total,
        "taught_mask": weights.mask * mask / surest.sum().clamp(min=1.0),
    }


def _divergence(learner: Tensor, teacher: Tensor) -> Tensor:
    """(B, 4 x BOX_BINS, N) twice -> (B, N), a mean over the four sides."""
    ours, theirs = (
        x.float().reshape(len(x), 4, BOX_BINS, -1).log_softmax(2) for x in (learner, teacher)
    )
    each = functional.kl_div(ours, theirs, reduction="none", log_target=True)
    return each.sum(2).mean(1)


def _mask_distances(learner: HeadLogits, teacher: HeadLogits, cells: Tensor) -> Tensor:
    """(B, K) cells -> (B, K), each a mean over the teacher's box."""
    boxes = _picked(_boxes(teacher), cells)
    ours = _mask_logits(learner, _picked(_boxes(learner).detach(), cells), cells)
    theirs = _mask_logits(teacher, boxes, cells)
    within = inside(boxes / MASK_STRIDE, *ours.shape[2:])
    each = functional.binary_cross_entropy_with_logits(ours, theirs.sigmoid(), reduction="none")
    return (each * within).sum((2, 3)) / within.sum((2, 3)).clamp(min=1.0)


def _boxes(head: HeadLogits) -> Tensor:
    """(B, N, 4) in input pixels."""
    return decode_boxes(head.boxes.float(), head.points, head.strides)


def _picked(rows: Tensor, cells: Tensor) -> Tensor:
    """(B, N, X) and (B, K) cells -> (B, K, X)."""
    return rows.gather(1, cells[..., None].expand(-1, -1, rows.shape[2]))


def _mask_logits(head: HeadLogits, boxes: Tensor, cells: Tensor) -> Tensor:
    """(B, K) cells and their boxes -> (B, K, H / 4, W / 4) mask logits."""
    coefficients = _picked(head.coefficients.float(), cells)
    parts = zip(coefficients, head.prototypes.float(), boxes, strict=True)
    return torch.stack([mask_logits(*part) for part in parts])
