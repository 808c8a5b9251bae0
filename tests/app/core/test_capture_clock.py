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
    assert found == pytest.approx([50 + k * PERIOD_S for k in range(5)])


@pytest.mark.parametrize("is_device", [False, True])
@pytest.mark.parametrize("step_s", [3600.0, 5.0, 0.4, -0.4, -5.0, -3600.0, -1_700_000_000.0])
def test_a_step_of_the_senders_clock_is_over_after_two_seconds_at_most(is_device, step_s):
    clock = CaptureClock(is_device=is_device)
    rng = np.random.default_rng(0)
    for k in range(300):
        arrived_s = 1000 + k * PERIOD_S + rng.uniform(0, 0.01)
        stamp_s = 1_800_000_000.0 + k * PERIOD_S + (step_s if k >= 100 else 0)
        captured_s = clock.captured_s(stamp_s, arrived_s)
        assert captured_s <= arrived_s
        settled = k < 100 or k > 100 + 2.1 / PERIOD_S
        assert arrived_s - captured_s < (0.02 if settled else 1.02)


def test_a_clock_that_runs_slow_is_followed():
    clock = CaptureClock(is_device=False)
    for k in range(9000):
        arrived_s = 1000 + k * PERIOD_S
        captured_s = clock.captured_s(k * PERIOD_S * 0.9999, arrived_s)
        assert arrived_s - captured_s < 0.001
