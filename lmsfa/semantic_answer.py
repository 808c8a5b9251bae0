"""A semantic network's answer: every connected region of a class is an instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import MASK_STRIDE, Answer, Floats, Masks, RawAnswer
from lmsfa.prediction import MASK_CUT
from lmsfa.registry import SEMANTIC_SYSTEMS
from lmsfa.upsampling import Probability, Window

LEAST_CELLS = 4
"""A smaller region is dropped: two cells each way are half of what one token of these networks
stands for, so that it is an edge that wavers, and would be another instance with every frame."""


MOST_REGIONS = 32
"""The largest: no eye takes in more, and who follows them over frames compares all pairs."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Of each cell the most probable class, and how near the next one comes.

    Attributes:
        first: (h, w) uint16, class ids.
        best: (h, w) float32, the probability of that class.
        second: (h, w) float32, the greatest of the other classes'; 0 where there is none.
    """

    first: NDArray[np.uint16]
    best: Floats
    second: Floats

    @classmethod
    def of(cls, maps: Floats) -> Self:
        """Of (h, w, classes). Class by class: NumPy compares many cells at a time, not six."""
        planes = np.ascontiguousarray(maps.transpose(2, 0, 1))
        first = np.zeros(planes.shape[1:], dtype=np.uint16)
        best, second = planes[0].copy(), np.zeros_like(planes[0])
        for class_id, plane in enumerate(planes[1:], 1):
            np.maximum(second, np.minimum(best, plane), out=second)
            first[plane > best] = class_id
            np.maximum(best, plane, out=best)
        return cls(first, best, second)


@dataclass(frozen=True, slots=True)
class SemanticAnswer:
    """Regions of class maps; an `Answer`.

    A cell is of the class that is the most probable of those at one half or more, or of none.

    Attributes:
        detections: (R, 4 + classes), a region a row: the outer edges of its cells in input pixels,
            as far as the frame reaches,
            and at its class the mean probability of its cells.
        maps: (S / 4, S / 4, classes) float32, probability of each class in each cell.
        ranks: of these.
        labels: (S / 4, S / 4), one more than the row of the region that a cell is of; 0 for none.
        activities: (A,) float32.
        finite: whether no number of the network's is NaN or infinite.
    """

    detections: Floats
    maps: Floats
    ranks: Ranks
    labels: NDArray[np.int32]
    activities: Floats
    finite: bool

    @classmethod
    def of(cls, rows: Floats, maps: Floats, place: Letterbox) -> Self:
        """Finds the regions; the largest are kept where there are more than `MOST_REGIONS`.

        Args:
            rows: (classes + activities, 1), as `models.semantic.SemanticNetwork` answers.
            maps: (S / 4, S / 4, classes).
            place: of the frame on the input; what is answered beside it is none of the frame's.
        """
        classes = maps.shape[2]
        finite = bool(np.isfinite(rows).all() and np.isfinite(maps.sum()))
        ranks = Ranks.of(maps)
        detections, labels = _regions(ranks, classes, place)
        return cls(detections, maps, ranks, labels, rows[classes:, 0], finite)

    @property
    def grid(self) -> tuple[int, int]:
        """As `Answer`."""
        return self.maps.shape[0], self.maps.shape[1]

    def is_boxed(self, classes: int) -> bool:  # noqa: ARG002  # `Answer` has it
        """As `Answer`: a region is all in its box."""
        return True

    def is_finite(self) -> bool:
        """As `Answer`."""
        return self.finite

    def masks(self, rows: Sequence[int], classes: int) -> Masks:
        """As `Answer`: one half or more on the region's cells alone.

        Where another class is nearly as probable, the edge lies where both are equal: neighbours
        meet there and leave no gap.
        """

        def mask(place: int, window: Window) -> Probability:
            class_id = int(self.detections[rows[place], 4 : 4 + classes].argmax())
            own = self.maps[window][..., class_id]
            is_first = self.ranks.first[window] == class_id
            rival = np.where(is_first, self.ranks.second[window], self.ranks.best[window])
            values: Probability = np.rint(255 * np.minimum(own, (1 + own - rival) / 2)).astype(
                np.uint8
            )
            inside = self.labels[window] == rows[place] + 1
            np.maximum(values, MASK_CUT, out=values, where=inside)
            np.minimum(values, MASK_CUT - 1, out=values, where=~inside)
            return values

        return mask


def raw_answer(card: ModelCard, first: Floats, second: Floats, place: Letterbox) -> Answer:
    """What the two tensors of a network say, whichever kind of network the card is of.

    Args:
        card: of the weights.
        first: as `backends.graph.PictureGraph` answers.
        second: the same.
        place: of the frame on the input.
    """
    if card.system in SEMANTIC_SYSTEMS:
        return SemanticAnswer.of(first, second, place)
    return RawAnswer(first, second)


def _regions(ranks: Ranks, classes: int, place: Letterbox) -> tuple[Floats, NDArray[np.int32]]:
    """Rows of detections and labels of the cells, as `SemanticAnswer` has them."""
    edges = np.array(place.edges_px)
    first_column, first_row = edges[:2] // MASK_STRIDE
    end_column, end_row = -(-edges[2:] // MASK_STRIDE)
    sure = np.zeros(ranks.best.shape, dtype=np.bool_)
    shown = slice(first_row, end_row), slice(first_column, end_column)
    sure[shown] = ranks.best[shown] >= 0.5
    found: list[tuple[int, int, int, NDArray[np.int32]]] = []
    components: dict[int, NDArray[np.int32]] = {}
    for class_id in range(classes):
        area = (sure & (ranks.first == class_id)).view(np.uint8)
        _, components[class_id], stats, _ = cv2.connectedComponentsWithStats(area, connectivity=8)
        found += [
            (int(entry[cv2.CC_STAT_AREA]), class_id, number, entry)
            for number, entry in enumerate(stats)
            if number and entry[cv2.CC_STAT_AREA] >= LEAST_CELLS
        ]
    found.sort(key=lambda entry: -entry[0])
    detections = np.zeros((min(len(found), MOST_REGIONS), 4 + classes), dtype=np.float32)
    labels = np.zeros(sure.shape, dtype=np.int32)
    for row, (_, class_id, number, (left, top, width, height, _)) in enumerate(
        found[:MOST_REGIONS]
    ):
        window = slice(top, top + height), slice(left, left + width)
        inside = components[class_id][window] == number
        labels[window][inside] = row + 1
        box = np.array([left, top, left + width, top + height]) * MASK_STRIDE
        detections[row, :4] = np.clip(box, np.tile(edges[:2], 2), np.tile(edges[2:], 2))
        detections[row, 4 + class_id] = ranks.best[window][inside].mean()
    return detections, labels
