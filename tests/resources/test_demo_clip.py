import json
import os
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from lmsfa.data.held import KEY_FRAMES, RATE_FPS, key_samples
from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import read_rgb
from resources.demo.make_demo import held, write_clip

DEMO = Path(__file__).parents[2] / "resources" / "demo"
CLIP = DEMO / "larynx-demo.mkv"
LARYNX = os.environ.get("LARYNX_DATA", "")
needs_larynx = pytest.mark.skipif(
    not LARYNX, reason="LARYNX_DATA names no folder with the larynx set"
)


def shown(path, every=1):
    """Every so-many-th picture of a clip as RGB."""
    with av.open(str(path)) as clip:
        return [
            frame.to_ndarray(format="rgb24")
            for index, frame in enumerate(clip.decode(video=0))
            if index % every == 0
        ]


def test_clip_runs_at_its_rate_for_a_second_a_key_frame():
    with av.open(str(CLIP)) as clip:
        stream = clip.streams.video[0]
        due = [frame.pts * stream.time_base for frame in clip.decode(stream)]
        assert (stream.average_rate, stream.codec_context.name) == (25, "h264")
    assert len(due) == KEY_FRAMES * RATE_FPS
    assert np.allclose(np.diff([float(time_s) for time_s in due]), 1 / RATE_FPS, atol=1e-3)


def test_clip_is_small_enough_to_be_cloned():
    assert CLIP.stat().st_size < 4_000_000


def test_no_two_pictures_are_the_same_so_the_clip_never_looks_frozen():
    pictures = shown(CLIP)
    assert all(np.any(one != other) for one, other in pairwise(pictures))


@pytest.mark.parametrize(
    "said", ["Laves", "CC BY 4.0", "seq2", "seq5", "What was changed", f"{KEY_FRAMES} key frames"]
)
def test_attribution_goes_with_the_clip(said):
    assert said in (DEMO / "ATTRIBUTION.md").read_text(encoding="utf-8")


def test_attribution_stands_inside_the_clip_too():
    with av.open(str(CLIP)) as clip:
        assert "Laves" in " ".join(clip.metadata.values())


def test_motion_never_shows_the_pictures_border():
    white = np.full((512, 512, 3), 255, np.uint8)
    still = np.random.default_rng(0)
    starts = range(0, KEY_FRAMES * RATE_FPS, 5)
    darkest = min(int(next(held(white, still, start)).min()) for start in starts)
    assert darkest > 200, "black from outside the picture is in sight"


@pytest.fixture
def grey_dataset(tmp_path):
    """A label-map set of two grey pictures, one of them for validation."""
    for split in ("train", "val"):
        for folder in ("images", "labels"):
            (tmp_path / folder / split).mkdir(parents=True)
            cv2.imwrite(str(tmp_path / folder / split / "0.png"), np.full((64, 64), 90, np.uint8))
    described = {
        "name": "grey",
        "format": "label-map",
        "images": "images",
        "labels": "labels",
        "classes": [{"id": 90, "name": "grey", "colour": [90, 90, 90]}],
        "void": [],
        "instances": {"from": "connected components", "connectivity": 8, "min_area_px": 16},
        "splits": {"train": ["train"], "val": ["val"]},
    }
    (tmp_path / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    return tmp_path


def test_the_script_makes_a_clip_of_validation_pictures(grey_dataset, tmp_path):
    dataset = open_dataset(grey_dataset)
    assert write_clip(dataset, tmp_path / "made.mkv") == KEY_FRAMES * RATE_FPS
    assert len(shown(tmp_path / "made.mkv")) == KEY_FRAMES * RATE_FPS
    assert {sample.frame_path.parent.name for sample in key_samples(dataset)} == {"val"}


@needs_larynx
def test_shipped_clip_shows_validation_pictures_and_no_others():
    chosen = [sample.frame_path for sample in key_samples(open_dataset(Path(LARYNX)))]
    assert {path.parent.name for path in chosen} == {"seq2", "seq5"}
    still = np.random.default_rng(0)
    firsts = shown(CLIP, every=RATE_FPS)
    for place, (path, first) in enumerate(zip(chosen, firsts, strict=True)):
        expected = next(held(read_rgb(path), still, place * RATE_FPS))
        difference = np.abs(expected.astype(np.int16) - first).mean()
        assert difference < 6, f"{path.name}: {difference:.1f} grey values apart"
