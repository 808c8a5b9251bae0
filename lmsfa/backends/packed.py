"""An answer in one piece of memory, so that one copy brings it from a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import MASK_STRIDE, NO_ACTIVITIES, Answer, Floats, Masks, cropped
from lmsfa.registry import SEMANTIC_SYSTEMS
from lmsfa.semantic_answer import SemanticAnswer
from lmsfa.upsampling import Probability, Window

FACTS = 3
"""Numbers at the beginning, float32: how many rows count, whether suppression settled, whether the
network's whole answer is finite."""


def pack(facts: Tensor, rows: Tensor, masks: Tensor) -> Tensor:
    """Lays an answer out.

    Args:
        facts: (FACTS,) float32.
        rows: (M, 4 + classes) float32 boxes and scores, those that count first.
        masks: (M, S / 4, S / 4) uint8.

    Returns:
        (bytes,) uint8.
    """
    numbers = torch.cat([facts, rows.flatten()])
    return torch.cat([numbers.view(torch.uint8), masks.flatten()])


@dataclass(frozen=True, slots=True)
class PackedAnswer:
    """A packed answer on the host: masks are ready, and cut by window; an `Answer`.

    Attributes:
        facts: (FACTS,) float32, as `pack`.
        rows: (M, 4 + classes) float32.
        grids: (M, S / 4, S / 4) uint8, the masks.
        boxed: whether the masks hold inside their boxes only.
    """

    facts: Floats
    rows: Floats
    grids: NDArray[np.uint8]
    boxed: bool

    @classmethod
    def of(
        cls, packed: NDArray[np.uint8], classes: int, size_px: int, *, boxed: bool
    ) -> PackedAnswer:
        """Reads what `pack` laid out, without a copy.

        Args:
            packed: (bytes,).
            classes: how many.
            size_px: S.
            boxed: as the attribute.
        """
        width, side = 4 + classes, size_px // MASK_STRIDE
        rows = (packed.size - 4 * FACTS) // (4 * width + side * side)
        numbers = packed[: 4 * (FACTS + rows * width)].view(np.float32)
        masks = packed[4 * numbers.size :].reshape(rows, side, side)
        return cls(numbers[:FACTS], numbers[FACTS:].reshape(rows, width), masks, boxed)

    @property
    def detections(self) -> Floats:
        """As `Answer`; those that suppression left, at most `MAX_INSTANCES`, the best first."""
        return self.rows[: int(self.facts[0])]

    @property
    def activities(self) -> Floats:
        """As `Answer`."""
        return NO_ACTIVITIES

    @property
    def grid(self) -> tuple[int, int]:
        """As `Answer`."""
        return self.grids.shape[1], self.grids.shape[2]

    @property
    def is_settled(self) -> bool:
        """Whether suppression came to its end."""
        return bool(self.facts[1])

    def is_boxed(self, classes: int) -> bool:  # noqa: ARG002  # `Answer` has it
        """As `Answer`."""
        return self.boxed

    def is_finite(self) -> bool:
        """As `Answer`."""
        return bool(self.facts[2])

    def masks(self, rows: Sequence[int], classes: int) -> Masks:  # noqa: ARG002  # `Answer` has it
        """As `Answer`."""

        def mask(place: int, window: Window) -> Probability:
            # The memory is written again with the next frame; instances are kept longer.
            there: Probability = self.grids[rows[place]][window].copy()
            return cropped(there, self.detections[rows[place], :4], window) if self.boxed else there

        return mask


def pack_semantic(rows: Tensor, maps: Tensor) -> Tensor:
    """Lays a semantic network's answer out; regions are for the host to find.

    Args:
        rows: (classes + activities, 1) probabilities.
        maps: (S / 4, S / 4, classes) probabilities.

    Returns:
        (bytes,) uint8: rows in float32, and maps in float16, which is finer than masks are.
    """
    return torch.cat(
        [part.contiguous().flatten().view(torch.uint8) for part in (rows.float(), maps.half())]
    )


def unpacked(packed: NDArray[np.uint8], card: ModelCard, place: Letterbox) -> Answer:
    """The answer that `pack` or `pack_semantic` laid out, by the card's system.

    Args:
        packed: (bytes,).
        card: of the network; its input size is that of the answer.
        place: of the frame on the input.
    """
    classes, side = len(card.classes), card.input_size_px // MASK_STRIDE
    if card.system not in SEMANTIC_SYSTEMS:
        return PackedAnswer.of(packed, classes, card.input_size_px, boxed=not card.has_filters)
    split = 4 * (classes + len(card.activities))
    rows, maps = packed[:split].view(np.float32), packed[split:].view(np.float16)
    planes = maps.reshape(side, side, classes).astype(np.float32)
    return SemanticAnswer.of(rows[:, None], planes, place)
