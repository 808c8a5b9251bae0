"""What training pictures are like is measured, kept in the card, and told from other pictures."""

import json
import os
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.card import CardError, ModelCard, card_path, read_card, write_card
from lmsfa.cli import main
from lmsfa.data.annotated import Sample
from lmsfa.data.clips import frames_of
from lmsfa.data.opening import open_dataset
from lmsfa.evaluation.familiarity import (
    FEWEST_PICTURES,
    judge_familiarity,
    made_pictures,
    measure_familiarity,
)
from lmsfa.familiarity.features import COUNT, KIND, features
from lmsfa.familiarity.judgement import FAR, Likeness, Yardstick, likeness
from lmsfa.familiarity.statistics import Familiarity
from lmsfa.registry import load_engine
from lmsfa.shipped import DEMO_CLIP, PHANTOM_WEIGHTS, WEIGHTS, WEIGHTS_BY_SYSTEM

LARYNX = os.environ.get("LARYNX_DATA", "")


def scribbled(seed: int, side_px: int = 96) -> np.ndarray:
    """A red picture with lines as a pen draws them, unlike any that the program makes."""
    rng = np.random.default_rng(seed)
    rgb = np.empty((side_px, side_px, 3), np.uint8)
    rgb[:] = np.array([200, 90, 70]) * rng.uniform(0.7, 1.2)
    for _ in range(12):
        start, end = rng.integers(0, side_px, (2, 2)).tolist()
        cv2.line(rgb, start, end, (120, 30, 30), int(rng.integers(2, 6)))
    return rgb


@pytest.fixture(scope="module")
def scribbles(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Just enough pictures, of three groups."""
    folder = tmp_path_factory.mktemp("scribbles")
    samples = []
    for number in range(FEWEST_PICTURES):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), cv2.cvtColor(scribbled(number), cv2.COLOR_RGB2BGR))
        samples.append(Sample(path.name, f"pen {number % 3}", path))
    return samples


@pytest.fixture(scope="module")
def familiar(scribbles: list[Sample]) -> Familiarity:
    return measure_familiarity(scribbles)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (7, 5), (480, 640), (4320, 7680)])
def test_pictures_of_every_size_have_finite_features(size: tuple[int, int]) -> None:
    found = features(np.zeros((*size, 3), np.uint8))
    assert (found.shape, found.dtype) == ((COUNT,), np.float32)
    assert np.isfinite(found).all()


def test_a_picture_is_the_same_at_twice_the_size(familiar: Familiarity) -> None:
    small = scribbled(0, 256)
    large = cv2.resize(small, (512, 512), interpolation=cv2.INTER_NEAREST)
    yardstick = Yardstick(familiar)
    assert yardstick.unlikeness(large) == pytest.approx(yardstick.unlikeness(small), abs=0.1)


def test_new_pictures_of_the_same_pen_pass_spoilt_too_and_others_are_told(
    familiar: Familiarity, tmp_path: Path
) -> None:
    samples = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), cv2.cvtColor(scribbled(1000 + number), cv2.COLOR_RGB2BGR))
        samples.append(Sample(path.name, "", path))
    swapped = [scribbled(number)[..., ::-1] for number in range(12)]
    found = judge_familiarity(familiar, samples, [("swapped", swapped)])
    assert found.auroc is not None
    assert found.auroc > 0.99
    assert found.false_alarms < 0.05
    assert found.named > 0.95
    assert [row.name for row in found.others][-1] == "swapped"
    assert sum(row.pictures for row in found.known) == 6 * (1 + 6 * 3)


def test_too_few_pictures_or_one_group_are_refused(scribbles: list[Sample]) -> None:
    with pytest.raises(Exception, match="of 2 groups are needed"):
        measure_familiarity(scribbles[:-1])
    with pytest.raises(Exception, match="of 2 groups are needed"):
        measure_familiarity([replace(entry, group="one") for entry in scribbles])


def test_a_card_keeps_what_was_measured(
    card: ModelCard, familiar: Familiarity, tmp_path: Path
) -> None:
    write_card(replace(card, familiarity=familiar), tmp_path / "card.json")
    read = read_card(tmp_path / "card.json").familiarity
    assert read == familiar
    assert len((tmp_path / "card.json").read_bytes()) < 20_000
    assert Yardstick(read).unlikeness(scribbled(5)) < 1


def test_a_card_of_the_schema_before_says_nothing_of_pictures(
    card: ModelCard, tmp_path: Path
) -> None:
    write_card(card, tmp_path / "old.json")
    fields = json.loads((tmp_path / "old.json").read_text())
    del fields["familiarity"]
    (tmp_path / "old.json").write_text(json.dumps(fields | {"schema_version": 4}))
    read = read_card(tmp_path / "old.json")
    assert read.familiarity is None
    assert Yardstick.of(read.familiarity) is None
    assert likeness(None) is Likeness.LIKE


@pytest.mark.parametrize(
    "change",
    [
        {"bound": 0},
        {"bound": "1"},
        {"count": 3},
        {"count": True},
        {"numbers": "?"},
        {"numbers": 5},
        {"kind": None},
        {"pictures": 0},
        {"other": 1},
    ],
)
def test_spoilt_statistics_are_refused_in_one_line(
    card: ModelCard, familiar: Familiarity, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "card.json"
    write_card(replace(card, familiarity=familiar), path)
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"familiarity": fields["familiarity"] | change}))
    with pytest.raises(CardError, match=r"card\.json") as refused:
        read_card(path)
    assert "\n" not in str(refused.value)


def test_statistics_of_other_features_say_nothing(familiar: Familiarity) -> None:
    assert Yardstick.of(replace(familiar, kind=f"{KIND} and smells")) is None


def test_the_command_refuses_a_folder_without_pictures(
    tmp_path: Path, shapes_dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["familiar", "--data", str(shapes_dataset), "--weights", str(WEIGHTS)]
    assert main([*given, "--others", str(tmp_path)]) == 2
    assert "holds no pictures" in capsys.readouterr().err
    assert main(given) == 2
    assert "are needed to say what they are like" in capsys.readouterr().err


def shipped_yardstick(weights: Path) -> Yardstick:
    yardstick = Yardstick.of(read_card(card_path(weights)).familiarity)
    assert yardstick is not None
    return yardstick


@pytest.fixture(scope="module")
def demo() -> list[np.ndarray]:
    return list(frames_of(DEMO_CLIP, 200))[::20]


@pytest.fixture(scope="module")
def made() -> dict[str, list[np.ndarray]]:
    return {name: list(islice(pictures, 7)) for name, pictures in made_pictures()}


@pytest.mark.parametrize("weights", WEIGHTS_BY_SYSTEM.values(), ids=lambda path: path.stem)
def test_larynx_weights_know_their_demo_and_not_what_the_program_makes(
    weights: Path, demo: list[np.ndarray], made: dict[str, list[np.ndarray]]
) -> None:
    yardstick = shipped_yardstick(weights)
    assert {likeness(yardstick.unlikeness(rgb)) for rgb in demo} == {Likeness.LIKE}
    for name, pictures in made.items():
        away = np.array([yardstick.unlikeness(rgb) for rgb in pictures])
        assert np.mean(away >= FAR) > 0.8, name


def test_the_phantoms_weights_say_nothing() -> None:
    assert read_card(card_path(PHANTOM_WEIGHTS)).familiarity is None


@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_larynx_validation_passes() -> None:
    yardstick = shipped_yardstick(WEIGHTS)
    dataset = open_dataset(Path(LARYNX))
    found = [
        yardstick.unlikeness(cv2.cvtColor(cv2.imread(str(entry.frame_path)), cv2.COLOR_BGR2RGB))
        for entry in dataset.in_split("val")
    ]
    assert max(found) < 1


def test_an_engine_says_how_unlike_each_picture_is(weights: Path, familiar: Familiarity) -> None:
    unknowing = load_engine(weights, "torch-cpu")
    assert unknowing.predict(scribbled(3)).unlikeness is None
    card = read_card(card_path(weights))
    write_card(replace(card, familiarity=familiar), card_path(weights))
    knowing = load_engine(weights, "torch-cpu")
    for rgb in (scribbled(3), scribbled(3)[..., ::-1].copy()):
        expected = Yardstick(familiar).unlikeness(rgb)
        assert knowing.predict(rgb).unlikeness == pytest.approx(expected)
