"""The figures of tracking: the same answers with and without it, from one run."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_clips import write_clip
from made_oracle import OracleEngine

from lmsfa.commands import flicker, tracking
from lmsfa.errors import InputError
from lmsfa.evaluation.tracking import HEIGHT, WIDTH, judge_made_sequences


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


def run(command, *arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.run(options)


def test_weights_that_know_other_structures_are_one_line(weights: Path) -> None:
    for wrong in ([], ["--scene", "theatre"], ["--frames", "1"]):
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
