"""A model too slow for the usual age of overlays has the window ask for more patience."""

from pathlib import Path

import pytest
from made_engines import CARD

from app.core.pipeline import Pipeline
from app.core.snapshot import ModelState, ModelStatus
from app.ui.age_bound import AgeBound


@pytest.fixture
def bound():
    return AgeBound(Pipeline())


def follow(bound, p50_ms, answers=10):
    status = ModelStatus(ModelState.READY, card=CARD, p50_ms=p50_ms, frames_answered=answers)
    bound.follow(status, Path("weights.safetensors"))
    return bound.proposal


@pytest.mark.parametrize(("p50_ms", "allowed"), [(50, "150 ms"), (60, "170 ms"), (500, "1050 ms")])
def test_the_proposal_lasts_until_the_next_answer_is_there(bound, p50_ms, allowed):
    assert f"Show overlays up to {allowed} old?" in follow(bound, p50_ms).text


def test_a_model_that_keeps_up_is_asked_nothing(bound):
    assert follow(bound, 45) is None


def test_the_first_answers_are_no_measure(bound):
    assert follow(bound, 500, answers=9) is None
