"""The figures of tracking: the same answers with and without it, from one run."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_clips import square_picture, write_clip
from made_engines import CARD, SquareEngine
from made_oracle import OracleEngine

from lmsfa.commands import flicker, tracking
from lmsfa.data.held import HELD_FRAMES, RATE_FPS, key_samples
from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import read_rgb
from lmsfa.errors import InputError
from lmsfa.evaluation.held_clip import judge_held_clip
from lmsfa.evaluation.tracking import HEIGHT, WIDTH, judge_made_sequences
from resources.demo.make_demo import held


class RestlessOracle(OracleEngine):
    """Knows the truth, and now and then forgets a structure for an answer."""

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        answer = super().predict(rgb, frame_index, captured_s)
        kept = tuple(
            instance
            for number, instance in enumerate(answer.instances)
            if (frame_index + 3 * number) % 7 or not frame_index
        )
        return replace(answer, instances=kept)


def test_tracking_halves_what_blinks_and_keeps_the_average_precision() -> None:
    engine = RestlessOracle(f"phantom:calm,seed=2,size={WIDTH}x{HEIGHT}", delay_s=0.0)
    found = judge_made_sequences(engine, "calm", [2], 45)
    assert (found.sequences, found.frames) == (1, 45)
    assert found.tracked.blinks < found.plain.blinks / 2
    assert found.tracked.unrest < found.plain.unrest / 2
    assert found.tracked.mask_ap > found.plain.mask_ap - 0.005


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """A validation split of one picture with a labelled bright square."""
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    rgb = square_picture(40, 40, 60, 160, 240)
    cv2.imwrite(str(tmp_path / "images/val/0.png"), rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "labels/val/0.png"), np.uint8(rgb[..., 0] > 200))
    names = [spec.name for spec in CARD.classes]
    described = {
        "name": "squares",
        "format": "label-map",
        "images": "images",
        "labels": "labels",
        "classes": [
            {"id": number, "name": name, "colour": [90, 90, 90]}
            for number, name in enumerate(names, 1)
        ],
        "void": [],
        "instances": {"from": "connected components", "connectivity": 8, "min_area_px": 16},
        "splits": {"train": [], "val": ["val"]},
    }
    (tmp_path / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    return tmp_path


def test_labels_go_along_with_a_clip_of_held_pictures(squares: Path, tmp_path: Path) -> None:
    dataset, clip = open_dataset(squares), tmp_path / "held.mkv"
    still, rng = read_rgb(key_samples(dataset)[0].frame_path), np.random.default_rng(7)
    write_clip(clip, [*held(still, rng, 0), *held(still, rng, HELD_FRAMES)], rate=RATE_FPS)
    found = judge_held_clip(SquareEngine(), clip, dataset)
    assert (found.scene, found.frames, found.sequences) == ("held.mkv", 50, 1)
    assert found.plain.mask_ap > 0.9
    assert found.tracked.mask_ap > 0.9
    cv2.imwrite(str(squares / "images/val/0.png"), np.full((160, 240, 3), 90, np.uint8))
    with pytest.raises(InputError, match=r"was not made of val/0\.png in this data set"):
        judge_held_clip(SquareEngine(), clip, dataset)


def run(command, *arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.run(options)


def test_weights_that_know_other_structures_are_one_line(weights: Path) -> None:
    for wrong in ([], ["--scene", "theatre"], ["--frames", "1"], ["--clip", "held.mkv"]):
        with pytest.raises(InputError) as caught:
            run(tracking, "--weights", str(weights), "--runtime", "torch-cpu", *wrong)
        assert "\n" not in str(caught.value)


def test_the_flicker_command_compares_before_and_after_tracking(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mkv"
    write_clip(clip, [np.full((64, 96, 3), 40 + number, np.uint8) for number in range(4)])
    given = [str(clip), "--weights", str(weights), "--runtime", "torch-cpu", "--tracked"]
    run(flicker, *given, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == report["tracked"]["frames"] == 4
    assert {"unrest", "blinks"} <= set(report["tracked"])
    run(flicker, *given)
    assert "with it:" in capsys.readouterr().out
