"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lmsfa.card import ModelCard
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.drawn.judging import DrawnSplit
from lmsfa.evaluation.robustness import Robustness


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """Everything that a report shows; nothing is computed anew but pictures and confusion.

    Attributes:
        dataset: the judged pictures, with their attribution.
        split: which of them were judged.
        card: of the weights: classes, roles, thresholds, leaks, the command that made them.
        answers: the weights' answers on the split, from the lowest score on.
        figures: what `evaluation.report.full_report` makes of them.
        command: the command line that made the report.
        made: when.
        leaks: what the judged pictures share with others, a sentence each; the card has its own.
        notes: what else a reader must know, a sentence each.
        epochs: rows of the training's results, oldest first; none where they are not known.
        drawn: what is drawn of the answers, and of the truth alike; None where nobody judged it.
        robustness: figures under made corruptions, where somebody asked for them.
    """

    dataset: AnnotatedSet
    split: str
    card: ModelCard
    answers: Answers
    figures: Mapping[str, Any]
    command: str
    made: datetime
    leaks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    epochs: Sequence[Mapping[str, float]] = ()
    drawn: DrawnSplit | None = None
    robustness: Robustness | None = None
