"""From a frame's bytes to its masks in tensors of fixed shapes, as a GPU does it without the host.

Everything here runs on the processor too, and is tested there; on a GPU one captured graph holds
all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lmsfa.backends.packed import pack, pack_semantic
from lmsfa.card import ModelCard
from lmsfa.letterbox import PADDING_GREY, Letterbox
from lmsfa.models.mask_logits import mask_logits
from lmsfa.postprocess import MAX_CANDIDATES, MAX_INSTANCES, calibrated
from lmsfa.registry import SEMANTIC_SYSTEMS

Network = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(1, S, S, 3) RGB 0..255 -> two tensors, as `graph.PictureGraph`."""
STEPS = 12
"""Of `suppress`; frames need two or three. What is not settled then is done again, to the end."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which pixels of a frame each pixel of its place is made of: bilinear, half-pixel centres.

    Attributes:
        place: of frames of this shape.
        index: (4, height x width) int64, into the frame's pixels row by row.
        share: (4, height x width, 1) float32, of each of the four; they add up to one.
    """

    place: Letterbox
    index: Tensor
    share: Tensor

    @classmethod
    def of(cls, place: Letterbox, height: int, width: int, device: str) -> Self:
        """Of frames of `height` x `width` pixels."""
        above, below, down = _neighbours(height, place.height_px)
        left, right, across = _neighbours(width, place.width_px)
        corners = [
            (above, 1 - down, left, 1 - across),
            (above, 1 - down, right, across),
            (below, down, left, 1 - across),
            (below, down, right, across),
        ]
        index = [rows[:, None] * width + columns for rows, _, columns, _ in corners]
        share = [vertical[:, None] * horizontal for _, vertical, _, horizontal in corners]
        return cls(
            place,
            torch.stack(index).flatten(1).to(device),
            torch.stack(share).flatten(1)[..., None].float().to(device),
        )


def _neighbours(source: int, target: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of every target pixel along an axis: both source pixels, and the share of the second."""
    centres = (torch.arange(target, dtype=torch.float64) + 0.5) * (source / target) - 0.5
    centres = centres.clamp(0, source - 1)
    first = centres.floor()
    second = (first + 1).clamp(max=source - 1)
    return first.long(), second.long(), centres - first


def letterbox(rgb: Tensor, sampling: Sampling) -> Tensor:
    """(H, W, 3) uint8 -> (1, S, S, 3) float32, whole numbers 0..255, grey where no frame is."""
    place = sampling.place
    corners = rgb.reshape(-1, 3)[sampling.index]
    pixels = (corners * sampling.share).sum(0).round()
    right = place.size_px - place.left_px - place.width_px
    bottom = place.size_px - place.top_px - place.height_px
    return functional.pad(
        pixels.reshape(1, place.height_px, place.width_px, 3),
        (0, 0, place.left_px, right, place.top_px, bottom),
        value=PADDING_GREY,
    )


def cut(detections: Tensor, classes: int, floors: Tensor) -> tuple[Tensor, Tensor]:
    """The detections that an application may show, at most `MAX_CANDIDATES`.

    Args:
        detections: (N, 4 + classes + X).
        classes: how many.
        floors: (classes,) raw scores below which a class is not reported.

    Returns:
        (K, 4 + classes + X) detections, the best first; (K,) scores of their best classes, -1
        where a detection is below its class's floor.
    """
    best, class_ids = detections[:, 4 : 4 + classes].max(1)
    keys = torch.where(best >= floors[class_ids], best, -1.0)
    keys, order = keys.topk(min(MAX_CANDIDATES, keys.shape[0]))
    return detections[order], keys


def suppress(
    boxes: Tensor, class_ids: Tensor, valid: Tensor, nms_iou: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Greedy suppression within classes, as a fixed point: no loop depends on the numbers.

    A box stays where no better box that stays overlaps it. Each step settles at least one more box
    of every chain of overlaps.

    Args:
        boxes: (K, 4) left, top, right, bottom, the best first.
        class_ids: (K,).
        valid: (K,) bool; others neither stay nor suppress.
        nms_iou: of two boxes over this the better stays.
        steps: how many, at least one; K always settle.

    Returns:
        (K,) bool, which stay; () bool, whether that is settled.
    """
    rivals = (_overlaps(boxes) > nms_iou) & (class_ids[:, None] == class_ids)
    better = rivals.triu(1).float()
    kept = before = valid
    for _ in range(steps):
        before = kept
        kept = valid & (before.float() @ better == 0)
    return kept, (kept == before).all()


def _overlaps(boxes: Tensor) -> Tensor:
    """(K, K) IoU of each box with each."""
    left_top = torch.maximum(boxes[:, None, :2], boxes[:, :2])
    right_bottom = torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    common = (right_bottom - left_top).clamp(min=0).prod(2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return common / (areas[:, None] + areas - common).clamp(min=1e-9)


def assemble(coefficients: Tensor, prototypes: Tensor, boxes: Tensor) -> Tensor:
    """(M, X), (S / 4, S / 4, P) and (M, 4) -> (M, S / 4, S / 4) uint8, probability 0..255."""
    logits = mask_logits(coefficients, prototypes.float().permute(2, 0, 1), boxes)
    return (logits.sigmoid() * 255).round().to(torch.uint8)


class FrameTensors:
    """A frame's whole way on one device, with an instance network.

    Args:
        network: on that device.
        card: of its weights; its thresholds decide what is worth a mask.
        device: torch's name of it.
    """

    def __init__(self, network: Network, card: ModelCard, device: str) -> None:
        self._network = network
        self._classes = len(card.classes)
        self._nms_iou = card.nms_iou
        floors = calibrated(np.array(card.class_thresholds), 1 / card.temperature)
        self._floors = torch.from_numpy(floors).float().to(device)

    def __call__(self, rgb: Tensor, sampling: Sampling, steps: int = STEPS) -> Tensor:
        """(H, W, 3) uint8 -> the packed answer, (bytes,) uint8, as `packed.unpacked` reads it."""
        detections, prototypes = self._network(letterbox(rgb, sampling))
        detections = detections.float()
        # One sum is NaN or infinite if any number in it is.
        total = detections.sum() + prototypes.sum(dtype=torch.float32)
        rows, keys = cut(detections, self._classes, self._floors)
        class_ids = rows[:, 4 : 4 + self._classes].argmax(1)
        kept, settled = suppress(rows[:, :4], class_ids, keys >= 0, self._nms_iou, steps)
        keys = torch.where(kept, keys, -1.0)
        keys, order = keys.topk(min(MAX_INSTANCES, keys.shape[0]))
        rows = rows[order]
        masks = assemble(rows[:, 4 + self._classes :], prototypes, rows[:, :4])
        facts = torch.stack([(keys >= 0).sum(), settled, total.isfinite()]).float()
        return pack(facts, rows[:, : 4 + self._classes], masks)


class SemanticTensors:
    """A frame's way on one device, with a semantic network.

    Args:
        network: on that device.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, rgb: Tensor, sampling: Sampling, steps: int = STEPS) -> Tensor:  # noqa: ARG002  # nothing is suppressed
        """(H, W, 3) uint8 -> the packed answer, (bytes,) uint8, as `packed.unpacked` reads it."""
        return pack_semantic(*self._network(letterbox(rgb, sampling)))


def tensors_for(network: Network, card: ModelCard, device: str) -> FrameTensors | SemanticTensors:
    """A frame's way with a network of the card's system. Arguments as `FrameTensors`."""
    if card.system in SEMANTIC_SYSTEMS:
        return SemanticTensors(network)
    return FrameTensors(network, card, device)
