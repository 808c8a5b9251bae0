"""Where the model is slow: proposes a smaller one, or an age bound that shows its answers."""

from __future__ import annotations

from pathlib import Path

from app.core.pipeline import Pipeline
from app.core.smaller import smaller_weights
from app.core.snapshot import ModelStatus
from app.ui.notices import Notice, age_proposal

SLOW_P50_MS = 48.0
"""Of an engine slower than this at the median a fifth of the pictures has no answer as young as the
usual bound: at 25 pictures a second, looked at 60 times a second."""
WAITED_MS = 50.0
"""A picture of 25 a second waits up to its period for the model, and its answer for a refresh."""
ENOUGH_ANSWERS = 10
"""The first answers of an engine are no measure of it."""


class AgeBound:
    """Asks once for every model; nothing changes unless a person accepts.

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
        self.smaller: Path | None = None

    def follow(self, model: ModelStatus, weights: Path | None) -> None:
        """Looks at the speed of the engine that runs these weights."""
        model_id = f"{model.card.sha256} {model.runtime}" if model.card is not None else ""
        if model_id != self._model_id:
            # What was allowed to one model is not allowed to the next.
            self._model_id = model_id
            self._pipeline.max_age_ms = self._usual_ms
            self._proposed_ms, self.proposal, self._answered = None, None, False
            self.smaller = None
        if self._answered or self.proposal is not None or model.p50_ms is None:
            return
        # It is shown until the next one has taken as long.
        proposed_ms = round(WAITED_MS + 2 * model.p50_ms, -1)
        slow = model.p50_ms > SLOW_P50_MS and model.frames_answered >= ENOUGH_ANSWERS
        if slow and proposed_ms > self._pipeline.max_age_ms:
            self._proposed_ms = proposed_ms
            if weights is not None and model.card is not None:
                self.smaller = smaller_weights(weights, model.card)
            self.proposal = age_proposal(
                model.p50_ms, self._pipeline.max_age_ms, proposed_ms, smaller=bool(self.smaller)
            )

    def accept(self) -> None:
        """Raises the bound to what was proposed."""
        if self._proposed_ms is not None:
            self._pipeline.max_age_ms = self._proposed_ms
        self.decline()

    def decline(self) -> None:
        """Leaves the bound as it is, and does not ask again for this model."""
        self.proposal = None
        self._answered = True
