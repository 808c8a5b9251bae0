"""The window's promises on the demo clip, with margins wide enough for a busy machine.

`make promises` measures the same for 60 s and prints the figures.
"""

import pytest
from promises import measure


@pytest.mark.slow
def test_the_demo_runs_at_its_rate_with_young_overlays_and_a_window_that_answers() -> None:
    seen = measure(seconds=8)
    assert 0 < seen["moving_picture_after_s"] < 20
    assert 0 < seen["first_overlay_after_s"] < 60
    assert seen["painted_fps"] > 0.85 * seen["clip_fps"]
    assert seen["overlay_age_ms"]["p99"] < 180
    assert seen["availability"] > 0.6
    assert seen["longest_event_loop_gap_ms"] < 250
