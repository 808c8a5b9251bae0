"""What is too weak to be shown is answered beside what is shown, for whoever follows instances."""

from pathlib import Path

import numpy as np

from lmsfa.engine import CANDIDATE_SHARE
from lmsfa.registry import load_engine


def test_candidates_are_the_next_weaker_instances_and_the_card_keeps_its_thresholds(
    weights: Path,
) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (80, 120, 3)).astype(np.uint8)
    everything = load_engine(weights, "torch-cpu", score_threshold=0.0, threads=1).predict(rgb)
    scores = [instance.score for instance in everything.instances]
    least = float(np.median(scores))
    engine = load_engine(weights, "torch-cpu", score_threshold=least, threads=1)
    answer = engine.predict(rgb)
    assert engine.card.class_thresholds == (least, least)
    assert answer.instances
    assert answer.candidates
    assert min(instance.score for instance in answer.instances) >= least
    between = [instance.score for instance in answer.candidates]
    assert least > between[0] == max(between)
    assert min(between) >= CANDIDATE_SHARE * least
    lower = load_engine(weights, "torch-cpu", score_threshold=CANDIDATE_SHARE * least, threads=1)
    found = [instance.score for instance in lower.predict(rgb).instances]
    assert found == [instance.score for instance in (*answer.instances, *answer.candidates)]
