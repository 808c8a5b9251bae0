"""The window over a local NUT stream, 720 lines, 30 a second, for as long as it is asked to."""

import time

import numpy as np

from app.core.pipeline import DEFAULT_MAX_AGE_MS, Pipeline
from app.core.self_test.time_code import read_code
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.self_test.checks import Checks
from app.ui.verdicts import GOOD_AVAILABILITY, MOST_DELAY_MS
from app.ui.window import Window
from lmsfa.shipped import WEIGHTS
from tests.soak.watching import Footprint, SenderProgram

CYCLE = 600
"""Numbers begin again after 20 s; no picture is on its way for so long."""
SAMPLE_S = 2.0
MEMORY_GROWTH = 0.05
"""Most that memory may grow, as a share."""


class _Stream:
    """What `Checks` asks of a source: when the picture of a number was due."""

    def __init__(self, sender):
        self._sender = sender

    def captured_s(self, number):
        newest = (time.monotonic() - self._sender.start_s) * self._sender.rate_fps
        return self._sender.due_s(number + (newest - number) // CYCLE * CYCLE)


def steady(seconds, weights=WEIGHTS, runtime="auto"):
    """Plays, measures and judges."""
    make_application()
    sender = SenderProgram("--pictures", "clip", "--cycle", str(CYCLE))
    pipeline = Pipeline(engine_loader=ChildLoader())
    controller = Controller(pipeline)
    window = Window(controller)
    stream = _Stream(sender)
    checks = Checks(window, controller, stream, weights)
    try:
        controller.open(sender.url)
        controller.load(weights, runtime)
        window.show()
        if not checks.ready():
            raise SystemExit("no overlay came: is the model missing?")
        return _measured(checks, pipeline, sender, seconds)
    finally:
        window.close()
        pipeline.close()
        sender.close()


def _measured(checks, pipeline, sender, seconds):
    footprint = Footprint(without=[sender._program.pid])
    witness = checks.witness
    before = pipeline.snapshot(time.monotonic())
    witness.begin()
    while witness.counted_s < seconds:
        footprint.take()
        due_s = time.monotonic() + min(SAMPLE_S, seconds / 20)
        checks.wait_until(lambda due_s=due_s: time.monotonic() >= due_s, SAMPLE_S + 5)
    after = pipeline.snapshot(time.monotonic())
    return _judged(witness, footprint.report(), _counted(before, after), after, seconds)


def _counted(before, after):
    """Every picture that was sent between the two was read, or is counted as dropped."""
    numbers = [read_code(snapshot.frame.rgb) for snapshot in (before, after)]
    indices = [snapshot.frame.index for snapshot in (before, after)]
    sent = indices[1] - indices[0]
    # By the pictures' own numbers; the whole cycles between them only the index knows.
    astray = (numbers[1] - numbers[0] - sent + CYCLE // 2) % CYCLE - CYCLE // 2
    read = after.source.frames_read - before.source.frames_read
    dropped = after.source.frames_dropped - before.source.frames_dropped
    return {
        "sent": sent + astray,
        "read": read,
        "dropped_and_counted": dropped,
        "uncounted": sent + astray - read - dropped,
    }


def _judged(witness, footprint, frames, after, seconds):
    delays, ages, gaps = (
        np.array(each) for each in (witness.delays_ms, witness.ages_ms, witness.gaps_ms)
    )
    painted = len(witness.painted_at_s)
    found = {
        "seconds": round(seconds, 1),
        "engine": after.model.runtime,
        "device": after.model.device,
        "video_delay_ms": _percentiles(delays),
        "overlay_age_ms": _percentiles(ages),
        "availability": round(len(ages) / painted, 4),
        "painted_fps": round(painted / seconds, 2),
        "model_p50_ms": round(after.model.p50_ms or 0, 1),
        "longest_event_loop_gap_ms": round(float(gaps.max()), 1),
        "frames": {**frames, "painted": painted},
        **footprint,
    }
    kept = {
        "video_delay": found["video_delay_ms"]["p99"] <= MOST_DELAY_MS,
        "overlay_age": found["overlay_age_ms"]["p99"] <= DEFAULT_MAX_AGE_MS,
        "availability": found["availability"] >= GOOD_AVAILABILITY,
        "memory": abs(_growth(found["memory_mb_early_late"])) <= MEMORY_GROWTH,
        "threads": _growth(found["threads_early_late"]) <= 0,
        "files": _growth(found["files_early_late"]) <= 0,
        "frames": frames["uncounted"] == 0,
    }
    return {**found, "kept": kept}


def _growth(early_late):
    """The change as a share; what a start had opened may have been let go since."""
    return early_late[1] / early_late[0] - 1


def _percentiles(values):
    return {
        name: round(float(np.percentile(values, share)), 1)
        for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
    }
