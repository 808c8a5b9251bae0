"""The weights in the repository are what their card says."""

import os
from pathlib import Path

import pytest

from lmsfa.card import card_path, read_card, sha256_of
from lmsfa.data.opening import open_dataset
from lmsfa.evaluation.answers import load_whole_curve
from lmsfa.evaluation.coco import evaluate

WEIGHTS = Path(__file__).parents[2] / "weights" / "lmsfa-larynx.safetensors"
LARYNX = os.environ.get("LARYNX_DATA", "")


def test_the_list_of_hashes_is_right() -> None:
    listed = (WEIGHTS.parent / "SHA256SUMS").read_text().split()
    assert listed == [sha256_of(WEIGHTS), WEIGHTS.name]
    assert read_card(card_path(WEIGHTS)).sha256 == sha256_of(WEIGHTS)


@pytest.mark.slow
@pytest.mark.skipif(not LARYNX, reason="LARYNX_DATA names no folder with the larynx set")
def test_the_cards_figures_are_found_again_on_the_validation_pictures() -> None:
    said = read_card(card_path(WEIGHTS)).metrics
    dataset = open_dataset(Path(LARYNX))
    engine = load_whole_curve(WEIGHTS)
    found = evaluate(engine, dataset, dataset.in_split("val"))
    # Runtimes round differently; a hundredth is far below what the figures can tell.
    assert found.mask_ap50 == pytest.approx(said["mask_ap50"], abs=0.01)
    assert found.mask_ap == pytest.approx(said["mask_ap"], abs=0.01)
    others = found.without(["pathology"])
    assert others["mask_ap50"] == pytest.approx(said["without_pathology"]["mask_ap50"], abs=0.01)
    assert (found.images, found.instances) == (said["images"], said["instances"])
