"""Semantic answers become instances: connected regions of classes, and the activity."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lmsfa.backends import make_backend
from lmsfa.backends.agreement import answers_agree, check_frame
from lmsfa.backends.frame_tensors import Sampling, letterbox, tensors_for
from lmsfa.backends.packed import unpacked
from lmsfa.card import ClassSpec, ModelCard, card_path, read_card, write_card
from lmsfa.checkpoint import save_weights
from lmsfa.cli import main
from lmsfa.data.opening import open_dataset
from lmsfa.engine import NetworkEngine, decoded
from lmsfa.evaluation.answers import answers_of
from lmsfa.letterbox import Letterbox
from lmsfa.models.families import FAMILIES
from lmsfa.models.hrmedseg import Hrmedseg, HrmedsegConfig
from lmsfa.models.semantic import SemanticNetwork
from lmsfa.postprocess import Answer
from lmsfa.prediction import Instance
from lmsfa.registry import SEMANTIC_SYSTEMS, EngineError, load_engine
from lmsfa.semantic_answer import MOST_REGIONS, SemanticAnswer

SIDE = 24
SIZE = 4 * SIDE
PLACE = Letterbox.fit(SIZE, SIZE, SIZE)
CLASSES = ("bright square", "dark disc")
CONFIG = HrmedsegConfig(classes=2, width=16, depth=1, features=16)


@pytest.fixture
def semantic_card() -> ModelCard:
    """The card of an untrained network for the two shapes."""
    return ModelCard(
        system="hrmedseg",
        name="untrained",
        classes=tuple(ClassSpec(name, (255, 0, 0)) for name in CLASSES),
        draw_priority=CLASSES,
        input_size_px=SIZE,
        input_multiple_px=16,
        score_threshold=0.4,
        nms_iou=1.0,
        training_domain="nothing",
        architecture=asdict(CONFIG),
    )


@pytest.fixture
def semantic_weights(tmp_path: Path, semantic_card: ModelCard) -> Path:
    """An untrained network whose second class answers the opposite of its first."""
    torch.manual_seed(0)
    network = Hrmedseg(CONFIG)
    with torch.no_grad():
        leave = network.decoder.mlp[-1]
        leave.weight *= 20
        network.decoder.class_queries[1] = -network.decoder.class_queries[0]
    save_weights(network, semantic_card, tmp_path / "semantic.safetensors")
    return tmp_path / "semantic.safetensors"


def _maps() -> np.ndarray:
    """Nothing anywhere, of two classes."""
    return np.zeros((SIDE, SIDE, 2), np.float32)


def _answer(maps: np.ndarray, *activities: float) -> SemanticAnswer:
    rows = np.array([*maps.max((0, 1)), *activities], np.float32)
    size = 4 * len(maps)
    return SemanticAnswer.of(rows[:, None], maps, Letterbox.fit(size, size, size))


def _found(answer: Answer, card: ModelCard) -> tuple[Instance, ...]:
    return decoded(answer, card, PLACE)


def _pixels(instance: Instance) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), bool)
    region = instance.region(SIZE, SIZE)
    mask[region.window] = region.mask
    return mask


def _middles(instance: Instance) -> np.ndarray:
    """The instance's pixels nearest to the middle of each cell, (SIDE, SIDE)."""
    return _pixels(instance)[2::4, 2::4]


def test_every_connected_region_of_a_class_is_an_instance(semantic_card: ModelCard) -> None:
    maps = _maps()
    maps[2:8, 3:10, 0], maps[12:20, 4:9, 0], maps[10:15, 15:22, 1] = 0.9, 0.7, 0.8
    found = _found(_answer(maps), semantic_card)
    assert [entry.class_id for entry in found] == [0, 1, 0]
    assert [entry.score for entry in found] == pytest.approx([0.9, 0.8, 0.7])
    assert found[0].box_xyxy == (12, 8, 40, 32)
    for entry, area in zip(found, (maps[..., 0] == 0.9, None, None), strict=True):
        if area is not None:
            assert np.array_equal(_middles(entry), area)


def test_a_region_inside_the_ring_of_another_stays(semantic_card: ModelCard) -> None:
    maps = _maps()
    maps[2:22, 2:22, 0] = 0.9
    maps[4:20, 4:20, 0] = 0.1
    maps[6:18, 6:18, 0] = 0.8
    ring, inside = _found(_answer(maps), semantic_card)
    assert ring.score == pytest.approx(0.9)
    assert not (_pixels(ring) & _pixels(inside)).any()


@pytest.mark.parametrize(("height", "width"), [(54, 96), (96, 50)])
def test_nothing_is_found_beside_a_frame_that_is_not_square(
    semantic_card: ModelCard, height: int, width: int
) -> None:
    maps, place = _maps(), Letterbox.fit(height, width, SIZE)
    maps[...] = 0.9
    rows = np.array([0.9, 0.9], np.float32)[:, None]
    (found,) = decoded(SemanticAnswer.of(rows, maps, place), semantic_card, place)
    assert found.box_xyxy == (0, 0, width, height)
    left, top, right, bottom = place.edges_px
    maps[top // 4 : -(-bottom // 4), left // 4 : -(-right // 4)] = 0
    beside = SemanticAnswer.of(rows, maps, place)
    assert decoded(beside, semantic_card, place) == ()


def test_a_cell_is_of_the_more_probable_class_alone(semantic_card: ModelCard) -> None:
    maps = _maps()
    maps[4:20, 4:16, 0], maps[4:20, 10:20, 1] = 0.7, 0.9
    left, right = sorted(_found(_answer(maps), semantic_card), key=lambda entry: entry.class_id)
    assert _middles(left)[4:20, 4:10].all()
    assert not _middles(left)[:, 10:].any()
    assert _middles(right)[4:20, 10:20].all()


def test_classes_meet_where_they_are_as_probable(semantic_card: ModelCard) -> None:
    maps = _maps()
    falling = np.linspace(0.95, 0.55, SIDE, dtype=np.float32)
    maps[..., 0], maps[..., 1] = falling, falling[::-1]
    left, right = sorted(_found(_answer(maps), semantic_card), key=lambda entry: entry.class_id)
    assert (_pixels(left) | _pixels(right)).all()
    assert (_pixels(left) & _pixels(right)).any(0).sum() <= 1


def test_an_edge_lies_where_the_probability_is_one_half(semantic_card: ModelCard) -> None:
    maps = _maps()
    # Falls from left to right through one half in the middle between two cells' middles.
    maps[..., 0] = np.clip(0.95 - 0.1 * np.arange(SIDE) / 2, 0, 1)
    (instance,) = _found(_answer(maps), semantic_card)
    pixels = _pixels(instance)
    assert pixels[:, :38].all()
    assert not pixels[:, 42:].any()


def test_specks_are_dropped_and_the_largest_kept(semantic_card: ModelCard) -> None:
    maps = _maps()
    maps[2, 2:5, 0] = 0.9
    assert _found(_answer(maps), semantic_card) == ()
    crowd = np.zeros((64, 64, 2), np.float32)
    for number in range(121):
        row, column = 5 * (number // 11) + 1, 5 * (number % 11) + 1
        height = 2 if number % 2 else 3
        crowd[row : row + height, column : column + 2, 0] = 0.9
    answer = _answer(crowd)
    areas = np.bincount(answer.labels.ravel())[1:]
    assert len(answer.detections) == MOST_REGIONS
    assert set(areas.tolist()) == {6}


def test_nothing_at_one_half_is_no_instance(semantic_card: ModelCard) -> None:
    assert _found(_answer(np.full((SIDE, SIDE, 2), 0.49, np.float32)), semantic_card) == ()


class StillBackend:
    """Answers every frame alike."""

    runtime = "still"
    precision = "fp32"
    device = "test bench"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, _rgb: np.ndarray, _place: Letterbox) -> Answer:
        return self.answer

    def close(self) -> None:
        pass


def test_the_most_probable_activity_is_told_with_its_probability(semantic_card: ModelCard) -> None:
    card = replace(semantic_card, activities=("idle", "cutting", "rinsing"))
    frame = np.zeros((SIZE, SIZE, 3), np.uint8)
    engine = NetworkEngine(card, StillBackend(_answer(_maps(), 0.2, 0.7, 0.1)))
    prediction = engine.predict(frame)
    assert prediction.activity == "cutting"
    assert prediction.activity_score == pytest.approx(0.7)
    silent = NetworkEngine(semantic_card, StillBackend(_answer(_maps()))).predict(frame)
    assert (silent.activity, silent.activity_score) == (None, None)


@pytest.mark.parametrize("broken", ["map", "activity"])
def test_numbers_that_are_not_finite_are_refused(semantic_card: ModelCard, broken: str) -> None:
    maps = _maps()
    if broken == "map":
        maps[5, 5, 1] = np.nan
    activities = (np.nan, 0.5) if broken == "activity" else ()
    with pytest.raises(EngineError, match="not finite"):
        _found(_answer(maps, *activities), semantic_card)


@pytest.mark.parametrize("runtime", ["openvino-fp32", "onnxruntime-fp32", "torch-cpu-bf16"])
def test_a_runtime_answers_as_plain_torch(semantic_weights: Path, runtime: str) -> None:
    card = read_card(card_path(semantic_weights))
    frame = check_frame(SIZE)
    plain, other = (
        make_backend(semantic_weights, card, name, 1) for name in ("torch-cpu", runtime)
    )
    expected = plain(frame, PLACE)
    assert _found(expected, card)
    bound = 0.9999 if other.precision == "fp32" else 0.97
    assert answers_agree(expected, other(frame, PLACE), 2, SIZE) >= bound
    for backend in (plain, other):
        backend.close()


def test_another_networks_answer_does_not_agree(semantic_card: ModelCard) -> None:
    maps = _maps()
    maps[4:16, 4:16, 0] = 0.9
    assert answers_agree(_answer(maps), _answer(maps), 2, SIZE) == 1.0
    assert answers_agree(_answer(maps), _answer(np.roll(maps, 6, 0)), 2, SIZE) < 0.6
    told, other = _answer(maps, 0.9, 0.1), _answer(maps, 0.1, 0.9)
    assert answers_agree(told, other, 2, SIZE) < 0.2
    assert _found(_answer(maps), semantic_card)


def test_a_gpus_way_of_a_frame_finds_the_same(semantic_weights: Path) -> None:
    card = read_card(card_path(semantic_weights))
    frame = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    place = Letterbox.fit(60, 80, SIZE)
    network = make_backend(semantic_weights, card, "torch-cpu", 1)._graph
    sampling = Sampling.of(place, 60, 80, "cpu")
    with torch.inference_mode():
        laid = letterbox(torch.from_numpy(frame), sampling)
        rows, maps = network(laid)
        packed = tensors_for(network, card, "cpu")(torch.from_numpy(frame), sampling)
    plain = SemanticAnswer.of(rows.numpy(), maps.contiguous().numpy(), place)
    answer = unpacked(packed.numpy(), card, place)
    assert answer.is_finite()
    assert answers_agree(plain, answer, 2, SIZE) > 0.999
    expected = decoded(plain, card, place)
    assert [entry.class_id for entry in decoded(answer, card, place)] == [
        entry.class_id for entry in expected
    ]


def test_packed_activities_arrive(semantic_card: ModelCard) -> None:
    card = replace(semantic_card, activities=("idle", "cutting"))
    maps = torch.rand(SIDE, SIDE, 2)
    rows = torch.tensor([0.9, 0.8, 0.25, 0.75])[:, None]
    sampling = Sampling.of(PLACE, SIZE, SIZE, "cpu")
    frame = torch.zeros(SIZE, SIZE, 3, dtype=torch.uint8)
    packed = tensors_for(lambda _canvas: (rows, maps), card, "cpu")(frame, sampling)
    assert unpacked(packed.numpy(), card, PLACE).activities.tolist() == [0.25, 0.75]


def test_an_engine_is_chosen_and_evaluated(semantic_weights: Path, shapes_dataset: Path) -> None:
    dataset = open_dataset(shapes_dataset)
    samples = dataset.in_split("val")[:2]
    answers = answers_of(semantic_weights, "torch-cpu", dataset, samples)
    assert all(frame.answers for frame in answers.frames)
    engine = load_engine(semantic_weights, "openvino-fp32")
    prediction = engine.predict(np.zeros((70, 50, 3), np.uint8), 7, 1.5)
    engine.close()
    assert (prediction.frame_index, prediction.captured_s) == (7, 1.5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"input_multiple_px": 32}, "multiple of 16 px"),
        ({"activities": ("idle", "cutting")}, "tells 0 activities"),
        ({"system": "lmsfa", "input_multiple_px": 32}, "no LMSF-A"),
    ],
)
def test_a_card_that_is_not_its_networks_is_refused_in_one_line(
    semantic_weights: Path, change: dict[str, object], said: str
) -> None:
    card = read_card(card_path(semantic_weights))
    write_card(replace(card, **change), card_path(semantic_weights))
    with pytest.raises(EngineError, match=said) as told:
        load_engine(semantic_weights, "torch-cpu")
    assert "\n" not in str(told.value)


def test_the_table_of_semantic_systems_is_the_families() -> None:
    found = {name for name, entry in FAMILIES.items() if issubclass(entry.network, SemanticNetwork)}
    assert set(SEMANTIC_SYSTEMS) == found


def test_weights_of_another_system_than_asked_for_are_refused(
    semantic_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["--output", str(tmp_path / "x.onnx")]
    given = ["--weights", str(semantic_weights), "--model", "lmsfa"]
    assert main(["export", *given, *output]) == 2
    assert "is of hrmedseg, not of lmsfa" in capsys.readouterr().err
    assert main(["export", "--model", "yolo_baseline", *output]) == 2
    assert "no weights of yolo_baseline" in capsys.readouterr().err
    assert main(["export", "--model", "nobody", *output]) == 2
    assert "model must be one of" in capsys.readouterr().err
    assert main(["export", *output]) == 2
    assert "--weights" in capsys.readouterr().err
