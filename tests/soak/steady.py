"""The window over a local NUT stream, 720 lines, 30 a second, for as long as it is asked to."""

import time

import numpy as np

from app.core.pipeline import DEFAULT_MAX_AGE_MS, Pipeline
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.self_test.checks import TIMED_SHARE, Checks
from app.ui.verdicts import GOOD_AVAILABILITY, MOST_DELAY_MS
from app.ui.window import Window
from lmsfa.shipped import WEIGHTS
from tests.soak.watching import Footprint, SenderProgram

CYCLE = 600
"""Numbers begin again after 20 s; no picture is on its way for so long."""
SAMPLE_S = 2.0
MEMORY_GROWTH = 0.05
"""Most that memory may grow or shrink, as a share."""
NATIVE_THREADS = 4
"""Libraries' workers come and go: so much may lie between the least and the most; files: none."""


class _Stream:
    """What `Checks` asks of a source: when the picture of a number was due."""

    def __init__(self, sender):
        self._sender = sender

    def captured_s(self, number):
        newest = (time.monotonic() - self._sender.start_s) * self._sender.rate_fps
        return self._sender.due_s(number + (newest - number) // CYCLE * CYCLE)


def steady(seconds, max_age_ms=DEFAULT_MAX_AGE_MS):
    """Plays, measures and judges.

    Args:
        seconds: for how long.
        max_age_ms: of overlays.
    """
    make_application()
    sender = SenderProgram("--pictures", "clip", "--cycle", str(CYCLE))
    pipeline = Pipeline(max_age_ms=max_age_ms, engine_loader=ChildLoader())
    controller = Controller(pipeline)
    window = Window(controller)
    stream = _Stream(sender)
    checks = Checks(window, controller, stream, WEIGHTS)
    try:
        controller.open(sender.url)
        controller.load(WEIGHTS)
        window.show()
        if not checks.ready():
            raise SystemExit("no overlay came: is the model missing?")
        return _measured(checks, window, pipeline, sender, seconds)
    finally:
        window.close()
        pipeline.close()
        sender.close()


class Balance:
    """Accounts for every picture between the first painting and the last, by the painted numbers.

    Args:
        window: whose paintings the witness has just noted.
        witness: reads their numbers.
    """

    def __init__(self, window, witness):
        self._witness, self._seen = witness, 0
        self._last = None
        self.counts = dict.fromkeys(
            ("sent", "painted", "not_shown", "dropped", "uncounted", "unread", "steps_astray"), 0
        )
        window.view.painted.connect(self._on_painted)

    def _on_painted(self, _judged_s):
        witness = self._witness
        if len(witness.painted_at_s) == self._seen:
            return
        self._seen = len(witness.painted_at_s)
        if len(witness.numbers) + self.counts["unread"] < self._seen:
            # An outline lies over its number; the next one accounts for this picture too.
            self.counts["unread"] += 1
            return
        source = witness.scene.snapshot.source
        now = witness.numbers[-1], self._seen, source.frames_read, source.frames_dropped
        if self._last is not None:
            number, *counted = (
                later - before for later, before in zip(now, self._last, strict=True)
            )
            self._add(number % CYCLE, *counted)
        self._last = now

    def _add(self, sent, painted, read, dropped):
        counts = self.counts
        counts["sent"] += sent
        counts["painted"] += painted
        counts["not_shown"] += read - painted
        counts["dropped"] += dropped
        counts["uncounted"] += sent - read - dropped
        counts["steps_astray"] += read < painted or sent != read + dropped


def _measured(checks, window, pipeline, sender, seconds):
    footprint = Footprint(without=[sender._program.pid])
    witness = checks.witness
    witness.begin()
    balance = Balance(window, witness)
    while witness.counted_s < seconds:
        footprint.take()
        due_s = time.monotonic() + min(SAMPLE_S, seconds / 40)
        checks.wait_until(lambda due_s=due_s: time.monotonic() >= due_s, SAMPLE_S + 5)
    after = pipeline.snapshot(time.monotonic())
    return _judged(witness, footprint.report(), balance.counts, after, seconds)


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
        "frames": frames,
        **footprint,
    }
    early_mb, late_mb = footprint["memory_mb_early_late"]
    kept = {
        "video_delay": found["video_delay_ms"]["p99"] <= MOST_DELAY_MS,
        "paintings_timed": len(delays) >= TIMED_SHARE * painted,
        "overlay_age": found["overlay_age_ms"]["p99"] <= DEFAULT_MAX_AGE_MS,
        "availability": found["availability"] >= GOOD_AVAILABILITY,
        "memory": abs(late_mb / early_mb - 1) <= MEMORY_GROWTH,
        "threads": np.ptp(footprint["threads_least_most"]) <= NATIVE_THREADS,
        "own_threads": np.ptp(footprint["own_threads_least_most"]) == 0,
        "files": np.ptp(footprint["files_least_most"]) == 0,
        "frames": adds_up(frames),
    }
    return {**found, "kept": {name: bool(value) for name, value in kept.items()}}


def adds_up(frames):
    """Whether every picture that was sent was painted, or is counted as not shown or dropped."""
    accounted = frames["painted"] + frames["not_shown"] + frames["dropped"]
    return frames["sent"] == accounted and frames["steps_astray"] == frames["uncounted"] == 0


def _percentiles(values):
    return {
        name: round(float(np.percentile(values, share)), 1)
        for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
    }
