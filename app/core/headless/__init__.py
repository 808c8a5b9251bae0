"""The window's job without a window: overlays into a video file, figures into a report."""

from __future__ import annotations

from app.core.headless.job import Job, Outcome
from app.core.headless.live import run_live
from app.core.headless.locked import run_locked
from app.core.loading import Load
from app.core.recorder import OutputError, check_output, check_recording
from app.core.sources.source import path_of
from lmsfa.card import card_path
from lmsfa.registry import load_engine

__all__ = ["Job", "Outcome", "run_job"]


def run_job(job: Job, load: Load = load_engine) -> Outcome:
    """Does the job and writes its files.

    Args:
        job: what to do.
        load: loads the model.

    Raises:
        SourceError: the source cannot be read.
        EngineError: the model cannot be loaded.
        OutputError: a file exists already or cannot be written.
    """
    _check_outputs(job)
    outcome = run_live(job, load) if job.live else run_locked(job, load)
    if job.report is not None:
        try:
            job.report.write_text(outcome.report.as_json(), encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{job.report}: could not be written ({error.strerror})") from None
    return outcome


def _check_outputs(job: Job) -> None:
    if job.output is not None:
        check_recording(job.output, overwrite=job.overwrite)
    if job.report is not None:
        check_output(job.report, overwrite=job.overwrite)
    # --overwrite must not cost the recording that is being read, nor the weights and their card.
    needed = (path_of(job.source), job.weights, card_path(job.weights))
    taken = {path.resolve() for path in needed}
    for path in (job.output, job.report):
        if path is not None and path.resolve() in taken:
            raise OutputError(f"{path}: is needed by the run itself; give another name")
        if path is not None:
            taken.add(path.resolve())
