"""A model in a process of its own as tests order it about and look at it."""

import sys

import psutil
import pytest
from made_clips import now, until

from app.core.supervision.engine import ChildLoader

MADE = ChildLoader(loader="made_child_engines:load")
PATIENT_AGE_MS = 60_000.0
"""Answers may be so old: how young they can be on a busy machine is not asked here."""
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")


def answered_by(pipeline):
    """The process whose answer is on screen, as soon as there is one."""
    return int(until(lambda: now(pipeline).result).prediction.model_id)


def ask(weights, fault):
    """Orders a fault; the engine never finds half a word."""
    (weights / "new").write_text(fault)
    (weights / "new").rename(weights / "fault")


def is_gone(process):
    return not psutil.pid_exists(process) or psutil.Process(process).status() == "zombie"


def state(pipeline):
    return now(pipeline).model.state
