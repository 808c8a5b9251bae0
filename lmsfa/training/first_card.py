"""The card of freshly trained weights, before anyone has judged them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Protocol

from lmsfa.card import ROLES, ClassSpec, ModelCard
from lmsfa.data.activities import Activities
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.splits.record import Splits
from lmsfa.models.families import family_of
from lmsfa.models.network import Network
from lmsfa.models.semantic import SemanticNetwork
from lmsfa.training.recipe import Recipe

INSTANCE_SCORE = 0.4
"""Least score of an instance until thresholds are chosen."""
INSTANCE_OVERLAP = 0.6
REGION_SCORE = 0.5
"""A region's score is the mean probability of its pixels, which all reach one half: all show."""
REGION_OVERLAP = 1.0
"""A region may lie inside the ring of another, and is not it: none is left out."""
DERIVED = (
    "The activity is derived from the labels of a class: a demonstration of a system that tells "
    "activities."
)
STAND_IN = "Stand-in encoder with random start, not DINOv2: a demonstration of the system."
PARTS = {
    "start": "",
    "teacher": "taught by ",
    "features": "features of ",
    "encoder": "encoder of ",
}
"""The part that weights had in a training -> as the card says it."""
ENCODER_BY = "encoder: DINOv2, Oquab et al., arXiv:2304.07193, Apache-2.0"
"""Its weights lie in the same file."""
PRETRAINED = "Only its encoder has learned yet: what it outlines means nothing."


class Source(Protocol):
    """Weights that had a part in a training."""

    @property
    def weights(self) -> str:
        """SHA-256 of their file."""

    @property
    def domain(self) -> str:
        """What they had seen."""

    @property
    def leaks(self) -> tuple[str, ...]:
        """What their card says of pictures on both sides."""


def first_card(
    network: Network,
    recipe: Recipe,
    dataset: AnnotatedSet,
    splits: Splits,
    *,
    command: str,
    sources: Mapping[str, Source],
    activities: Activities | None,
    shows_only: Iterable[str] = (),
) -> ModelCard:
    """What is known of weights by how they were trained.

    Args:
        network: whose weights.
        recipe: how it was trained.
        dataset: on what.
        splits: what the set was split by.
        command: the command line that started the training.
        sources: weights that had a part in it, by a key of `PARTS`.
        activities: what the network tells of whole pictures.
        shows_only: why the weights only show how such a system works, a sentence each.
    """
    semantic = isinstance(network, SemanticNetwork)
    inherited = [leak for source in sources.values() for leak in source.leaks]
    # Structures lowest, what must not be missed above them, and nothing hides an instrument.
    upwards = sorted(dataset.classes, key=lambda entry: ROLES.index(entry.role))
    return ModelCard(
        system=recipe.model,
        name=f"{family_of(recipe.model).title} {dataset.name}",
        classes=tuple(ClassSpec(entry.name, entry.colour, entry.role) for entry in dataset.classes),
        draw_priority=tuple(entry.name for entry in upwards),
        input_size_px=recipe.size_px,
        input_multiple_px=network.input_multiple_px,
        score_threshold=REGION_SCORE if semantic else INSTANCE_SCORE,
        nms_iou=REGION_OVERLAP if semantic else INSTANCE_OVERLAP,
        training_domain=dataset.name,
        synthetic=dataset.synthetic,
        activities=activities.names if activities else (),
        demonstration=" ".join(shows_only),
        started_from="; ".join(
            f"{PARTS[part]}{source.domain}, {source.weights}" for part, source in sources.items()
        ),
        grouped_by=splits.grouped_by,
        leaks=tuple(dict.fromkeys((*splits.leaks, *inherited))),
        architecture=asdict(network.config),
        metrics={},
        licence=dataset.licence,
        attribution="; ".join(
            (dataset.attribution, *([ENCODER_BY] if "encoder" in sources else []))
        ),
        command=command,
    )
