"""Engines that need no weights: each keeps the `Engine` protocol and has one habit."""

import threading
from dataclasses import replace

import cv2
import numpy as np

from lmsfa.card import ClassSpec, ModelCard
from lmsfa.prediction import Instance, MaskPlacement, Prediction
from lmsfa.registry import EngineError

CARD = ModelCard(
    system="test",
    name="squares",
    classes=(
        ClassSpec("tissue", (200, 40, 40)),
        ClassSpec("nerve", (0, 229, 255), "protected"),
        ClassSpec("tool", (250, 200, 0), "instrument"),
    ),
    draw_priority=("tool", "tissue", "nerve"),
    input_size_px=64,
    input_multiple_px=32,
    score_threshold=0.3,
    nms_iou=0.5,
    training_domain="test",
)


class SquareEngine:
    """Finds the bright square by looking, through a coarse letterboxed grid like a real model's."""

    card = CARD
    runtime = "by eye"
    device = "test bench"
    reason = ""
    grid = 64

    def __init__(self, model_id="squares"):
        self.model_id = model_id
        self.closed = False

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        found = (rgb[..., 0] > 200).astype(np.uint8)
        instances = (square_instance(found, self.grid),) if found.any() else ()
        return Prediction(frame_index, captured_s, instances, None, self.model_id)

    def close(self):
        self.closed = True


class HeldEngine(SquareEngine):
    """Answers only as often as it is let: stands for a model of any slowness, without a clock."""

    def __init__(self, model_id="held"):
        super().__init__(model_id)
        self.gate = threading.Semaphore(0)
        self.asked = []

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        self.asked.append(frame_index)
        assert self.gate.acquire(timeout=30)
        return super().predict(rgb, frame_index, captured_s)


class ActivityEngine(HeldEngine):
    """Tells besides what is being done, as `told` says for a frame's index; held where asked to."""

    card = replace(CARD, activities=("dissection", "suction"))

    def __init__(self, told=lambda _index: ("dissection", 0.9), *, held=False, model_id="told"):
        super().__init__(model_id)
        self.told = told
        if not held:
            self.gate.release(100_000)

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        answer = super().predict(rgb, frame_index, captured_s)
        name, score = self.told(frame_index)
        return replace(answer, activity=name, activity_score=score)


class StrangerEngine(SquareEngine):
    """Says how unlike its training a picture is: as `unlikeness` stands, or as its index tells."""

    def __init__(self, unlikeness=0.5, model_id="stranger"):
        super().__init__(model_id)
        self.unlikeness = unlikeness

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        answer = super().predict(rgb, frame_index, captured_s)
        told = self.unlikeness
        return replace(answer, unlikeness=told(frame_index) if callable(told) else told)


class SlowEngine(SquareEngine):
    """Takes half a second."""

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        threading.Event().wait(0.5)
        return super().predict(rgb, frame_index, captured_s)


class SometimesNaNEngine(SquareEngine):
    """Answers NaN on chosen frames, which an engine must report as EngineError."""

    def __init__(self, bad=lambda _index: True):
        super().__init__()
        self.bad = bad

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        if self.bad(frame_index):
            raise EngineError("the model answered with NaN; load other weights")
        return super().predict(rgb, frame_index, captured_s)


class CrashingEngine(SquareEngine):
    """Dies like a library out of memory."""

    def predict(self, *_frame):
        raise MemoryError("no memory for 3 tensors")


def loader(engine):
    """A loader of engines for the pipeline that gives `engine`, whatever is asked for."""
    return lambda _weights, _runtime: engine


def square_instance(found, grid, class_id=0, score=0.9):
    """The instance of a (H, W) 0/1 mask on a letterboxed square grid of `grid` cells."""
    height, width = found.shape
    cell_px = max(height, width) / grid
    left_px, top_px = (width - grid * cell_px) / 2, (height - grid * cell_px) / 2
    to_frame = np.array([[cell_px, 0, left_px], [0, cell_px, top_px]])
    fine = 8
    centres = (np.arange(grid * fine) + 0.5) / fine
    columns = np.floor(centres * to_frame[0, 0] + to_frame[0, 2]).astype(int)
    rows = np.floor(centres * to_frame[1, 1] + to_frame[1, 2]).astype(int)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    sampled = found[np.clip(rows, 0, height - 1)][:, np.clip(columns, 0, width - 1)] * inside
    share = cv2.resize(sampled.astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(found)
    box = (float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
    mask = np.rint(share * 255).astype(np.uint8)
    return Instance(class_id, score, box, mask, MaskPlacement(left_px, top_px, cell_px, cell_px))
