"""Flicker: what blinks and trembles is counted, what moves or is cut is not."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_clips import write_clip
from made_engines import SquareEngine

from lmsfa.commands import flicker as command
from lmsfa.data.clips import frames_of
from lmsfa.errors import InputError
from lmsfa.evaluation.flicker import BRIEF_FRAMES, judge_flicker
from lmsfa.evaluation.motion import LONGER_SIDE_PX, motion_between
from lmsfa.following.flow import small_grey
from lmsfa.prediction import Prediction

SIDE = 160


def scene(seed: int = 0, square: bool = True) -> np.ndarray:
    """A textured surface, larger than a frame, with a bright square."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 150, (2 * SIDE // 8, 2 * SIDE // 8))
    grey = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    if square:
        rgb[130:190, 130:190] = np.minimum(255, 210 + grey[130:190, 130:190, None] // 4)
    return rgb


def view(rgb: np.ndarray, left: int = 80, top: int = 80) -> np.ndarray:
    return rgb[top : top + SIDE, left : left + SIDE]


def still(frames: int) -> list[np.ndarray]:
    return [view(scene())] * frames


class BlinkingEngine(SquareEngine):
    """Finds the square in the frames that it wants to."""

    def __init__(self, sees=lambda _index: True) -> None:
        super().__init__()
        self.sees = sees

    def predict(self, rgb, frame_index=0, captured_s=0.0) -> Prediction:
        answer = super().predict(rgb, frame_index, captured_s)
        return answer if self.sees(frame_index) else replace(answer, instances=())


class TremblingEngine(SquareEngine):
    """Every other answer is four pixels wider on each side than the square."""

    def predict(self, rgb, frame_index=0, captured_s=0.0) -> Prediction:
        if frame_index % 2:
            ys, xs = np.nonzero(rgb[..., 0] > 200)
            rgb = rgb.copy()
            rgb[ys.min() - 4 : ys.max() + 5, xs.min() - 4 : xs.max() + 5] = 255
        return super().predict(rgb, frame_index, captured_s)


def test_a_still_clip_has_no_flicker() -> None:
    found = judge_flicker(SquareEngine(), still(12))
    tissue = found.classes["tissue"]
    assert (found.frames, found.scenes, found.moved) == (12, 1, pytest.approx(0, abs=1e-3))
    assert (tissue.frames, tissue.pairs) == (12, 11)
    assert (tissue.appeared, tissue.flashes, tissue.dropouts) == (0, 0, 0)
    assert (tissue.iou, tissue.iou_carried, tissue.area_jump) == pytest.approx((1, 1, 0), abs=1e-3)


def test_an_answer_that_blinks_off_is_a_dropout() -> None:
    found = judge_flicker(BlinkingEngine(lambda index: index not in (4, 9, 10)), still(20))
    tissue = found.classes["tissue"]
    assert tissue.dropouts == pytest.approx(100 * 2 / 20)
    assert (tissue.appeared, tissue.flashes) == (0, 0)
    assert tissue.frames == 17


def test_an_answer_that_flashes_up_is_a_flash() -> None:
    found = judge_flicker(BlinkingEngine(lambda index: index in (4, 14, 15)), still(25))
    tissue = found.classes["tissue"]
    assert tissue.flashes == pytest.approx(100 * 2 / 25)
    assert tissue.appeared == pytest.approx(100 * 2 / 25)
    assert tissue.dropouts == 0


def test_what_comes_and_stays_appeared_and_is_no_flash() -> None:
    found = judge_flicker(BlinkingEngine(lambda index: index >= 5), still(20))
    tissue = found.classes["tissue"]
    assert tissue.appeared == pytest.approx(5)
    assert (tissue.flashes, tissue.dropouts) == (0, 0)


def test_what_goes_for_long_is_no_dropout_and_what_was_there_at_first_no_flash() -> None:
    gone = range(2, 2 + BRIEF_FRAMES)
    found = judge_flicker(BlinkingEngine(lambda index: index not in gone), still(20))
    tissue = found.classes["tissue"]
    assert (tissue.dropouts, tissue.flashes) == (0, 0)
    assert tissue.appeared == pytest.approx(5)


def test_motion_alone_is_not_flicker() -> None:
    rgb = scene()
    moving = [view(rgb, 60 + 5 * step, 70 + 2 * step) for step in range(10)]
    found = judge_flicker(SquareEngine(), moving)
    tissue = found.classes["tissue"]
    assert found.moved == pytest.approx(np.hypot(5, 2) / SIDE, rel=0.1)
    assert found.scenes == 1
    assert tissue.iou < 0.87
    assert tissue.iou_carried > 0.96
    assert tissue.area_jump < 0.02
    assert (tissue.appeared, tissue.flashes, tissue.dropouts) == (0, 0, 0)


def test_trembling_is_seen_in_the_carried_iou_even_while_the_picture_moves() -> None:
    rgb = scene()
    moving = [view(rgb, 60 + 5 * step, 70) for step in range(10)]
    steady = judge_flicker(SquareEngine(), moving).classes["tissue"]
    trembling = judge_flicker(TremblingEngine(), moving).classes["tissue"]
    assert trembling.iou_carried < steady.iou_carried - 0.1
    assert trembling.area_jump > steady.area_jump + 0.1


def test_a_dropout_is_known_again_where_the_motion_carried_it() -> None:
    rgb = scene()
    moving = [view(rgb, 40 + 9 * step, 80) for step in range(11)]
    gone = range(3, 3 + BRIEF_FRAMES - 1)
    found = judge_flicker(BlinkingEngine(lambda index: index not in gone), moving)
    tissue = found.classes["tissue"]
    assert tissue.dropouts == pytest.approx(100 / 11)
    assert tissue.appeared == 0


def test_a_structure_that_leaves_the_picture_does_not_tremble() -> None:
    rgb = scene()
    moving = [view(rgb, 90 + 8 * step, 80) for step in range(8)]
    tissue = judge_flicker(SquareEngine(), moving).classes["tissue"]
    assert tissue.iou_carried > 0.95
    assert tissue.area_jump < 0.03


def test_a_cut_begins_a_new_scene_and_is_no_flicker() -> None:
    frames = [view(scene())] * 4 + [view(scene(seed=5, square=False))] * 2 + [view(scene())] * 4
    found = judge_flicker(SquareEngine(), frames)
    tissue = found.classes["tissue"]
    assert found.scenes == 3
    assert (tissue.appeared, tissue.flashes, tissue.dropouts) == (0, 0, 0)
    assert tissue.pairs == 6


def test_a_change_of_size_begins_a_new_scene() -> None:
    found = judge_flicker(SquareEngine(), [view(scene()), view(scene())[:120]])
    assert found.scenes == 2


def test_a_class_that_is_never_found_has_no_means_and_no_nan() -> None:
    found = judge_flicker(SquareEngine(), still(3))
    nerve = found.classes["nerve"]
    assert (nerve.frames, nerve.iou, nerve.iou_carried, nerve.area_jump) == (0, None, None, None)
    json.dumps(found.as_json(), allow_nan=False)
    json.dumps(judge_flicker(SquareEngine(), []).as_json(), allow_nan=False)


@pytest.mark.parametrize("shape", [(1, 1), (8, 40), (20, 30)])
def test_the_motion_of_the_smallest_pictures_is_taken(shape: tuple[int, int]) -> None:
    grey = small_grey(np.zeros((*shape, 3), dtype=np.uint8), LONGER_SIDE_PX)
    motion = motion_between(grey, grey)
    assert motion.same_scene
    assert motion.carried(np.ones(shape, dtype=np.bool_)).all()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mkv"
    write_clip(path, still(7))
    return path


def test_a_large_picture_is_watched_on_a_smaller_scale() -> None:
    large = np.repeat(np.repeat(view(scene()), 5, axis=0), 5, axis=1)
    assert small_grey(large, LONGER_SIDE_PX).shape == (480, 480)
    tissue = judge_flicker(TremblingEngine(), [large] * 4).classes["tissue"]
    assert 0.9 < tissue.iou_carried < 1


def test_frames_come_from_a_clip_as_many_as_wanted(clip: Path) -> None:
    assert len(list(frames_of(clip))) == 7
    assert len(list(frames_of(clip, 3))) == 3
    first = next(frames_of(clip))
    assert first.shape == (SIDE, SIDE, 3)
    assert abs(first.astype(float) - still(1)[0]).mean() < 12


def run(*arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.run(options)


def test_the_command_prints_figures(
    clip: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(clip), "--weights", str(weights), "--runtime", "torch-cpu"]
    run(*given, "--max-frames", "2", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["clip"], report["frames"]) == ("clip.mkv", 2)
    assert list(report["classes"]) == ["bright square", "dark disc"]


def test_the_table_says_what_is_not_known_with_a_dash() -> None:
    table = command._table("clip.mkv", judge_flicker(SquareEngine(), still(2)))
    nerve = next(line for line in table.splitlines() if line.startswith("nerve"))
    assert nerve.split()[-3:] == ["-", "-", "-"]
    assert "nan" not in table.lower()


def test_bad_clips_are_one_line(tmp_path: Path, weights: Path) -> None:
    text = tmp_path / "notes.mkv"
    text.write_text("no video")
    for path in (text, tmp_path / "none.mkv", tmp_path):
        with pytest.raises(InputError, match="not a readable clip"):
            run(str(path), "--weights", str(weights))
    with pytest.raises(InputError, match="at least 1"):
        run(str(text), "--weights", str(weights), "--max-frames", "0")
