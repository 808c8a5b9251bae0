"""Where the model is slow: proposes an age bound that would let its answers be seen."""

from __future__ import annotations

from app.core.pipeline import Pipeline
from app.core.snapshot import ModelStatus
from app.ui.notices import Notice, age_proposal

SLOW_P50_MS = 60.0
"""An engine slower than this at the median often misses the usual bound."""
BOUND_PER_P50 = 2.5
ENOUGH_ANSWERS = 10
"""The first answers of an engine are no measure of it."""


class AgeBound:
    """Proposes a bound once for every model; the bound is raised only where a person accepts.

    Args:
        pipeline: whose `max_age_ms` it is about.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._usual_ms = pipeline.max_age_ms
        self._model_id = ""
        self._proposed_ms: float | None = None
        self._answered = False
        self.proposal: Notice | None = None

    def follow(self, model: ModelStatus) -> None:
        """Looks at the engine's speed."""
        model_id = f"{model.card.sha256} {model.runtime}" if model.card is not None else ""
        if model_id != self._model_id:
            # What was allowed to one model is not allowed to the next.
            self._model_id = model_id
            self._pipeline.max_age_ms = self._usual_ms
            self._proposed_ms, self.proposal, self._answered = None, None, False
        if self._answered or self.proposal is not None or model.p50_ms is None:
            return
        proposed_ms = round(BOUND_PER_P50 * model.p50_ms, -1)
        slow = model.p50_ms > SLOW_P50_MS and model.frames_answered >= ENOUGH_ANSWERS
        if slow and proposed_ms > self._pipeline.max_age_ms:
            self._proposed_ms = proposed_ms
            self.proposal = age_proposal(model.p50_ms, self._pipeline.max_age_ms, proposed_ms)

    def accept(self) -> None:
        """Raises the bound to what was proposed."""
        if self._proposed_ms is not None:
            self._pipeline.max_age_ms = self._proposed_ms
        self.decline()

    def decline(self) -> None:
        """Leaves the bound as it is, and does not ask again for this model."""
        self.proposal = None
        self._answered = True
