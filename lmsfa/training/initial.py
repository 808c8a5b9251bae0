"""Starting from other weights: what both networks share is taken, what only one knows is not.

A network that is narrower than those weights' takes evenly spaced channels of them (weight
selection, Xu et al. 2024, arXiv:2311.18823): parts that stand one behind another in a tensor all
shrink by the same share, so that the same channels meet again in the next layer. The scale mixer's
projection of 2x2 means is an exception: there four columns are a channel, and they are mixed up.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lmsfa.card import ModelCard
from lmsfa.checkpoint import CheckpointError, load_strictly, read_weights
from lmsfa.models.families import Family, family_of
from lmsfa.models.lmsfa import Lmsfa
from lmsfa.models.network import Network
from lmsfa.training.initial_filters import as_filters


@dataclass(frozen=True, slots=True)
class Start:
    """What was taken.

    Attributes:
        weights: SHA-256 of the weights file.
        domain: what those weights had seen.
        leaks: what its card says of pictures on both sides.
        classes: names of the classes that both know, whose own rows were taken too.
        activities: the same of activities.
    """

    weights: str
    domain: str
    leaks: tuple[str, ...]
    classes: tuple[str, ...]
    activities: tuple[str, ...]


SAME = ("activation", "encoder_width", "encoder_layers", "encoder_heads", "encoder_grid")
"""Fields of a config that may not differ: attention heads are no channels to choose from."""

Pairs = list[tuple[int, int]]
"""Our row and theirs of what both know."""


def start_from(
    network: Network,
    family: Family,
    classes: tuple[str, ...],
    weights: Path,
    activities: tuple[str, ...] = (),
) -> Start:
    """Copies weights into `network`, in place.

    Along axes of classes or activities the rows of those of the same name are taken, the others
    keep their fresh values; along every other axis all channels, or as many evenly spaced ones as
    fit.

    Args:
        network: fresh, of `family`, for `classes`.
        family: its family.
        classes: names in the order of the network's logits.
        weights: a weights file of the same kind of network, as wide or wider, with any classes.
        activities: names in the order of the network's logits.

    Raises:
        CheckpointError: the file cannot be read, or is of another kind, or narrower.
    """
    tensors, card = read_weights(weights)
    ours = network.state_dict()
    if isinstance(network, Lmsfa) and _has_sums(card) and network.config.masks == "filters":
        tensors = as_filters(tensors, network.config.prototypes)
    shared, class_rows = _shared(classes, tuple(spec.name for spec in card.classes))
    told, activity_rows = _shared(activities, card.activities)
    by_classes, by_activities = class_axes(family, network), activity_axes(family, network)
    rows = {
        name: dict.fromkeys(by_classes[name], class_rows)
        | dict.fromkeys(by_activities[name], activity_rows)
        for name in ours
    }
    same_kind = family_of(card.system).network is family.network
    if not same_kind or not _holds(tensors, ours, rows) or not _alike(card, network):
        raise CheckpointError(
            f"{weights}: its network is a {card.system} that cannot be started from; give weights "
            "of the same model or of a larger one, with the same activation and encoder"
        )
    started = {name: _merged(tensor, tensors[name], rows[name]) for name, tensor in ours.items()}
    load_strictly(network, started, weights)
    return Start(card.sha256, card.training_domain, card.leaks, shared, told)


def class_axes(family: Family, network: Network) -> dict[str, tuple[int, ...]]:
    """For every tensor of `network` the axes that run over classes."""
    return _axes_over("classes", family, network)


def activity_axes(family: Family, network: Network) -> dict[str, tuple[int, ...]]:
    """The same over activities; of a network that tells none there are none."""
    if "activities" not in asdict(network.config):
        return dict.fromkeys(network.state_dict(), ())
    return _axes_over("activities", family, network)


def _shared(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[tuple[str, ...], Pairs]:
    """Names that both know, and where."""
    both = tuple(name for name in ours if name in theirs)
    return both, [(ours.index(name), theirs.index(name)) for name in both]


def _axes_over(field: str, family: Family, network: Network) -> dict[str, tuple[int, ...]]:
    shapes = []
    for count in (2, 3):
        with torch.device("meta"):
            other = family.make(replace(network.config, **{field: count}))
        shapes.append({name: tensor.shape for name, tensor in other.state_dict().items()})
    few, more = shapes
    return {
        name: tuple(axis for axis, length in enumerate(shape) if length != more[name][axis])
        for name, shape in few.items()
    }


def _holds(
    theirs: dict[str, Tensor], ours: dict[str, Tensor], rows: dict[str, dict[int, Pairs]]
) -> bool:
    """Whether every one of our tensors finds its channels in theirs."""
    return all(
        name in theirs
        and theirs[name].ndim == tensor.ndim
        and all(
            axis in rows[name] or theirs[name].shape[axis] >= length
            for axis, length in enumerate(tensor.shape)
        )
        for name, tensor in ours.items()
    )


def _alike(card: ModelCard, network: Network) -> bool:
    ours = asdict(network.config)
    return all(
        card.architecture.get(name, ours[name]) == ours[name] for name in SAME if name in ours
    )


def _has_sums(card: ModelCard) -> bool:
    return family_of(card.system).network is Lmsfa and card.architecture.get("masks") == "sum"


def _merged(ours: Tensor, theirs: Tensor, rows: dict[int, Pairs]) -> Tensor:
    to: list[list[int]] = []
    source: list[list[int]] = []
    for axis, length in enumerate(ours.shape):
        if axis in rows:
            to.append([our_row for our_row, _ in rows[axis]])
            source.append([their_row for _, their_row in rows[axis]])
        else:
            to.append(list(range(length)))
            source.append([row * theirs.shape[axis] // length for row in range(length)])
    merged = ours.clone()
    merged.numpy()[np.ix_(*to)] = theirs.numpy()[np.ix_(*source)]
    return merged
