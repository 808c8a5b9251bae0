"""The worst pictures of a split: truth and answer side by side, what was missed outlined."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lmsfa.card import Colour, ModelCard
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.pictures import read_rgb
from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask
from lmsfa.report.confusion import SAME_IOU, overlaps

SIDE_PX = 640
"""Longer side of a picture in the report."""
JPEG_QUALITY = 82
FILL_OPACITY = 0.28
DASH_PX = 9

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Missed:
    """A true instance without a right answer: its class and the best IoU, 0..1."""

    class_id: int
    iou: float


@dataclass(frozen=True, slots=True)
class WorstPicture:
    """A picture of the report.

    Attributes:
        name: of the sample.
        iou: mean over its true instances of the best IoU with an answer of their class, 0..1.
        missed: true instances below IoU 0.5.
        instances: true instances.
        false: answers below IoU 0.5 with every true instance of their class.
        truth: data URI, the true instances; missed ones dashed.
        answer: data URI, the answers; missed instances dashed.
    """

    name: str
    iou: float
    missed: tuple[Missed, ...]
    instances: int
    false: int
    truth: str
    answer: str


def worst_frames(shown: Answers, most: int) -> list[AnsweredFrame]:
    """The frames with the lowest mean best IoU over their true instances, the worst first.

    Args:
        shown: answers cut at the thresholds that they are shown with.
        most: so many at most; frames without a true instance are never among them.
    """
    judged = [frame for frame in shown.frames if frame.truths]
    return sorted(judged, key=lambda frame: (float(best_ious(frame).mean()), frame.name))[:most]


def best_ious(frame: AnsweredFrame) -> NDArray[np.float64]:
    """(truths,) best IoU of each true instance with an answer of its class; 0 without one."""
    return np.asarray(_same_class_ious(frame).max(axis=0, initial=0.0))


def draw(frame: AnsweredFrame, dataset: AnnotatedSet, card: ModelCard) -> WorstPicture:
    """Draws one frame's truth and answers on its picture.

    Raises:
        DatasetError: the picture cannot be read.
    """
    sample = next(entry for entry in dataset.samples if entry.name == frame.name)
    rgb = _fitted(read_rgb(sample.frame_path))
    ious = _same_class_ious(frame)
    best = ious.max(axis=0, initial=0.0)
    missed = [number for number, iou in enumerate(best) if iou < SAME_IOU]
    dashed = [frame.truths[number] for number in missed]
    sides = [_painted(rgb, entries, dashed, card) for entries in (frame.truths, frame.answers)]
    return WorstPicture(
        name=frame.name,
        iou=float(best.mean()),
        missed=tuple(Missed(frame.truths[n].class_id, float(best[n])) for n in missed),
        instances=len(frame.truths),
        false=int((ious.max(axis=1, initial=0.0) < SAME_IOU).sum()),
        truth=_data_uri(sides[0]),
        answer=_data_uri(sides[1]),
    )


def _same_class_ious(frame: AnsweredFrame) -> NDArray[np.float64]:
    """(answers, truths); 0 where the classes differ."""
    ious = overlaps(frame.answers, frame.truths)
    answered = np.array([entry.class_id for entry in frame.answers], dtype=np.intp)
    true = np.array([entry.class_id for entry in frame.truths], dtype=np.intp)
    return np.where(answered[:, None] == true, ious, 0.0)


def _fitted(rgb: Rgb) -> Rgb:
    scale = min(1.0, SIDE_PX / max(rgb.shape))
    size = [max(1, round(side * scale)) for side in rgb.shape[1::-1]]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _painted(
    rgb: Rgb, entries: Sequence[CodedMask], missed: Sequence[CodedMask], card: ModelCard
) -> Rgb:
    """The picture with areas and outlines, in the card's order, and dashes around the missed."""
    painted = rgb.copy()
    level = {class_id: place for place, class_id in enumerate(card.draw_order)}
    for entry in sorted(entries, key=lambda entry: (level[entry.class_id], entry.score)):
        mask = _small(entry, rgb)
        colour = card.classes[entry.class_id].colour
        tint = (1 - FILL_OPACITY) * painted[mask] + FILL_OPACITY * np.array(colour)
        painted[mask] = np.rint(tint).astype(np.uint8)
        _outline(painted, mask, colour)
    for entry in missed:
        _dashes(painted, _small(entry, rgb))
    return painted


def _small(entry: CodedMask, rgb: Rgb) -> NDArray[np.bool_]:
    size = (rgb.shape[1], rgb.shape[0])
    whole = entry.decoded().astype(np.uint8) * 255
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA) > 127)


def _outline(rgb: Rgb, mask: NDArray[np.bool_], colour: Colour) -> None:
    curves, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # A dark rim keeps pale colours apart from pale tissue.
    cv2.drawContours(rgb, curves, -1, (20, 20, 20), 4, cv2.LINE_AA)
    cv2.drawContours(rgb, curves, -1, colour, 2, cv2.LINE_AA)


def _dashes(rgb: Rgb, mask: NDArray[np.bool_]) -> None:
    curves, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for curve in curves:
        starts = range(0, len(curve), 2 * DASH_PX)
        dashes = [curve[start : start + DASH_PX] for start in starts]
        cv2.polylines(rgb, dashes, False, (0, 0, 0), 5, cv2.LINE_AA)
        cv2.polylines(rgb, dashes, False, (255, 255, 255), 2, cv2.LINE_AA)


def _data_uri(rgb: Rgb) -> str:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode()
