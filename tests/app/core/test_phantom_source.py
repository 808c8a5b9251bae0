"""The made scene as a live source: due pictures only, and never taken for a recording."""

import time

import numpy as np
import pytest
from made_clips import now, until
from made_engines import loader
from made_oracle import OracleEngine

from app.core.sources import SourceError, open_source
from app.core.sources.phantom import PhantomSpec, read_spec
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES

SPEC = "phantom:calm,seed=7,size=320x180,fps=60"


def test_a_spec_may_leave_everything_out() -> None:
    assert read_spec("phantom:") == PhantomSpec()
    assert read_spec("phantom:smoke, seed=3") == PhantomSpec(scene="smoke", seed=3)
    assert read_spec(SPEC) == PhantomSpec("calm", 7, 320, 180, 60.0)


@pytest.mark.parametrize(
    "spec",
    [
        "phantom:theatre",
        "phantom:seed=x",
        "phantom:seed=-1",
        "phantom:size=1280",
        "phantom:size=8x8",
        "phantom:size=99999x10",
        "phantom:fps=0",
        "phantom:fps=nan",
        "phantom:colour=red",
    ],
)
def test_what_is_not_understood_is_named_in_one_line(spec: str) -> None:
    with pytest.raises(SourceError, match="is not understood; expected phantom:SCENE") as caught:
        open_source(spec)
    assert "\n" not in str(caught.value)


def test_it_is_live_and_says_that_it_is_synthetic() -> None:
    source = open_source(SPEC)
    info = source.open()
    assert (info.width, info.height, info.rate_fps) == (320, 180, 60)
    assert not info.is_recording
    assert info.name.startswith("SYNTHETIC")
    with pytest.raises(SourceError, match="cannot be sought"):
        source.seek(1.0)
    source.close()


def test_every_picture_carries_the_word_and_otherwise_is_the_scene() -> None:
    source = open_source(SPEC)
    source.open()
    picture = source.read()
    source.close()
    view = Phantom(SCENES["calm"], 7, 320, 180).at(picture.index / 60, picture.index)
    differs = (picture.rgb != view.rgb).any(axis=2)
    rows, columns = np.nonzero(differs)
    assert len(rows) > 50
    assert rows.min() > 150
    assert columns.max() < 80
    assert not view.numbers[differs].any()


def test_pictures_come_when_they_are_due_and_those_nobody_fetched_are_gone() -> None:
    source = open_source(SPEC)
    source.open()
    first = source.read()
    assert time.monotonic() >= first.captured_s
    second = source.read()
    assert second.index > first.index
    assert second.captured_s - first.captured_s == pytest.approx(
        (second.index - first.index) / 60, abs=1e-6
    )
    begun_s = time.monotonic()
    time.sleep(0.3)
    late = source.read()
    source.close()
    # Nothing that was due before the fetching is left; the newest then may be a picture old.
    assert late.captured_s >= begun_s + 0.3 - 2 / 60
    assert late.index - second.index >= 15


def test_the_oracle_answers_what_the_live_picture_shows(pipelines) -> None:
    oracle = OracleEngine(SPEC, delay_s=0.02)
    pipeline = pipelines(loader(oracle), max_age_ms=60_000)
    pipeline.load("oracle")
    pipeline.open(SPEC)
    result = until(lambda: now(pipeline).result)
    view = oracle.view(result.frame.index)
    # All but the word in the corner.
    assert np.array_equal(result.frame.rgb[:150], view.rgb[:150])
    found = np.zeros(view.numbers.shape, dtype=bool)
    for instance in result.prediction.instances:
        region = instance.region(*found.shape)
        found[region.window] |= region.mask
    true = view.numbers > 0
    assert (found & true).sum() / (found | true).sum() > 0.9
