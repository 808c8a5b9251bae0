"""A fiftieth of each long trial, with the same seeds; `make soak` runs them whole.

Bounds on time have wide margins here; what must never happen has none.
"""

import os

import pytest

from tests.soak.__main__ import ALARMS_S, FAULTS, STEADY_S
from tests.soak.alarms import false_alarms
from tests.soak.faults import ENGINE, SENDER, Trial, suffer_faults
from tests.soak.steady import steady

SHARE = 1 / 50
LARYNX = os.environ.get("LARYNX_DATA", "")


@pytest.mark.slow
def test_over_a_stream_no_picture_is_lost_uncounted_and_nothing_grows() -> None:
    found = steady(STEADY_S * SHARE)
    assert found["frames"]["uncounted"] == 0
    assert found["frames"]["sent"] > 0.9 * 30 * STEADY_S * SHARE
    assert found["overlay_age_ms"]["p99"] <= 130
    assert found["video_delay_ms"]["p99"] < 250
    assert found["availability"] > 0.4
    early, late = found["memory_mb_early_late"]
    assert late < 1.1 * early
    early, late = found["files_early_late"]
    assert late <= early


@pytest.mark.slow
def test_faults_are_named_no_overlay_is_stale_and_all_comes_back() -> None:
    found = suffer_faults(round(FAULTS * SHARE))
    assert found["stale_overlays"] == 0
    assert found["overlays_checked"] > 5
    assert found["overlay_iou_mean"] > 0.8
    # Named at all, and back again; how soon is for the whole trial on a quiet machine.
    never = [
        row
        for row in found["not_kept"]
        if row.get("back_after_s") is None or row["named_after_s"] is None
    ]
    assert not never


@pytest.mark.slow
def test_an_overlay_that_outlives_its_picture_is_found(tmp_path) -> None:
    trial = Trial(tmp_path, seed=0)
    try:
        assert trial.wait_until(lambda: trial.audience.has_overlay, 30)
        trial._pipeline.max_age_ms = 10_000
        found = trial.suffer("hang")
    finally:
        trial.close()
    assert found["stale"]
    assert not found["kept"]


def test_every_kind_of_fault_is_among_the_whole_trials() -> None:
    assert len(SENDER) + len(ENGINE) <= FAULTS


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_real_and_made_pictures_raise_no_alarm() -> None:
    found = false_alarms(ALARMS_S * SHARE, LARYNX)
    assert found["false_alarms"] == 0
    assert found["real_called_off"] == 0
    assert found["distinct_real_frames"] >= 400
