"""The weights in the repository are what their card says."""

import os
from pathlib import Path

import pytest

from lmsfa.backends import runtimes_here
from lmsfa.card import card_path, read_card, sha256_of
from lmsfa.data.activities import by_presence
from lmsfa.data.formats.class_names import PELD_CLASSES
from lmsfa.data.opening import open_dataset
from lmsfa.data.phantom.made_set import write_made_set
from lmsfa.evaluation.activity import judge_activities
from lmsfa.evaluation.answers import answers_of, load_whole_curve
from lmsfa.evaluation.coco import evaluate
from lmsfa.evaluation.runtimes import differences
from lmsfa.evaluation.semantic import judge_semantics
from lmsfa.registry import SEMANTIC_SYSTEMS

FOLDER = Path(__file__).parents[2] / "weights"
SHIPPED = sorted(FOLDER.glob("*.safetensors"))
OF_LARYNX = [path for path in SHIPPED if "larynx" in path.stem]
OF_REGIONS = [path for path in OF_LARYNX if read_card(card_path(path)).system in SEMANTIC_SYSTEMS]
OF_INSTANCES = [path for path in OF_LARYNX if path not in OF_REGIONS]
PHANTOM = FOLDER / "lmsfa-phantom.safetensors"
RUNTIME = "openvino-fp32"
"""Named, so that no time goes into the trial of which is the fastest here."""
LARYNX = os.environ.get("LARYNX_DATA", "")


def test_the_list_of_hashes_is_right() -> None:
    listed = (FOLDER / "SHA256SUMS").read_text().splitlines()
    assert listed == [f"{sha256_of(path)}  {path.name}" for path in SHIPPED]
    assert [read_card(card_path(path)).sha256 for path in SHIPPED] == [
        sha256_of(path) for path in SHIPPED
    ]


@pytest.mark.slow
def test_the_phantoms_figures_are_found_again_on_scenes_it_never_saw(tmp_path: Path) -> None:
    # The set that it was trained on began with seed 1000; its last ten scenes are for testing.
    write_made_set(tmp_path / "made", scenes=10, frames=3, seed=1090)
    said = read_card(card_path(PHANTOM)).metrics
    dataset = open_dataset(tmp_path / "made")
    found = evaluate(load_whole_curve(PHANTOM, RUNTIME), dataset, dataset.samples)
    assert found.mask_ap50 == pytest.approx(said["mask_ap50"], abs=0.01)
    assert found.mask_ap == pytest.approx(said["mask_ap"], abs=0.01)
    assert (found.images, found.instances) == (said["images"], said["instances"])


def test_only_the_phantoms_weights_are_synthetic_and_they_know_pelds_structures() -> None:
    cards = {path: read_card(card_path(path)) for path in SHIPPED}
    assert [path for path, card in cards.items() if card.synthetic] == [PHANTOM]
    told = [(spec.name, spec.colour, spec.role) for spec in cards[PHANTOM].classes]
    assert told == [(spec.name, spec.colour, spec.role) for spec in PELD_CLASSES]


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
@pytest.mark.parametrize("weights", OF_INSTANCES, ids=lambda path: path.stem)
def test_the_cards_figures_are_found_again_on_the_validation_pictures(weights: Path) -> None:
    said = read_card(card_path(weights)).metrics
    dataset = open_dataset(Path(LARYNX))
    engine = load_whole_curve(weights, RUNTIME)
    found = evaluate(engine, dataset, dataset.in_split("val"))
    # Runtimes round differently; a hundredth is far below what the figures can tell.
    assert found.mask_ap50 == pytest.approx(said["mask_ap50"], abs=0.01)
    assert found.mask_ap == pytest.approx(said["mask_ap"], abs=0.01)
    others = found.without(["pathology"])
    assert others["mask_ap50"] == pytest.approx(said["without_pathology"]["mask_ap50"], abs=0.01)
    assert (found.images, found.instances) == (said["images"], said["instances"])


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
@pytest.mark.parametrize("weights", OF_REGIONS, ids=lambda path: path.stem)
def test_the_figures_of_regions_are_found_again_on_the_validation_pictures(weights: Path) -> None:
    card, dataset = read_card(card_path(weights)), open_dataset(Path(LARYNX))
    activities = by_presence(dataset, "surgical tool") if card.activities else None
    answers = answers_of(weights, RUNTIME, dataset, dataset.in_split("val"), activities=activities)
    found = judge_semantics(answers.shown(card.class_thresholds, card.same_share))
    assert found.miou == pytest.approx(card.metrics["miou"], abs=0.01)
    assert found.dice == pytest.approx(card.metrics["dice"], abs=0.01)
    if activities:
        told = judge_activities(answers, card.activities)
        # Two of sixty pictures may lie on the edge.
        assert told.accuracy == pytest.approx(card.metrics["activity_accuracy"], abs=0.034)


def test_weights_that_only_demonstrate_their_system_say_so() -> None:
    cards = {path.stem: read_card(card_path(path)) for path in SHIPPED}
    said = {name for name, card in cards.items() if card.demonstration}
    assert said == {"endoarss-larynx"}
    assert "not DINOv2" in cards["endoarss-larynx"].demonstration


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
@pytest.mark.parametrize("weights", OF_INSTANCES, ids=lambda path: path.stem)
def test_runtimes_show_the_same_masks_on_the_validation_pictures(weights: Path) -> None:
    dataset = open_dataset(Path(LARYNX))
    here = runtimes_here(weights, read_card(card_path(weights)))
    asked = [
        name for name in ("openvino-fp32", "onnxruntime-fp32", "openvino-bf16") if name in here
    ]
    # Every third: the neighbours of a picture are much like it.
    for found in differences(weights, asked, dataset, dataset.in_split("val")[::3]):
        exact = found.runtime.endswith("fp32")
        assert found.median_iou >= (0.99 if exact else 0.97)
        assert found.low_iou >= (0.99 if exact else 0.9)
        assert found.matched >= 0.95 * found.instances
