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
from lmsfa.models.network import Network


@dataclass(frozen=True, slots=True)
class Start:
    """What was taken.

    Attributes:
        weights: SHA-256 of the weights file.
        domain: what those weights had seen.
        leaks: what its card says of pictures on both sides.
        classes: names of the classes that both know, whose own rows were taken too.
    """

    weights: str
    domain: str
    leaks: tuple[str, ...]
    classes: tuple[str, ...]


def start_from(network: Network, family: Family, classes: tuple[str, ...], weights: Path) -> Start:
    """Copies weights into `network`, in place.

    Along class axes the rows of classes of the same name are taken, the others keep their fresh
    values; along every other axis all channels, or as many evenly spaced ones as fit.

    Args:
        network: fresh, of `family`, for `classes`.
        family: its family.
        classes: names in the order of the network's logits.
        weights: a weights file of the same kind of network, as wide or wider, with any classes.

    Raises:
        CheckpointError: the file cannot be read, or is of another kind, or narrower.
    """
    tensors, card = read_weights(weights)
    theirs = tuple(spec.name for spec in card.classes)
    ours = network.state_dict()
    axes = class_axes(family, network)
    shared = tuple(name for name in classes if name in theirs)
    pairs = [(classes.index(name), theirs.index(name)) for name in shared]
    same_kind = family_of(card.system).network is family.network
    if not same_kind or not _holds(tensors, ours, axes) or not _same_activation(card, network):
        raise CheckpointError(
            f"{weights}: its network is a {card.system} that cannot be started from; give weights "
            "of the same model or of a larger one, with the same activation"
        )
    started = {
        name: _merged(tensor, tensors[name], axes[name], pairs) for name, tensor in ours.items()
    }
    load_strictly(network, started, weights)
    return Start(card.sha256, card.training_domain, card.leaks, shared)


def class_axes(family: Family, network: Network) -> dict[str, tuple[int, ...]]:
    """For every tensor of `network` the axes that run over classes."""
    shapes = []
    for classes in (2, 3):
        with torch.device("meta"):
            other = family.make(replace(network.config, classes=classes))
        shapes.append({name: tensor.shape for name, tensor in other.state_dict().items()})
    few, more = shapes
    return {
        name: tuple(axis for axis, length in enumerate(shape) if length != more[name][axis])
        for name, shape in few.items()
    }


def _holds(
    theirs: dict[str, Tensor], ours: dict[str, Tensor], axes: dict[str, tuple[int, ...]]
) -> bool:
    """Whether every one of our tensors finds its channels in theirs."""
    return all(
        name in theirs
        and theirs[name].ndim == tensor.ndim
        and all(
            axis in axes[name] or theirs[name].shape[axis] >= length
            for axis, length in enumerate(tensor.shape)
        )
        for name, tensor in ours.items()
    )


def _same_activation(card: ModelCard, network: Network) -> bool:
    ours = asdict(network.config).get("activation")
    return bool(card.architecture.get("activation", ours) == ours)


def _merged(
    ours: Tensor, theirs: Tensor, axes: tuple[int, ...], pairs: list[tuple[int, int]]
) -> Tensor:
    to: list[list[int]] = []
    source: list[list[int]] = []
    for axis, length in enumerate(ours.shape):
        if axis in axes:
            to.append([our_row for our_row, _ in pairs])
            source.append([their_row for _, their_row in pairs])
        else:
            to.append(list(range(length)))
            source.append([row * theirs.shape[axis] // length for row in range(length)])
    merged = ours.clone()
    merged.numpy()[np.ix_(*to)] = theirs.numpy()[np.ix_(*source)]
    return merged
