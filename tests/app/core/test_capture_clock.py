"""From time stamps to capture times, whatever the clocks do."""

import numpy as np
import pytest

from app.core.sources.capture_clock import CaptureClock

PERIOD_S = 1 / 30


def test_a_devices_own_capture_time_is_believed():
    clock = CaptureClock(is_device=True)
    assert clock.captured_s(99.98, 100.0) == 99.98
    assert clock.captured_s(None, 100.0) == 100.0


def test_a_stream_that_counts_from_zero_is_not_taken_for_the_kernels_clock():
    clock = CaptureClock(is_device=False)
    assert clock.captured_s(99.98, 100.0) == 100.0


def test_what_is_late_on_its_way_is_as_old_as_it_is_late():
    clock = CaptureClock(is_device=False)
    late_s = [0.0, 0.0, 0.2, 0.05, 0.0]
    found = [
        clock.captured_s(k * PERIOD_S, 50 + k * PERIOD_S + late) for k, late in enumerate(late_s)
    ]
    assert found == pytest.approx([50 + k * PERIOD_S for k in range(5)], abs=0.001)


def ages_s(clock, sent, start_s=1000.0):
    """How old each picture of (stamp, arrival), counted from the start, is said to be."""
    return [
        start_s + arrived_s - clock.captured_s(stamp_s, start_s + arrived_s)
        for stamp_s, arrived_s in sent
    ]


def sent_late(late_s):
    """(stamp, arrival) of pictures that wait for each other on their way, as in TCP's backlog."""
    arrivals_s = np.maximum.accumulate(np.arange(len(late_s)) * PERIOD_S + late_s)
    return [(k * PERIOD_S, arrived_s) for k, arrived_s in enumerate(arrivals_s)]


@pytest.mark.parametrize("is_device", [False, True])
@pytest.mark.parametrize(
    "step_s", [3600.0, 5.0, 0.9, 0.4, -0.1, -0.4, -0.9, -5.0, -3600.0, -1_700_000_000.0]
)
def test_a_step_of_the_senders_clock_makes_no_picture_old(is_device, step_s):
    clock = CaptureClock(is_device=is_device)
    rng = np.random.default_rng(0)
    sent = [
        (1_800_000_000.0 + k * PERIOD_S + (step_s if k >= 100 else 0), k * PERIOD_S + jitter_s)
        for k, jitter_s in enumerate(rng.uniform(0, 0.01, 300))
    ]
    found = ages_s(clock, sent)
    assert min(found) >= 0
    assert max(found) < 0.012


@pytest.mark.parametrize("stall_s", [0.3, 0.8, 1.5, 10.0, 100.0])
def test_a_backlog_is_as_old_as_it_is_until_it_is_over(stall_s):
    sent = sent_late([0.0] * 60 + [stall_s - min(k * PERIOD_S, stall_s) for k in range(9000)])
    ages = ages_s(CaptureClock(is_device=False), sent)
    true = [arrived_s - stamp_s for stamp_s, arrived_s in sent]
    assert max(true) == pytest.approx(stall_s)
    assert ages == pytest.approx(true, abs=0.06)
    assert ages[-1] < 0.001


@pytest.mark.parametrize("late_s", [0.6, 1.5, 30.0])
def test_pictures_that_stay_late_stay_old(late_s):
    ages = ages_s(CaptureClock(is_device=False), sent_late([0.0] * 60 + [late_s] * 3600))
    assert max(ages[:60]) < 0.001
    assert min(ages[60:]) > late_s - 0.1


def test_a_way_that_grows_slowly_makes_old_pictures():
    ages = ages_s(CaptureClock(is_device=False), sent_late(np.arange(900) * 0.001))
    assert ages[-1] == pytest.approx(0.9, abs=0.02)


def test_pictures_that_are_left_out_on_their_way_make_no_others_old():
    clock = CaptureClock(is_device=False)
    there = [k for k in range(300) if not 100 <= k < 190]
    assert max(ages_s(clock, [(k * PERIOD_S, k * PERIOD_S) for k in there])) < 0.001


def test_a_devices_picture_is_late_however_long_it_waited():
    clock = CaptureClock(is_device=True)
    sent = [(1000 + stamp_s, arrived_s + 0.02) for stamp_s, arrived_s in sent_late([0] * 9 + [3])]
    assert ages_s(clock, sent) == pytest.approx([0.02] * 9 + [3.02])


def test_a_clock_that_runs_slow_is_followed():
    clock = CaptureClock(is_device=False)
    for k in range(9000):
        arrived_s = 1000 + k * PERIOD_S
        captured_s = clock.captured_s(k * PERIOD_S * 0.9999, arrived_s)
        assert arrived_s - captured_s < 0.001
