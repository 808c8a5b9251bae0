"""A fiftieth of each long trial with the same seeds, a hundredth of the steady one.

What must never happen is asked here; how fast all is, `make soak` and `make promises` ask.
"""

import os
import time
from contextlib import closing

import numpy as np
import pytest

from app.core.follower import Follower
from app.core.pipeline import Pipeline
from app.ui.application import make_application
from app.ui.layer_painter import LayerPainter
from tests.soak.__main__ import ALARMS_S, FAULTS, STEADY_S
from tests.soak.alarms import false_alarms
from tests.soak.audience import LEAST_IOU
from tests.soak.faults import ENGINE, SENDER, Trial, suffer_faults
from tests.soak.steady import adds_up, steady

SHARE = 1 / 50
PATIENT_AGE_MS = 10_000.0
"""Any machine shows overlays of this age."""
BUSY_MAX_AGE_MS = 400.0
"""The model's process gives way to all others on this machine, and must still be seen to answer."""
LARYNX = os.environ.get("LARYNX_DATA", "")


@pytest.mark.slow
def test_over_a_stream_no_picture_is_lost_uncounted_and_nothing_grows(patient) -> None:
    found = steady(STEADY_S * SHARE / 2, max_age_ms=PATIENT_AGE_MS)
    frames = found["frames"]
    assert adds_up(frames), frames
    assert frames["sent"] >= frames["painted"] > 0
    assert found["availability"] > 0
    assert found["kept"]["own_threads"]
    assert found["kept"]["files"]
    early_mb, late_mb = found["memory_mb_early_late"]
    assert 0.9 < late_mb / early_mb < 1.1


@pytest.mark.slow
def test_faults_are_named_no_overlay_is_stale_and_all_comes_back() -> None:
    found = suffer_faults(round(FAULTS * SHARE), max_age_ms=BUSY_MAX_AGE_MS)
    assert found["stale_overlays"] == 0, found["not_kept"]
    assert found["pictures"]["painted"] > found["faults"]
    assert found["pictures"]["compared with the true masks"] > 0
    assert found["overlay_iou_mean"] > 0.8
    # Named at all, and back again; how soon is for the whole trial on a quiet machine.
    never = [
        row
        for row in found["not_kept"]
        if row.get("back_after_s") is None
        or row["false_alarms"]
        or (row["bound_s"] is not None and row["named_after_s"] is None)
    ]
    assert not never


@pytest.fixture
def trial(tmp_path):
    make_application()
    with closing(Trial(tmp_path, seed=0, max_age_ms=BUSY_MAX_AGE_MS)) as made:
        assert made.wait_until(lambda: made.audience.has_overlay, 60)
        yield made


def found_stale(trial, kind):
    found = trial.suffer(kind)
    assert not found["kept"]
    return found["stale"]


@pytest.mark.slow
def test_an_overlay_that_outlives_its_answer_is_found(trial) -> None:
    trial._pipeline.max_age_ms = 10_000
    assert found_stale(trial, "hang")


def _has_area(prediction):
    return any(not instance.bridged for instance in prediction.instances)


@pytest.mark.slow
def test_an_overlay_that_is_left_under_a_word_of_the_signal_is_found(trial, monkeypatch) -> None:
    drawn = []

    def always(_self, _shown, answers):
        # Of the blue picture itself there may be an answer too; what it bridges has no area.
        drawn[:] = [entry for entry in answers.results if _has_area(entry.prediction)][-1:] or drawn
        return (drawn[-1] if drawn else None), time.monotonic() + 1

    monkeypatch.setattr(Pipeline, "_valid_result", always)
    monkeypatch.setattr(Follower, "followed", lambda _self, snapshot, _now_s: snapshot)
    stale = found_stale(trial, "blue")
    # A blue picture carries no number; its pixels tell.
    assert any(found["number"] is None for found in stale)


@pytest.mark.slow
def test_an_overlay_of_another_place_is_found(trial, monkeypatch) -> None:
    """The layer is painted a quarter of the picture beside its place: no word says so."""
    layer_for = LayerPainter.layer_for

    def beside(self, snapshot, style):
        layer = layer_for(self, snapshot, style)
        return None if layer is None else np.roll(layer, layer.shape[1] // 4, axis=1)

    monkeypatch.setattr(LayerPainter, "layer_for", beside)
    assert any(found["iou"] < LEAST_IOU for found in found_stale(trial, "burst"))


def test_every_kind_of_fault_is_among_the_whole_trials() -> None:
    assert len(SENDER) + len(ENGINE) <= FAULTS


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_real_and_made_pictures_raise_no_alarm() -> None:
    found = false_alarms(ALARMS_S * SHARE, LARYNX)
    assert found["false_alarms"] == 0
    assert found["real_called_off"] == 0
    assert found["distinct_real_frames"] >= 400
