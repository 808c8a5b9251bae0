"""Everything the window shows at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.activity_timeline import Cells
from app.core.snapshot import PlaybackMode, Snapshot
from app.ui.ai_state import AiState
from app.ui.notices import Notice
from app.ui.readout import Readings
from app.ui.theme import Level
from app.ui.video_view import Layer
from lmsfa.overlay import OverlayStyle


@dataclass(frozen=True, slots=True)
class Scene:
    """One answer to the question what is on screen now.

    Attributes:
        snapshot: picture and states; its `result` is None where no overlay is to be shown.
        layer: (h, w, 4) uint8 premultiplied BGRA over the whole picture, or None.
        style: how structures are drawn and which are hidden.
        ai: the model's state in words.
        ai_off: the AI OFF latch.
        mode: how picture and answers meet.
        max_age_ms: the oldest overlay that is shown.
        readings: what the gauge shows; the same object until it is measured anew.
        chips: words at the picture's corner.
        top: notices at the picture's top.
        bottom: notices at its bottom.
        activity: what the model takes the whole picture for; empty where it is not to be said.
        told: the name of that activity.
        timeline: where in the recording which activity was told; None where there is no such.
        marks: words of the model that must stand at the picture, SYNTHETIC or DEMONSTRATION.
    """

    snapshot: Snapshot
    layer: Layer | None
    style: OverlayStyle
    ai: AiState
    ai_off: bool
    mode: PlaybackMode
    max_age_ms: float
    readings: Readings
    chips: tuple[tuple[Level, str], ...]
    top: tuple[Notice, ...]
    bottom: tuple[Notice, ...]
    activity: str = ""
    told: str | None = None
    timeline: Cells | None = None
    marks: str = ""
