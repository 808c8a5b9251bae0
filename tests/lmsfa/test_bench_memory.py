"""What a network weighs: counted where it alone is loaded."""

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from lmsfa.benchmark.memory import allocated_mb, peak_memory
from lmsfa.errors import InputError


def _holding(loaded_mb: int, answering_mb: int) -> Callable[[], object]:
    """Stands for a network; runs in the other process."""
    held = np.ones(loaded_mb * 1_000_000, np.uint8)
    return lambda: held.sum() + np.ones(answering_mb * 1_000_000, np.uint8).sum()


def test_memory_is_what_loading_and_answering_added_at_its_peak() -> None:
    found = peak_memory("lmsfa.card", partial(_holding, 80, 40))
    assert 115 < found.model_mb < 160
    assert found.process_mb > found.model_mb + 10


def test_what_the_measuring_process_holds_itself_does_not_count() -> None:
    own = np.ones(300_000_000, np.uint8)
    found = peak_memory("lmsfa.card", partial(_holding, 1, 1))
    assert found.process_mb < 250
    assert found.model_mb < 40
    assert own[0] == 1


def test_a_process_that_dies_is_one_line() -> None:
    with pytest.raises(InputError, match="ended from outside"):
        peak_memory("lmsfa.card", partial(os._exit, 1))


def test_a_step_weighs_what_it_holds_at_most_and_not_what_it_gave_back() -> None:
    def step() -> object:
        first = np.ones(30_000_000, np.uint8)
        del first
        return np.ones(20_000_000, np.uint8)

    assert allocated_mb(step) == pytest.approx(30, abs=1)
