"""Fields of view as endoscopes show them: bars, rims, notches, cut, off centre."""

import os
from pathlib import Path

import pytest

from lmsfa.data.clips import frames_of
from lmsfa.data.pictures import read_rgb
from lmsfa.evaluation.fields import ADDED, FIELDS, is_found, shown
from lmsfa.quality.field import field_of
from lmsfa.shipped import DEMO_CLIP

LARYNX = os.environ.get("LARYNX_DATA", "")


def found_share(pictures, name, added):
    truth = FIELDS[name]
    return sum(is_found(field_of(shown(rgb, truth, added)), truth) for rgb in pictures) / len(
        pictures
    )


@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_found_in_the_demo_clips_pictures(name, added):
    pictures = list(frames_of(DEMO_CLIP, 120))[::30]
    assert found_share(pictures, name, added) == 1


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_found_in_pictures_of_several_patients(name, added):
    pictures = [read_rgb(path) for path in sorted((Path(LARYNX) / "images").rglob("*.jpg"))[::24]]
    assert found_share(pictures, name, added) >= 0.9
