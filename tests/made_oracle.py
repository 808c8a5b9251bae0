"""An engine that knows the made scene: true masks after a chosen delay."""

import threading
import time

from app.core.sources.phantom import read_spec
from lmsfa.card import ClassSpec, ModelCard
from lmsfa.data.formats.class_names import PELD_CLASSES
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import true_instances
from lmsfa.prediction import Prediction

CARD = ModelCard(
    system="test",
    name="oracle",
    classes=tuple(ClassSpec(known.name, known.colour, known.role) for known in PELD_CLASSES),
    draw_priority=tuple(known.name for known in PELD_CLASSES),
    input_size_px=640,
    input_multiple_px=32,
    score_threshold=0.3,
    nms_iou=0.5,
    training_domain="made scenes",
    synthetic=True,
)


class OracleEngine:
    """Answers pictures of a `phantom:` source by their index alone.

    Args:
        spec: the source's: scene, seed, size and rate.
        delay_s: how long an answer takes; looking the truth up is part of it.
    """

    card = CARD
    runtime = "by heart"
    device = "test bench"
    reason = ""

    def __init__(self, spec, delay_s=0.05, model_id="oracle"):
        self.asked = read_spec(spec)
        self.delay_s = delay_s
        self.model_id = model_id
        self.closed = False
        self._phantom = Phantom(
            SCENES[self.asked.scene], self.asked.seed, self.asked.width, self.asked.height
        )

    def view(self, frame_index):
        """The view that the source shows as picture `frame_index`."""
        return self._phantom.at(frame_index / self.asked.rate_fps, frame_index)

    def predict(self, _rgb, frame_index=0, captured_s=0.0):
        ready_s = time.monotonic() + self.delay_s
        instances = true_instances(self.view(frame_index))
        threading.Event().wait(max(0.0, ready_s - time.monotonic()))
        return Prediction(frame_index, captured_s, instances, None, self.model_id)

    def close(self):
        self.closed = True
