"""From a network's raw answer to instances: cut, suppress, assemble masks, drop what is double."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.letterbox import Letterbox
from lmsfa.mask_component import Component, component, is_cut
from lmsfa.mask_filters import Filters, ways
from lmsfa.prediction import MASK_CUT, Instance, MaskPlacement
from lmsfa.upsampling import Probability, Window, cells_around

MASK_STRIDE = 4
"""Input pixels a prototype cell covers."""
MAX_CANDIDATES = 300
MAX_INSTANCES = 100
"""COCO's limit of answers a picture."""

AROUND = 0.25
"""Of a box's sides: so far around it a mask is looked for at first. Few reach farther."""

TOGETHER = 16
"""Masks that are prepared at once: few frames have more, and their memory is bounded."""

Floats = NDArray[np.float32]

NO_ACTIVITIES: Floats = np.zeros(0, dtype=np.float32)


Masks = Callable[[int, Window], Probability]
"""From a place among some detections, and rows and columns of the grid, to (h, w) uint8, 0..255."""


MaskOn = Callable[[Window], Probability]
"""The same of one detection."""


class Answer(Protocol):
    """What every backend gives for one picture. Valid until its next call."""

    @property
    def detections(self) -> Floats:
        """(N, 4 + classes or more) float32, a detection a row.

        Box left, top, right, bottom in input pixels, class probabilities; what stands behind them
        only the answer itself reads.
        """

    @property
    def activities(self) -> Floats:
        """(A,) float32, the probability of each of the card's activities; (0,) without any."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the coarse grid that masks lie on, S / 4 each."""

    def is_boxed(self, classes: int) -> bool:
        """Whether its masks hold inside the detections' boxes only; of so many classes."""

    def is_finite(self) -> bool:
        """Whether no number in it is NaN or infinite."""

    def masks(self, rows: Sequence[int], classes: int) -> Masks:
        """What gives the masks of some detections.

        Args:
            rows: which detections, not too many at once: their masks may be prepared together.
            classes: how many classes the detections carry.
        """


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A network's answer as it is: masks are assembled where they are asked for; an `Answer`.

    Attributes:
        detections: (N, 4 + classes + X) float32: box left, top, right, bottom in input pixels,
            class probabilities, and for the mask a coefficient a prototype or filters.
        prototypes: (S / 4, S / 4, prototypes) float32.
    """

    detections: Floats
    prototypes: Floats

    @property
    def activities(self) -> Floats:
        """As `Answer`."""
        return NO_ACTIVITIES

    @property
    def grid(self) -> tuple[int, int]:
        """As `Answer`."""
        return self.prototypes.shape[0], self.prototypes.shape[1]

    def is_boxed(self, classes: int) -> bool:
        """As `Answer`: a sum of prototypes does not know where it is, filters do."""
        return bool(self.detections.shape[1] == 4 + classes + self.prototypes.shape[2])

    def is_finite(self) -> bool:
        """As `Answer`."""
        # NaN is both the least and the greatest of any numbers that it is among.
        ends = [
            end for part in (self.detections, self.prototypes) for end in (part.min(), part.max())
        ]
        return bool(np.isfinite(ends).all())

    def masks(self, rows: Sequence[int], classes: int) -> Masks:
        """As `Answer`."""
        boxes, numbers = self.detections[rows, :4], self.detections[rows, 4 + classes :]
        if self.is_boxed(classes):

            def boxed(place: int, window: Window) -> Probability:
                logits = self.prototypes[window] @ numbers[place]
                return cropped(_probability(logits), boxes[place], window)

            return boxed
        filters = Filters(numbers, self.prototypes)

        def whole(place: int, window: Window) -> Probability:
            ways_there = ways(boxes[place], window[1], window[0], MASK_STRIDE)
            return _probability(filters.logits(place, *window, *ways_there))

        return whole


def _probability(logits: Floats) -> Probability:
    """Logits as probabilities 0..255; the former are overwritten."""
    # Beyond 30 these are 0 or 1 in eight bits, and exp() stays finite.
    np.exp(-np.clip(logits, -30, 30, out=logits), out=logits)
    np.divide(255, logits + 1, out=logits)
    return np.rint(logits, out=logits).astype(np.uint8)


def cropped(mask: Probability, box: Floats, window: Window) -> Probability:
    """Takes away what prototypes answer outside of the box, where it is nobody's; in place.

    Args:
        mask: (h, w) probability 0..255.
        box: (4,) left, top, right, bottom in input pixels.
        window: rows and columns of the grid that `mask` covers.
    """
    left, top, right, bottom = box / MASK_STRIDE
    most = 255 * _covered(window[0], top, bottom)[:, None] * _covered(window[1], left, right)
    np.minimum(mask, np.rint(most).astype(np.uint8), out=mask)
    return mask


def _covered(cells: slice, begin: np.float32, end: np.float32) -> Floats:
    """(cells,) the share of each cell, 0..1, that lies between `begin` and `end`, in cells."""
    first = np.arange(cells.start, cells.stop, dtype=np.float32)
    shares: Floats = np.clip(np.minimum(first + 1, end) - np.maximum(first, begin), 0, 1)
    return shares


def calibrated(scores: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Scores 0..1 after division of their logits by `temperature`; their order stays.

    Guo et al., "On calibration of modern neural networks", 2017. `calibrated(s, 1 / t)` takes
    `calibrated(s, t)` back.
    """
    if temperature == 1:
        return np.asarray(scores, dtype=np.float64)
    with np.errstate(divide="ignore", over="ignore"):
        # Scores of exactly 0 and 1 have infinite logits, and stay what they are.
        odds = np.log(scores, dtype=np.float64) - np.log1p(-scores, dtype=np.float64)
        return np.asarray(1 / (1 + np.exp(-odds / temperature)), dtype=np.float64)


def to_instances(
    answer: Answer,
    classes: int,
    score_threshold: float | Sequence[float],
    nms_iou: float,
    place: Letterbox,
    *,
    temperature: float = 1.0,
    same_share: float = 1.0,
) -> tuple[Instance, ...]:
    """Instances in frame pixels, highest score first.

    Args:
        answer: the network's.
        classes: how many classes the detections carry.
        score_threshold: cells whose best class is below this are dropped; one for all classes or
            one a class, compared with the calibrated score.
        nms_iou: of two boxes of one class over this IoU the better stays: neighbouring cells answer
            the same structure.
        place: how the frame was laid onto the input.
        temperature: of `calibrated`.
        same_share: of two instances of a class of which the smaller one lies in the other by more
            than this share, 0..1, the better stays; at 1 all stay.
    """
    scores = answer.detections[:, 4 : 4 + classes]
    # Class by class along the cells: NumPy compares many at a time, not six.
    best = np.ascontiguousarray(scores.T).max(0)
    if not isinstance(score_threshold, Sequence):
        score_threshold = [score_threshold] * classes
    floors = _floors(tuple(score_threshold), temperature)
    candidates = np.flatnonzero(best >= floors.min())
    candidates = candidates[best[candidates] >= floors[scores[candidates].argmax(1)]]
    if candidates.size > MAX_CANDIDATES:
        candidates = candidates[np.argpartition(-best[candidates], MAX_CANDIDATES)[:MAX_CANDIDATES]]
    if candidates.size == 0:
        return ()
    boxes, best = answer.detections[candidates, :4], best[candidates]
    class_ids = scores[candidates].argmax(1)
    kept = _suppress(boxes, best, class_ids, nms_iou)
    found = [(int(candidates[k]), int(class_ids[k])) for k in kept]
    shapes = _shapes(answer, classes, found, same_share)
    frame_boxes = place.to_frame(boxes).tolist()
    shown = calibrated(best, temperature)
    return tuple(
        Instance(
            int(class_ids[k]),
            float(shown[k]),
            tuple(frame_boxes[k]),
            shape.mask,
            _placement(shape.window, place),
        )
        for k, shape in zip(kept, shapes, strict=True)
        if shape is not None
    )


def _shapes(
    answer: Answer, classes: int, found: Sequence[tuple[int, int]], same_share: float
) -> Iterator[Component | None]:
    """The masks of detections; None for one without a cell, or that a better one says already.

    Args:
        answer: the network's.
        classes: how many classes the detections carry.
        found: row and class of each, the best first.
        same_share: as `to_instances`.
    """
    better: dict[int, list[Component]] = {}
    for class_id, shape in _unsifted(answer, classes, found):
        rivals = better.setdefault(class_id, [])
        if shape is None or any(shape.shared_by(rival) > same_share for rival in rivals):
            yield None
            continue
        rivals.append(shape)
        yield shape


def _unsifted(
    answer: Answer, classes: int, found: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, Component | None]]:
    """Class and mask of each detection of `found`."""
    make = _boxed_shape if answer.is_boxed(classes) else _whole_shape
    for start in range(0, len(found), TOGETHER):
        part = found[start : start + TOGETHER]
        masks = answer.masks([row for row, _ in part], classes)
        for place, (row, class_id) in enumerate(part):
            yield class_id, make(answer, row, partial(masks, place))


def _boxed_shape(answer: Answer, row: int, mask_on: MaskOn) -> Component:
    """A detection's mask inside its box, as it is."""
    window = _window(answer, row)
    mask = mask_on(window)
    return Component(mask, window, int(np.count_nonzero(mask >= MASK_CUT)))


def _whole_shape(answer: Answer, row: int, mask_on: MaskOn) -> Component | None:
    """The piece of a detection's mask that its box is about, as far as it goes."""
    height, width = answer.grid
    box, window = _window(answer, row), _window(answer, row, AROUND)
    shape = component(mask_on(window), window, box)
    if shape is not None and is_cut(shape, window, answer.grid):
        window = slice(0, height), slice(0, width)
        shape = component(mask_on(window), window, box)
    return shape


@lru_cache
def _floors(thresholds: tuple[float, ...], temperature: float) -> NDArray[np.float64]:
    """(classes,) the few thresholds taken to the raw scores, not the many scores to them."""
    return calibrated(np.array(thresholds), 1 / temperature)


def _suppress(
    boxes: Floats, scores: Floats, class_ids: NDArray[np.intp], nms_iou: float
) -> NDArray[np.intp]:
    """Indices of the boxes that stay, highest score first."""
    # OpenCV parts the classes by shifting each by the largest coordinate; with boxes that reach
    # left of zero the shifted ones would still meet.
    left_top_size = np.column_stack([boxes[:, :2] - boxes.min(), boxes[:, 2:] - boxes[:, :2]])
    kept = cv2.dnn.NMSBoxesBatched(
        left_top_size.astype(np.float64).tolist(), scores.tolist(), class_ids.tolist(), 0.0, nms_iou
    )
    order = np.asarray(kept, dtype=np.intp).reshape(-1)
    return order[np.argsort(-scores[order], kind="stable")][:MAX_INSTANCES]


def _window(answer: Answer, row: int, wider: float = 0.0) -> Window:
    """The cells of a detection's box, so many times its sides wider all around, and one more."""
    height, width = answer.grid
    left, top, right, bottom = answer.detections[row, :4] / MASK_STRIDE
    across, down = wider * (right - left), wider * (bottom - top)
    return (
        cells_around(top - down, bottom + down, (0, height)),
        cells_around(left - across, right + across, (0, width)),
    )


def _placement(window: Window, place: Letterbox) -> MaskPlacement:
    rows, columns = window
    return MaskPlacement(
        (columns.start * MASK_STRIDE - place.left_px) / place.scale_x,
        (rows.start * MASK_STRIDE - place.top_px) / place.scale_y,
        MASK_STRIDE / place.scale_x,
        MASK_STRIDE / place.scale_y,
    )
