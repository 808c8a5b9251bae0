"""Weights load strictly or not at all, and say why in one line."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lmsfa.backends.graph import load_network
from lmsfa.card import CardError, ClassSpec, ModelCard, card_path, check_hash, read_card, sha256_of
from lmsfa.checkpoint import CheckpointError, write_tensors
from lmsfa.registry import EngineError, load_engine


def _change_card(weights: Path, **changes: object) -> None:
    path = card_path(weights)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _rewrite(weights: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(weights)
    change(tensors)
    save_file(tensors, weights)
    _change_card(weights, sha256=sha256_of(weights))


def _pickle_with_a_fitting_hash(weights: Path) -> None:
    weights.write_bytes(pickle.dumps({"a": [1, 2]}))
    _change_card(weights, sha256=sha256_of(weights))


def _truncate(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:5000])


def _truncate_with_a_fitting_hash(weights: Path) -> None:
    _truncate(weights)
    _change_card(weights, sha256=sha256_of(weights))


def _foreign(weights: Path) -> None:
    save_file({"conv.weight": torch.zeros(3)}, weights)
    _change_card(weights, sha256=sha256_of(weights))


def _more_classes_on_the_card(weights: Path) -> None:
    said = json.loads(card_path(weights).read_text())
    classes = [*said["classes"], {"name": "third", "colour": [1, 2, 3]}]
    _change_card(weights, classes=classes, draw_priority=[c["name"] for c in classes])


def _wrong_shape(weights: Path) -> None:
    _rewrite(weights, lambda tensors: tensors.update({"head.classes.bias": torch.zeros(5)}))


def _missing_tensor(weights: Path) -> None:
    _rewrite(weights, lambda tensors: tensors.pop("tfe.prior.weight"))


SPOILED = [
    (lambda weights: weights.unlink(), "no such weights file"),
    (lambda weights: card_path(weights).unlink(), "no model card"),
    (lambda weights: card_path(weights).write_text("{"), "not a readable JSON"),
    (lambda weights: card_path(weights).write_text("[1]"), "JSON object"),
    (lambda weights: _change_card(weights, schema_version=99), "schema_version"),
    (lambda weights: _change_card(weights, activities="cut"), "activities must be texts"),
    (lambda weights: _change_card(weights, activities=["cut"]), "two or more different names"),
    (lambda weights: _change_card(weights, system="other"), "not known"),
    (lambda weights: _change_card(weights, draw_priority=["nobody"]), "draw_priority"),
    (_truncate, "cut short"),
    (lambda weights: weights.write_bytes(pickle.dumps([1])), "another card"),
    (_truncate_with_a_fitting_hash, "not a readable safetensors"),
    (_pickle_with_a_fitting_hash, "not a readable safetensors"),
    (_foreign, "do not belong together"),
    (_more_classes_on_the_card, "do not belong together"),
    (_wrong_shape, r"head\.classes\.bias"),
    (_missing_tensor, r"tfe\.prior\.weight"),
    (lambda weights: _change_card(weights, architecture={"depth": 3}), "architecture"),
]


def _half_precision(weights: Path) -> None:
    _rewrite(weights, lambda t: t.update({"tfe.prior.weight": t["tfe.prior.weight"].half()}))


def _first_class(**changes: object) -> Callable[[Path], None]:
    def change(weights: Path) -> None:
        first, *others = json.loads(card_path(weights).read_text())["classes"]
        _change_card(weights, classes=[first | changes, *others])

    return change


def _shape(**changes: object) -> Callable[[Path], None]:
    def change(weights: Path) -> None:
        said = json.loads(card_path(weights).read_text())["architecture"]
        _change_card(weights, architecture=said | changes)

    return change


def _card_field(**changes: object) -> Callable[[Path], None]:
    return lambda weights: _change_card(weights, **changes)


WRONG_KINDS = [
    (lambda weights: card_path(weights).write_text("[" * 100_000), "not a readable JSON"),
    (lambda weights: card_path(weights).write_text("9" * 5000), "not a readable JSON"),
    (_half_precision, "float16"),
    (_first_class(colour="red"), "colour"),
    (_first_class(colour=[1.5, 2, 3]), "colour"),
    (_first_class(colour=None), "schema"),
    (_first_class(name=5), "name must be text"),
    (_first_class(role=["structure"]), "role"),
    (_card_field(classes=None), "schema"),
    (_card_field(score_threshold=None), "score_threshold"),
    (_card_field(score_threshold=True), "score_threshold"),
    (_card_field(nms_iou=float("nan")), "nms_iou"),
    (_card_field(input_size_px="320"), "input_size_px"),
    (_card_field(input_size_px=320.0), "input_size_px"),
    (_card_field(input_size_px=3_200_000), "4096"),
    (_card_field(input_multiple_px=0), "input size"),
    (_card_field(input_multiple_px=1, input_size_px=321), "multiple of 32"),
    (_card_field(sha256=None), "sha256"),
    (_card_field(system=["lmsfa"]), "system"),
    (_card_field(training_domain=None), "training_domain"),
    (_card_field(synthetic="no"), "synthetic"),
    (_card_field(architecture=[1]), "architecture"),
    (_shape(widths="abc"), "widths"),
    (_shape(widths=[16, 32]), "widths"),
    (_shape(neck=-64), "neck"),
    (_shape(units=3.5), "units"),
    (_shape(head=10**9), "head"),
    (_shape(widths=[4096] * 5, hidden=[4096] * 4), "do not belong together"),
]


@pytest.mark.parametrize(("spoil", "said"), [*SPOILED, *WRONG_KINDS])
def test_spoiled_weights_are_refused_in_one_line(
    weights: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(weights)
    with pytest.raises(EngineError, match=said) as caught:
        load_engine(weights, "torch-cpu")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path, card: ModelCard) -> None:
    with pytest.raises(CardError, match="cannot be read"):
        check_hash(tmp_path, card)
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_tensors({"a": torch.zeros(1)}, blocked / "a.safetensors")


def test_a_runtime_that_nobody_knows_is_refused(weights: Path) -> None:
    with pytest.raises(EngineError, match="openvino-fp32"):
        load_engine(weights, "abacus")


def test_what_was_saved_is_what_is_loaded(weights: Path) -> None:
    saved = load_file(weights)
    loaded = load_network(weights)[0].state_dict()
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)


def test_a_card_survives_the_disk(weights: Path, card: ModelCard) -> None:
    found = read_card(card_path(weights))
    # JSON knows lists, not tuples.
    assert list(found.architecture["widths"]) == list(card.architecture["widths"])
    assert replace(found, architecture={}, sha256="") == replace(card, architecture={})


def test_the_most_important_class_is_drawn_last(card: ModelCard) -> None:
    assert replace(card, draw_priority=("dark disc", "bright square")).draw_order == (1, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"score_threshold": 1.5},
        {"nms_iou": -0.1},
        {"input_size_px": 100},
        {"classes": ()},
        {"draw_priority": ("bright square",)},
    ],
)
def test_a_card_that_contradicts_itself_is_refused(
    card: ModelCard, changes: dict[str, object]
) -> None:
    with pytest.raises(CardError):
        replace(card, **changes)


@pytest.mark.parametrize("spec", [("a", (1, 2, 300), "structure"), ("a", (1, 2, 3), "hat")])
def test_a_class_with_a_strange_colour_or_role_is_refused(spec: tuple[str, tuple, str]) -> None:
    with pytest.raises(CardError):
        ClassSpec(*spec)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.uint16),
    ],
)
def test_a_picture_that_is_no_frame_is_refused(weights: Path, rgb: np.ndarray) -> None:
    engine = load_engine(weights, "torch-cpu")
    with pytest.raises(EngineError, match="uint8 RGB"):
        engine.predict(rgb)


def test_a_single_pixel_is_answered(weights: Path) -> None:
    engine = load_engine(weights, "torch-cpu", score_threshold=0.0)
    prediction = engine.predict(np.zeros((1, 1, 3), np.uint8), frame_index=4, captured_s=2.5)
    assert (prediction.frame_index, prediction.captured_s) == (4, 2.5)
    assert prediction.model_id == sha256_of(weights)


def test_numbers_that_are_not_finite_are_an_error_not_an_empty_answer(weights: Path) -> None:
    _rewrite(weights, lambda tensors: tensors["head.coefficients.bias"].fill_(float("nan")))
    with pytest.raises(EngineError, match="not finite"):
        load_engine(weights, "torch-cpu")
