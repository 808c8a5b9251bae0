"""From weights to a report: asks, judges, writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from lmsfa.card import card_path, read_card
from lmsfa.data.activities import Activities
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.evaluation.answers import gather, load_whole_curve
from lmsfa.evaluation.drawn.judging import drawn_by
from lmsfa.evaluation.report import full_report
from lmsfa.evaluation.resampling import PatientOf
from lmsfa.evaluation.robustness import judge_robustness
from lmsfa.report.inputs import ReportInputs
from lmsfa.report.page import write_report


def report_on(
    weights: Path,
    dataset: AnnotatedSet,
    split: str,
    output: Path,
    *,
    command: str,
    runtime: str = "auto",
    threads: int | None = None,
    patients: PatientOf | None = None,
    leaks: Sequence[str] = (),
    activities: Activities | None = None,
    notes: Sequence[str] = (),
    epochs: Sequence[Mapping[str, float]] = (),
    robustness_every: int | None = None,
) -> ReportInputs:
    """Judges weights on a split and writes the report, which is returned as its inputs.

    Args:
        weights: a weights file with its card.
        dataset: with the split.
        split: which pictures are judged.
        output: HTML file, replaced where it exists.
        command: the command line that asked for it.
        runtime: as `load_engine`.
        threads: as `load_engine`.
        patients: as `full_report`.
        leaks: what the splits share, a sentence each.
        activities: what is being done in the pictures, where it is known.
        notes: as `ReportInputs`.
        epochs: rows of the training's results.
        robustness_every: also judge each N-th picture under made corruptions, 31 answers each.

    Raises:
        InputError: weights, pictures or output cannot be used.
    """
    samples = dataset.in_split(split)
    engine = load_whole_curve(weights, runtime, threads)
    answers = gather(engine, dataset, samples, activities)
    robustness = None
    if robustness_every:
        robustness = judge_robustness(engine, dataset, samples[::robustness_every])
    engine.close()
    card = read_card(card_path(weights))
    inputs = ReportInputs(
        dataset=dataset,
        split=split,
        card=card,
        answers=answers,
        figures=full_report(answers, card, patients=patients),
        command=command,
        made=datetime.now().astimezone(),
        leaks=tuple(leaks),
        notes=tuple(notes),
        epochs=epochs,
        drawn=drawn_by(weights, runtime, dataset, samples, threads),
        robustness=robustness,
    )
    write_report(output, inputs)
    return inputs
